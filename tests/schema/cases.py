# SPDX-License-Identifier: LGPL-2.1-or-later
"""Specs by hand: for each key values that are good and bad, for each rule specs that keep and break it.

A value is YAML as a user writes it. A key's CONTEXT is what a spec needs besides for the key to be
alone in question, with VALUE where the value goes.
"""

NAMES = (["a", "web", "web-2", "x1", "a" * 48, '"no"', "no", "on", "yes"],
         ["Web", "1a", "-a", "a_b", "a.b", "../x", "a/b", "''", "a" * 49, "7", "true", "[a]", "{a: b}",
          "~", '"a\\n"', "'true '", "é", "a b"])
PARTS = (["a", "x1", "a" * 20], ["A", "1", "a" * 21, "a_b", "''"])
BOOLS = (["yes", "no", "on", "off", "true", "False", "TRUE", '"yes"', "'off'"],
         ["maybe", "Yes", "y", "1", "0", '"true"', "tRue", "[yes]", "~", "''"])
LINES = (["a", "Front-end server", "2024", "1.5", "true", "'100% \"x\" \\ $HOME'", "''", "é ü 😀", "-1",
          "0x1F", "' a '", "yes", "'#x'"],
         ['"a\\nb"', '"a\\tb"', '"\\x07"', '"a\\u0085"', '"\\u2028"', '"\\uFFFE"', '"\\uFDD0"', "~", "[a]",
          "{a: b}", '"\\U0010FFFF"', '"a\\n"', '"\\x7f"'])
TEXTS = (["a", '"#cloud-config\\n"', '"a\\tb\\n"', "5", "true", "''", '"\\x07"'], ["~", "[a]", "{a: b}"])
PATHS = (["/a", "/srv/iso/debian.iso", "'/a,b c/d%e'", "/a/.b", "/a/..b", "/a...", "/é"],
         ["a", "./a", "/a/../b", "/a/./b", "/a//b", "/", "/a/", "''", "/..", '"/a\\nb"', "~", "5", "[/a]",
          "/" + "a" * 1023])
INTERFACES = (["br0", "lan", "a.b", "a-b", "a" * 15, "'0'", "_x", "x;y", "a+b", "no"],
              ["''", "a" * 16, "a/b", "a:b", '"a b"', ".", "..", "-a", "'a,b'", "'a%b'", "100", "1.5", "true",
               "~", '"a\\""', "é", "'a''b'", "a*b", "'*'", '"a\\n"'])
COUNT_WORDS = ["'1'", "01", "+1", "-1", "1.5", "1.0", "0x1", "1e0", "one", "''", "~", "[1]", "true"]
SPANS = (["0", "5", "90s", "1min 30s", "1min30s", "1.5h", "250ms", "infinity", "2 hours 1 minute", "3w",
          "'5'", "99999999999999999999", "5µs", "1d 2h 3min 4s"],
         ["soon", "-5", "5x", "1.5", "1 2", "05", "1min 05s", "5 fortnights", "''", "~", "[5s]", "true", "5.s",
          "'5s '", "' 5s'", "1min 30", "0x5", "1e3", '"5s\\n"'])
POSITIVE_SPANS = ([v for v in SPANS[0] if v != "0"] + ["0.0000001s"], SPANS[1] + ["0", "0s", "0min 0s", "'0'"])
SETTINGS = (["{}", "{CPUWeight: 200}", "{MemoryHigh: 3G, Nice: -5}", "{Environment: [A=1, B=2]}", "{Delegate: yes}",
             "{X-Note: 'a b'}", "{After: []}", "{TasksAccounting: true}", "{ExecStartPre: ''}"],
            ["{cpuWeight: 1}", "{'A=B': 1}", "{Nice: {a: b}}", "{X: \"a\\nb\"}", "{X: 'a\\'}", "{X: ~}", "{X: [~]}",
             "{X: [[a]]}", "[A]", "a", "~", "{1A: b}", "{'[Service]': x}", "{X: [\"a\\n\"]}"])


def choices(*words):
    return (list(words), [words[0] + "x", "''", "~", "5", "true", f"[{words[0]}]", words[-1].upper()])


def sizes(low, high, below, above):
    return ([low, high, "512MiB", "20GiB", "1G", "1024M", "3T"],
            [below, above, "1", "1024", "010M", "1 G", "1g", "1GB", "1.5G", "-1G", "''", "~", "[1G]", "0",
             "0GiB", "99999999999999999999T", '"1G\\n"'])


RATES = (["1kbit", "10Mbit", "999999Gbit", "100Mbit"],
         ["0kbit", "01Mbit", "10", "10mbit", "10MBit", "1000000kbit", "1.5Mbit", "10 Mbit", "''", "~", "[1Mbit]",
          "-1Mbit", '"1Mbit\\n"'])
MTUS = (["68", "1500", "9000", "65535"], COUNT_WORDS + ["0", "67", "65536"])
ADDRESSES = (["10.0.0.1", "0.0.0.0", "255.255.255.255", "192.168.100.254"],
             ["10.0.0", "10.0.0.256", "10.0.0.01", "10.0.0.1/24", "fd00::1", "''", "~", "5", "[10.0.0.1]", "a",
              '"10.0.0.1\\n"', "10.0.0.1.2", " '10.0.0.1 '"])
SUBNETS = (["10.1.0.1/24", "172.16.0.1/12", "10.0.0.1/32", "10.0.0.1/31", "fd00:1::1/64", '"fd00:1::1/64"', "1:2:3:4:5:6:7:8/128",
            '"::1/128"', "fe80::1/10", "A:b::C:0/64", "1:2:3:4:5:6:7::/127", "1::8/1", "1::3:4:5:6:7:8/99",
            "1:2:3::5:6:7:8/119"],
           ["10.1.0.1", "10.1.0.1/33", "10.1.0.1/0", "10.1.0.1/024", "10.1.0.1/", "fd00::1", "fd00::1/129", "fd00::1/0",
            "1::2::3/64", "1:2:3:4:5:6:7:8:9/64", "12345::1/64", '":::/64"', "g::1/64", "1:2:3:4:5:6:7/64", "'::ffff:10.0.0.1/64'",
            "''", "~", "5", "a/24", "10.1.0.1/24/8", '"10.1.0.1/24\\n"', "10.1.0.1 /24", "1:2:3:4:5:6:7::8/64"])
PORTS = (["tcp/1", "udp/65535", "tcp/8080", "tcp/9999", "tcp/10000", "tcp/60000", "udp/65499", "tcp/65529"],
         ["tcp/0", "tcp/65536", "tcp", "8080", "sctp/5", "tcp/08", "TCP/80", "tcp/80/1", "''", "tcp/99999", "'tcp/80 '"])
VLANS = (["1", "4094", "20-29", "'10'", "5-5", "999", "1000-4089"],
         ["0", "4095", "20-", "-5", "1-4095", "0-5", "a", "''", "~", "1.5", "01", "1-02", "10 - 20", "{a: 1}", "true"])


MEMORY = sizes("1MiB", "16TiB", "1023KiB", "17TiB")
DISK = sizes("1024K", "64TiB", "1023K", "65T")

# path: (context, (good, bad))
KEYS = {
    "kind": ("kind: VALUE", (["vm"], ["vms", "~", "VM", "[vm]", "5", "pod"])),
    "name": ("name: VALUE", NAMES),
    "description": ("description: VALUE",
                    (LINES[0] + ["x" * 1024, "é" * 1024], LINES[1] + ["x" * 1025])),
    "autostart": ("autostart: VALUE", BOOLS),
    "profiles": ("profiles: VALUE", (["[]"], ["a", "{a: b}", "[[a]]", "[A]", "~", "[~]", "[1]",
                                              "[" + ", ".join(["a"] * 17) + "]"])),
    "depends-on": ("depends-on: VALUE", (["[]"], ["a", "{a: b}", "[[a]]", "[A]", "~", "[~]", "[true]",
                                                  "[" + ", ".join(["a"] * 33) + "]"])),
    "cpus": ("cpus: VALUE", (["1", "255", "{}", "{count: 2}"], COUNT_WORDS + ["0", "256", "{cnt: 1}"])),
    "cpus.count": ("cpus: {count: VALUE}", (["1", "2", "255"], COUNT_WORDS + ["0", "256"])),
    "cpus.model": ("cpus: {model: VALUE}",
                   (["host", "'qemu64,+ssse3'", "EPYC-v4", "'max,hv_time=on'", "x" * 1024, "'486'"],
                    ["''", "-x", '"a b"', "486", "~", "[a]", "a;b", "x" * 1025, "true", "é", '"a\\n"'])),
    "cpus.topology": ("cpus: {count: 1, topology: VALUE}",
                      (["{sockets: 1, cores: 1, threads: 1}"],
                       ["{}", "{sockets: 1}", "{sockets: 1, cores: 1}", "1", "[1]", "~",
                        "{sockets: 1, cores: 1, threads: 1, dies: 1}"])),
    "cpus.topology.sockets": ("cpus: {count: 2, topology: {sockets: VALUE, cores: 1, threads: 1}}",
                              (["2"], COUNT_WORDS + ["0", "256"])),
    "cpus.topology.cores": ("cpus: {count: 2, topology: {sockets: 1, cores: VALUE, threads: 1}}",
                            (["2"], COUNT_WORDS + ["0", "256"])),
    "cpus.topology.threads": ("cpus: {count: 2, topology: {sockets: 1, cores: 1, threads: VALUE}}",
                              (["2"], COUNT_WORDS + ["0", "256"])),
    "memory": ("memory: VALUE", MEMORY),
    "machine": ("machine: VALUE", choices("q35", "pc", "microvm")),
    "accel": ("accel: VALUE", choices("kvm", "tcg", "auto")),
    "disks": ("disks: VALUE",
              (["{}", "{a: 1GiB}", "{" + ", ".join(f"d{i}: 1GiB" for i in range(16)) + "}"]
               + [f"{{{n}: 1GiB}}" for n in PARTS[0]],
               ["[]", "a", "~", "{a: }", "{a: 1}", "{a: [1GiB]}", "{a: {sise: 1GiB}}", "{a: {}}",
                "{" + ", ".join(f"d{i}: 1GiB" for i in range(17)) + "}"]
               + [f"{{{n}: 1GiB}}" for n in PARTS[1]])),
    "disks.*.size": ("disks: {a: {size: VALUE}}", DISK),
    "disks.*.image": ("disks: {a: {image: VALUE}}", NAMES),
    "disks.*.format": ("disks: {a: {size: 1GiB, format: VALUE}}", choices("qcow2", "raw")),
    "disks.*.cdrom": ("disks: {a: {cdrom: VALUE}}", PATHS),
    "disks.*.read-only": ("disks: {a: {size: 1GiB, read-only: VALUE}}", BOOLS),
    "disks.*.serial": ("disks: {a: {size: 1GiB, serial: VALUE}}", (PARTS[0], PARTS[1] + ["~", "[a]", "true"])),
    "disks.*.cache": ("disks: {a: {size: 1GiB, cache: VALUE}}",
                      choices("writeback", "none", "writethrough", "directsync", "unsafe")),
    "disks.*.discard": ("disks: {a: {size: 1GiB, discard: VALUE}}", choices("unmap", "ignore")),
    "nics": ("nics: VALUE",
             (["{}", "{a: br0}", "{" + ", ".join(f"n{i}: br0" for i in range(8)) + "}"]
              + [f"{{{n}: br0}}" for n in PARTS[0]],
              ["[]", "a", "~", "{a: }", "{a: {}}", "{a: [br0]}", "{a: {brigde: br0}}",
               "{" + ", ".join(f"n{i}: br0" for i in range(9)) + "}"] + [f"{{{n}: br0}}" for n in PARTS[1]])),
    "nics.*.network": ("nics: {a: {network: VALUE}}", ([], NAMES[1])),
    "nics.*.bridge": ("nics: {a: {bridge: VALUE}}", INTERFACES),
    "nics.*.mac": ("nics: {a: {bridge: br0, mac: VALUE}}",
                   (["52:54:00:12:34:56", "52-54-00-AB-cd-56", "'02:00:00:00:00:01'", "52:54-00:12:34:56"],
                    ["53:54:00:12:34:56", "00:00:00:00:00:00", "52:54:00:12:34", "525400123456", "''", "~", "x",
                     "52:54:00:12:34:5g", "[52]", "52:54:00:12:34:56:78", '"52:54:00:12:34:56\\n"'])),
    "nics.*.macvtap": ("nics: {a: {macvtap: VALUE}}", (INTERFACES[0] + ["{link: eth0}"],
                       INTERFACES[1] + ["{}", "{mode: vepa}", "[a]", "{link: eth0, mod: vepa}"])),
    "nics.*.macvtap.link": ("nics: {a: {macvtap: {link: VALUE}}}", INTERFACES),
    "nics.*.macvtap.mode": ("nics: {a: {macvtap: {link: eth0, mode: VALUE}}}",
                            choices("bridge", "vepa", "private", "passthru")),
    "nics.*.user": ("nics: {a: {user: VALUE}}", (["{}", "{forwards: {tcp/80: 80}}"], ["yes", "~", "[]", "a", "{forward: {}}"])),
    "nics.*.user.backend": ("nics: {a: {user: {backend: VALUE}}}", choices("qemu", "passt")),
    "nics.*.user.forwards": ("nics: {a: {user: {forwards: VALUE}}}",
                             (["{}"] + [f"{{{p}: 80}}" for p in PORTS[0]] + ["{tcp/1: 1, udp/1: 65535}"],
                              ["[]", "80", "~", "{tcp/80: 0}", "{tcp/80: 65536}", "{tcp/80: web}", "{tcp/80: '80'}", "{tcp/80: ~}",
                               "{tcp/80: [80]}", "{" + ", ".join(f"tcp/{i}: 1" for i in range(1, 66)) + "}"]
                              + [f"{{{p}: 80}}" for p in PORTS[1]])),
    "nics.*.address": ("nics: {a: {network: lan, address: VALUE}}", ([], ADDRESSES[1])),
    "nics.*.mtu": ("nics: {a: {bridge: br0, mtu: VALUE}}", MTUS),
    "nics.*.queues": ("nics: {a: {bridge: br0, queues: VALUE}}", (["1", "8"], COUNT_WORDS + ["0", "9"])),
    "nics.*.vhost": ("nics: {a: {bridge: br0, vhost: VALUE}}", choices("auto", "yes", "no")),
    "nics.*.vlan": ("nics: {a: {bridge: br0, vlan: VALUE}}", (["1", "4094"], COUNT_WORDS + ["0", "4095"])),
    "nics.*.trunk": ("nics: {a: {bridge: br0, trunk: VALUE}}",
                     (["[]", "[1, 20-29]", "[" + ", ".join(["5"] * 64) + "]"] + VLANS[0] + [f"[{v}]" for v in VLANS[0]],
                      ["[[1]]", "[" + ", ".join(["5"] * 65) + "]"] + VLANS[1] + [f"[{v}]" for v in VLANS[1] if v not in ("''",)])),
    "nics.*.rate": ("nics: {a: {bridge: br0, rate: VALUE}}", (["{}", "{inbound: 1Mbit}"], ["1Mbit", "~", "[]", "{in: 1Mbit}"])),
    "nics.*.rate.inbound": ("nics: {a: {bridge: br0, rate: {inbound: VALUE}}}", RATES),
    "nics.*.rate.outbound": ("nics: {a: {bridge: br0, rate: {outbound: VALUE}}}", RATES),
    "nics.*.mac-filter": ("nics: {a: {bridge: br0, mac-filter: VALUE}}", choices("auto", "yes", "no")),
    "nics.*.ip-filter": ("nics: {a: {bridge: br0, ip-filter: VALUE}}", choices("auto", "yes", "no")),
    "nics.*.link": ("nics: {a: {bridge: br0, link: VALUE}}", choices("up", "down")),
    "nics.*.model": ("nics: {a: {bridge: br0, model: VALUE}}", choices("virtio", "e1000", "e1000e")),
    "boot": ("boot: VALUE", (["{}", "{kernel: /k}"], ["[]", "a", "~", "{disk: a}"])),
    "boot.order": ("disks: {a: 1GiB}\nnics: {b: br0}\nboot: {order: VALUE}",
                   (["[]", "[a]", "[b, a]"], ["a", "{a: b}", "~", "[[a]]", "[A]", "[~]", "[1]",
                                              "[" + ", ".join(["a"] * 25) + "]"])),
    "boot.kernel": ("boot: {kernel: VALUE}", PATHS),
    "boot.initrd": ("boot: {kernel: /k, initrd: VALUE}", PATHS),
    "boot.cmdline": ("boot: {kernel: /k, cmdline: VALUE}",
                     (LINES[0] + ["x" * 2047], LINES[1] + ["x" * 2048])),
    "cloud-init": ("cloud-init: VALUE", (["{}", "{user-data: x}"], ["[]", "a", "~", "{userdata: x}"])),
    "cloud-init.user-data": ("cloud-init: {user-data: VALUE}", TEXTS),
    "cloud-init.meta-data": ("cloud-init: {meta-data: VALUE}", TEXTS),
    "cloud-init.network-config": ("cloud-init: {network-config: VALUE}", TEXTS),
    "cloud-init.vendor-data": ("cloud-init: {vendor-data: VALUE}", TEXTS),
    "console": ("console: VALUE", (["{}", "{serial: no}"], ["yes", "[]", "~", "{vnc: yes}"])),
    "console.serial": ("console: {serial: VALUE}", BOOLS),
    "restart": ("restart: VALUE", choices("no", "on-success", "on-failure", "on-abnormal", "on-watchdog",
                                          "on-abort", "always")),
    "restart-delay": ("restart-delay: VALUE", SPANS),
    "stop-timeout": ("stop-timeout: VALUE", POSITIVE_SPANS),
    "service": ("service: VALUE", SETTINGS),
    "unit": ("unit: VALUE", SETTINGS),
    "qemu-args": ("qemu-args: VALUE",
                  (["[]", "[-device, pvpanic-pci]", "[-m, 512]", "['', \"a\\\\b\", true]"]
                   + [f"[{v}]" for v in LINES[0]], ["a", "{a: b}", "~"] + [f"[{v}]" for v in LINES[1]])),
}

NETWORK_KEYS = {
    "kind": ("kind: VALUE\nname: a\nbridge: br0", (["network"], ["networks"])),
    "name": ("kind: network\nbridge: br0\nname: VALUE", NAMES),
    "description": ("kind: network\nbridge: br0\ndescription: VALUE", LINES),
    "bridge": ("kind: network\nbridge: VALUE", INTERFACES),
    "uplink": ("kind: network\nbridge: br9\nuplink: VALUE", INTERFACES),
    "allow-default-uplink": ("kind: network\nbridge: br0\nuplink: eth0\nallow-default-uplink: VALUE", BOOLS),
    "mtu": ("kind: network\nbridge: br0\nmtu: VALUE", MTUS),
    "stp": ("kind: network\nbridge: br0\nstp: VALUE", BOOLS),
    "forward-delay": ("kind: network\nbridge: br0\nstp: yes\nforward-delay: VALUE",
                      (["2", "4s", "30s", "2500ms"], SPANS[1] + ["0"])),
    "ageing": ("kind: network\nbridge: br0\nageing: VALUE", SPANS),
    "vlan-filtering": ("kind: network\nbridge: br0\nvlan-filtering: VALUE", BOOLS),
    "multicast-snooping": ("kind: network\nbridge: br0\nmulticast-snooping: VALUE", BOOLS),
    "addresses": ("kind: network\nbridge: br0\naddresses: VALUE",
                  (["[]", "[10.1.0.1/24, 10.2.0.1/24, 'fd00::1/64']"] + [f"[{v}]" for v in SUBNETS[0]] + SUBNETS[0],
                   ["{a: b}", "[[10.1.0.1/24]]", "[" + ", ".join(f"10.{i}.0.1/24" for i in range(17)) + "]"]
                   + SUBNETS[1] + [f"[{v}]" for v in SUBNETS[1] if v != "''"])),
    "nat": ("kind: network\nbridge: br0\naddresses: 10.1.0.1/24\nnat: VALUE", BOOLS),
    "ports": ("name: web\nnics: {a: {network: lan, address: 10.1.0.2}}\n---\nkind: network\nname: lan\nbridge: br0\n"
              "addresses: 10.1.0.1/24\nnat: yes\ndhcp: yes\nports: VALUE",
              (["{}", "{tcp/80: web:80, udp/80: web:65535}"] + [f"{{{p}: web:80}}" for p in PORTS[0]],
               ["[]", "a", "~", "{tcp/80: 80}", "{tcp/80: web}", "{tcp/80: web:0}", "{tcp/80: web:65536}", "{tcp/80: Web:80}",
                "{tcp/80: ':80'}", "{tcp/80: ~}", "{tcp/80: [web:80]}", "{tcp/80: web:080}"]
               + [f"{{{p}: web:80}}" for p in PORTS[1]])),
    "dhcp": ("kind: network\nbridge: br0\naddresses: 10.1.0.1/24\ndhcp: VALUE", BOOLS),
    "dhcp-range": ("kind: network\nbridge: br0\naddresses: 10.1.0.1/24\ndhcp: yes\ndhcp-range: VALUE",
                   (["10.1.0.100-10.1.0.199", "10.1.0.5-10.1.0.5"],
                    ["10.1.0.100", "10.1.0.100-", "10.1.0.100-256.0.0.1", "''", "~", "fd00::1-fd00::2", "[10.1.0.2, 10.1.0.3]",
                     "10.1.0.100 - 10.1.0.199", "10.1.0.010-10.1.0.20", "a-b", "10.1.0.1-10.1.0.2-10.1.0.3"])),
    "dhcp-lease": ("kind: network\nbridge: br0\naddresses: 10.1.0.1/24\ndhcp: yes\ndhcp-lease: VALUE",
                   (["2min", "1h", "infinity", "120"], SPANS[1] + ["0"])),
    "dns": ("kind: network\nbridge: br0\naddresses: 10.1.0.1/24\ndns: VALUE", BOOLS),
    "isolated": ("kind: network\nbridge: br0\nisolated: VALUE", BOOLS),
    "isolate-ports": ("kind: network\nbridge: br0\nisolate-ports: VALUE", BOOLS),
}

IMAGE_KEYS = {
    "kind": ("kind: VALUE\nname: a\npath: /a", (["image"], ["images"])),
    "name": ("kind: image\npath: /a\nname: VALUE", NAMES),
    "description": ("kind: image\npath: /a\ndescription: VALUE", LINES),
    "path": ("kind: image\npath: VALUE", PATHS),
}

# Whole specs: (good or bad, text)
WHOLE = [
    (True, "{}"), (False, "[]"), (False, "a"), (False, "~"), (False, ""), (False, "5"),
    (False, "memroy: 1GiB"), (False, "Memory: 1GiB"), (True, '{"memory": "1GiB", "cpus": 2}'),
    (False, "kind: network"), (False, "kind: image"), (True, "kind: profile"),
    (False, "kind: network\nbridge: br0\nmemory: 1GiB"), (False, "kind: vm\nbridge: br0"),
    # profiles may leave things out, and may not be wrong
    (True, "kind: profile\ndisks: {a: {cache: none}}"), (True, "kind: profile\nboot: {initrd: /i}"),
    (True, "kind: profile\nnics: {a: {model: e1000}}"), (False, "kind: profile\nmemroy: 1GiB"),
    (True, "kind: profile\ncpus: {topology: {sockets: 1}}"), (False, "kind: profile\nmemory: 5"),
    # composition in one file
    (True, "profiles: [p]\ndisks: {a: {cache: none}}\n---\nkind: profile\nname: p\ndisks: {a: 1GiB}"),
    (True, "profiles: [p, q]\n---\nkind: profile\nname: p\n---\nkind: profile\nname: q\nprofiles: [p]"),
    (True, "profiles: [p]\ncpus: {model: max}\n---\nkind: profile\nname: p\ncpus: 4"),
    (True, "nics: {a: {network: lan}}\n---\nkind: network\nname: lan\nbridge: br0"),
    (True, "nics: {a: {network: lan, mac: 52:54:00:00:00:01}}\n---\nkind: network\nname: lan\nbridge: br0"),
    (True, "depends-on: [db]\n---\nname: db"), (True, "disks: {a: {image: i}}\n---\nkind: image\nname: i\npath: /i"),
    # rules
    (False, "disks: {a: {read-only: yes}}"), (False, "disks: {a: {cdrom: /a, size: 1GiB}}"),
    (False, "disks: {a: {cdrom: /a, image: b}}"), (True, "disks: {a: {size: 1GiB, image: b}}"),
    (False, "machine: microvm\ndisks: {a: {cdrom: /a}}"), (True, "machine: microvm\ndisks: {a: 1GiB}"),
    (True, "machine: pc\ndisks: {a: {cdrom: /a}}"), (False, "disks: {b: 1GiB, a: {image: i, format: raw}}"),
    (True, "disks: {a: {image: i, format: qcow2}}"), (True, "disks: {a: {size: 1GiB, format: raw}}"),
    (False, "nics: {a: {model: e1000}}"), (False, "nics: {a: {bridge: br0, network: lan}}"),
    (False, "machine: microvm\nnics: {a: {bridge: br0, model: e1000}}"),
    (True, "machine: microvm\nnics: {a: {bridge: br0, model: virtio}}"), (True, "machine: microvm\nnics: {a: br0}"),
    (False, "boot: {initrd: /i}"), (False, "boot: {cmdline: quiet}"), (True, "boot: {kernel: /k, initrd: /i}"),
    (False, "disks: {a: 1GiB}\nboot: {order: [a], kernel: /k}"),
    (False, "accel: tcg\ncpus: {model: host}"), (False, "accel: tcg\ncpus: {model: 'host,-vmx'}"),
    (True, "accel: kvm\ncpus: {model: host}"), (True, "accel: tcg\ncpus: {model: max}"), (True, "accel: tcg\ncpus: 2"),
    (False, "nics: {a: {bridge: br0, user: {}}}"), (False, "nics: {a: {bridge: br0, macvtap: eth0}}"),
    (False, "nics: {a: {macvtap: eth0, user: {}}}"), (False, "nics: {a: {network: lan, user: {}}}"),
    (False, "nics: {a: {network: lan, macvtap: eth0}}"), (True, "nics: {a: {user: {}}}"), (True, "nics: {a: {macvtap: eth0}}"),
    (False, "nics: {a: {user: {}, vlan: 5}}"), (False, "nics: {a: {macvtap: eth0, trunk: 5}}"),
    (False, "nics: {a: {macvtap: eth0, mac-filter: yes}}"), (False, "nics: {a: {user: {}, ip-filter: no}}"),
    (True, "nics: {a: {user: {}, ip-filter: auto}}"), (False, "nics: {a: {bridge: br0, address: 10.0.0.5}}"),
    (False, "nics: {a: {user: {}, queues: 2}}"), (False, "nics: {a: {user: {}, vhost: yes}}"), (True, "nics: {a: {user: {}, vhost: auto}}"),
    (False, "nics: {a: {user: {}, rate: {inbound: 1Mbit}}}"), (True, "nics: {a: {macvtap: eth0, rate: {inbound: 1Mbit}, queues: 2}}"),
    (False, "nics: {a: {bridge: br0, model: e1000, queues: 2}}"), (False, "nics: {a: {bridge: br0, model: e1000, vhost: no}}"),
    (False, "nics: {a: {bridge: br0, model: e1000e, mtu: 1400}}"), (True, "nics: {a: {bridge: br0, model: virtio, mtu: 1400}}"),
    (True, "nics: {a: {bridge: br0, vlan: 5, trunk: [6, 8-9]}}"),
    (False, "kind: network\nbridge: br0\nisolated: yes\nuplink: eth0"), (True, "kind: network\nbridge: br0\nisolated: no\nuplink: eth0"),
    (False, "kind: network\nbridge: br0\nisolated: on\naddresses: 10.1.0.1/24"), (False, "kind: network\nbridge: br0\nnat: true"),
    (False, "kind: network\nbridge: br0\ndhcp: yes"), (False, "kind: network\nbridge: br0\ndns: yes"),
    (True, "kind: network\nbridge: br0\nnat: no\ndhcp: off\ndns: false"),
    (False, "kind: network\nbridge: br0\naddresses: 10.1.0.1/24\nnat: yes\nuplink: eth0"),
    (False, "kind: network\nbridge: br0\naddresses: 10.1.0.1/24\ndhcp: yes\nuplink: eth0"),
    (True, "kind: network\nbridge: br0\naddresses: 10.1.0.1/24\ndns: yes\nuplink: eth0"),
    (False, "kind: network\nbridge: br0\nports: {tcp/80: web:80}"), (False, "kind: network\nbridge: br0\ndhcp-range: 10.0.0.1-10.0.0.2"),
    (False, "kind: network\nbridge: br0\ndhcp-lease: 1h"), (False, "kind: network\nbridge: br0\nforward-delay: 4s"),
    (False, "kind: network\nbridge: br0\nallow-default-uplink: yes"), (True, "kind: network\nbridge: br0\nallow-default-uplink: no"),
    # YAML that specs do without
    (False, "memory: &a 1GiB"), (False, "memory: *a"), (False, "cpus: {<<: {count: 2}}"), (False, "memory: !x 1GiB"),
    (False, "memory: 1GiB\nmemory: 1GiB"), (False, "? [a]\n: b"), (True, "memory: !!str 1GiB"), (False, "memory: \"open"),
    (False, "\tmemory: 1GiB"), (True, "\ufeffmemory: 1GiB"), (True, "memory: 1GiB\r\ncpus: 2\r\n"),
    (False, "memory: !!binary 1GiB"), (True, "# only a comment\nname: a\n"), (True, "%YAML 1.2\n---\nmemory: 1GiB\n"),
]

# What no schema of one document can say, by code: (code, text). The schema accepts these.
BEYOND = [
    ("no-name", "memory: 1GiB\n---\nmemory: 1GiB"), ("not-unique", "name: a\n---\nname: a"),
    ("not-unique", "kind: network\nname: a\nbridge: br0\n---\nkind: network\nname: b\nbridge: br0"),
    ("not-unique", "nics: {a: {bridge: b, mac: 52:54:00:00:00:01}, c: {bridge: b, mac: 52:54:00:00:00:01}}"),
    ("no-network", "nics: {a: {network: lan}}"), ("no-vm", "depends-on: [db]"), ("no-profile", "profiles: [p]"),
    ("profile-cycle", "profiles: [p]\n---\nkind: profile\nname: p\nprofiles: [p]"),
    ("dependency-cycle", "name: a\ndepends-on: [b]\n---\nname: b\ndepends-on: [a]"),
    ("dependency-cycle", "name: a\ndepends-on: [a]"),
    ("topology-count", "cpus: {count: 3, topology: {sockets: 1, cores: 2, threads: 1}}"),
    ("part-name", "disks: {a: 1GiB}\nnics: {a: br0}"), ("unknown-part", "disks: {a: 1GiB}\nboot: {order: [b]}"),
    ("duplicate-part", "disks: {a: 1GiB}\nboot: {order: [a, a]}"),
    ("trunk-vlan", "nics: {a: {bridge: br0, vlan: 25, trunk: [10, 20-29]}}"),
    ("not-host-address", "kind: network\nbridge: br0\naddresses: 10.1.0.0/24"),
    ("not-host-address", "kind: network\nbridge: br0\naddresses: 10.1.0.255/24"),
    ("subnet-overlap", "kind: network\nbridge: br0\naddresses: [10.1.0.1/24, 10.1.0.2/16]"),
    ("needs-ipv4", "kind: network\nbridge: br0\naddresses: 'fd00::1/64'\ndhcp: yes"),
    ("needs-ipv4", "kind: network\nbridge: br0\naddresses: 10.1.0.1/31\ndhcp: yes"),
    ("outside-subnet", "kind: network\nbridge: br0\naddresses: 10.1.0.1/24\ndhcp: yes\ndhcp-range: 10.1.0.100-10.1.1.5"),
    ("outside-subnet", "nics: {a: {network: lan, address: 10.2.0.5}}\n---\nkind: network\nname: lan\nbridge: br0\n"
     "addresses: 10.1.0.1/24\ndhcp: yes"),
    ("uplink-bridge", "kind: network\nbridge: br0\nuplink: br0"),
    ("needs-vlan-filtering", "nics: {a: {network: lan, vlan: 5}}\n---\nkind: network\nname: lan\nbridge: br0"),
    ("subnet-overlap", "kind: network\nname: a\nbridge: br0\naddresses: 10.1.0.1/24\n---\nkind: network\nname: b\nbridge: br1\naddresses: 10.1.0.9/16"),
    ("not-unique", "nics: {a: {network: lan, address: 10.1.0.5}, b: {network: lan, address: 10.1.0.5}}\n---\nkind: network\nname: lan\n"
     "bridge: br0\naddresses: 10.1.0.1/24\ndhcp: yes"),
    ("qemu-args-long", "qemu-args: [" + ", ".join(["x" * 1000] * 140) + "]"),
    ("disk-empty", "profiles: [p]\ndisks: {a: {cache: none}}\n---\nkind: profile\nname: p"),
    ("nic-unattached", "profiles: [p]\nnics: {a: {model: e1000}}\n---\nkind: profile\nname: p"),
    ("needs-kernel", "profiles: [p]\nboot: {initrd: /i}\n---\nkind: profile\nname: p"),
    ("cdrom-size", "profiles: [p]\ndisks: {a: {cdrom: /a}}\n---\nkind: profile\nname: p\ndisks: {a: 1GiB}"),
]
