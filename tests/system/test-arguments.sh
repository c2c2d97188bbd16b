# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 60
#
# Whatever a value holds, systemd passes exactly those bytes as one argument, and no directive comes
# out of it.

spec quote <<'EOF'
description: "50% off; $HOME \\ 'x' \"y\""
accel: tcg
boot:
  kernel: /srv/a b,c%d$e.img
  cmdline: "a=\"1 2\" b='3' c=$HOME d=${PATH} e=%n f=\\n g=\\ ; h=# é \\"
qemu-args: ["-name", "", " ", "%%", "$$", "\\x41", ";", "-x", "\"", "'", "a\\"]
unit: {X-Note: "100%% \\ sure"}
EOF
assert_eq "$(unit_prop vm@quote Description)" "50% off; \$HOME \\ 'x' \"y\""

# systemd's own parser says what it will run; vmlet says what it meant.
busctl --json=short get-property org.freedesktop.systemd1 \
	/org/freedesktop/systemd1/unit/vm_40quote_2eservice \
	org.freedesktop.systemd1.Service ExecStart >/tmp/exec.json
vmlet show quote --argv >/tmp/argv
python3 - <<'EOF'
import json, sys
commands = json.load(open("/tmp/exec.json"))["data"]
assert len(commands) == 1, commands
argv = commands[0][1]
# systemd shows arguments before it expands variables: "$$" is then one dollar (systemd.service(5)).
argv = [word.replace("$$", "$") for word in argv]
meant = open("/tmp/argv").read().split("\n")[:-1]
assert argv[:3] == ["/usr/libexec/vmlet/vmlet-run", "quote", "--"], argv
assert argv[3:] == meant, [(a, b) for a, b in zip(argv[3:], meant) if a != b]
for value in ["", " ", "%%", "$$", "\\x41", ";", "-x", '"', "'", "a\\", "/srv/a b,c%d$e.img",
              "a=\"1 2\" b='3' c=$HOME d=${PATH} e=%n f=\\n g=\\ ; h=# é \\"]:
    assert value in argv, value
EOF

# The same for many values that are hostile at random, and for the directives of their units: those of a
# VM without any.
mini innocent
cat >/tmp/hostile.py <<'EOF2'
import json, pathlib, random, subprocess, sys
COUNT = 100
PIECES = ["%", "%%", "%n", "%i", "$", "$$", "${HOME}", "$HOME", "'", '"', "\\", "\\\\", "\\n", "\\x41", "\\s", "\n",
          ";", " ; ", "#", "-", "@", "+", "!", ":", "|", "=", ",", ",,", " ", "  ", "[Service]", "ExecStartPre=/bin/sh",
          "ExecStart=", "*", "?", "~", "{", "}", "é", "😀", "\u00a0", "a", "web", "/", "..", "0", "\t", "\x07", "\u2028"]
chooser = random.Random(252)
def value(forbidden=""):
    text = "".join(chooser.choice(PIECES) for _ in range(chooser.randint(0, 12)))
    return "".join(c for c in text if c not in forbidden + "\n\t\x07\u2028")
specs = []
for i in range(COUNT):
    parts = [c for c in (value("/").strip(".") for _ in range(3)) if c]
    specs.append({"accel": "tcg", "description": value(), "boot": {"kernel": "/" + "/".join(["k"] + parts),
                  "cmdline": value()}, "qemu-args": [value() for _ in range(5)]})
if sys.argv[1] == "write":
    # JSON is YAML.
    for i, spec in enumerate(specs):
        pathlib.Path(f"/etc/vmlet/h{i}.yaml").write_text(json.dumps(spec, ensure_ascii=False))
    # What cannot stand on a line is refused instead.
    for i, text in enumerate(["\n", "\t", "\x07", "\u2028", "a\nExecStartPre=/bin/sh"]):
        pathlib.Path(f"/etc/vmlet/r{i}.yaml").write_text(json.dumps({"qemu-args": [text]}))
    sys.exit()
def bus(name, *properties):
    output = subprocess.run(["busctl", "--json=short", "get-property", "org.freedesktop.systemd1",
                             f"/org/freedesktop/systemd1/unit/vm_40{name}_2eservice", *properties],
                            capture_output=True, text=True, check=True).stdout
    return [json.loads(line)["data"] for line in output.splitlines()]
SERVICE = ("org.freedesktop.systemd1.Service", "ExecStartPre", "ExecStartPost", "ExecStop", "ExecStopPost",
           "Environment", "EnvironmentFiles", "Type", "PassEnvironment", "BindPaths", "DeviceAllow")
innocent = [[command[:2] for command in data] if name.startswith("Exec") else data
            for name, data in zip(SERVICE[1:], bus("innocent", *SERVICE))]
for i, spec in enumerate(specs):
    name = f"h{i}"
    (commands,) = bus(name, "org.freedesktop.systemd1.Service", "ExecStart")
    assert len(commands) == 1, (name, commands)
    argv = commands[0][1]
    # Variables are expanded later: what stays is a dollar that stands twice.
    for word in argv:
        assert "$" not in word.replace("$$", ""), (name, word)
    argv = [word.replace("$$", "$") for word in argv]
    args = spec["qemu-args"]
    assert argv[len(argv) - len(args):] == args, (name, argv[len(argv) - len(args):], args)
    assert argv[argv.index("-kernel") + 1] == spec["boot"]["kernel"], (name, argv)
    assert argv[argv.index("-append") + 1] == spec["boot"]["cmdline"], (name, argv)
    (description, source) = bus(name, "org.freedesktop.systemd1.Unit", "Description", "SourcePath")
    # systemd strips blanks around any value, and an empty one unsets.
    meant = spec["description"].strip(" ")
    assert description == meant or not meant, (name, description, meant)
    assert source == f"/etc/vmlet/{name}.yaml", source
    found = [[command[:2] for command in data] if key.startswith("Exec") else data
             for key, data in zip(SERVICE[1:], bus(name, *SERVICE))]
    ours = json.dumps(innocent).replace("innocent", name)
    assert json.dumps(found) == ours, (name, found, ours)
for i in range(5):
    (commands,) = bus(f"r{i}", "org.freedesktop.systemd1.Service", "ExecStart")
    assert commands[0][1] == ["/usr/bin/vmlet", "check", "--start", f"r{i}"], commands
EOF2
python3 /tmp/hostile.py write
systemctl daemon-reload
python3 /tmp/hostile.py compare
assert_eq "$(journal -p warning _PID=1 | grep -E 'vm@h[0-9]+|vmlet' || true)" ""
