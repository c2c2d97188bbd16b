# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 240
#
# What a spec may change while the guest runs, as the guest sees it, without a reboot.

NO_RELOAD=1
export NO_RELOAD
NO_RELOAD=1 network lan "addresses: 10.1.0.1/24"
# now LINE...: the spec of the guest, with these lines of its own.
now() {
	linux web "" "state: running" "$@"
}
now "disks: {data: {size: 64MiB}}" "nics: {lan: {network: lan}}"
vmlet apply --all >/dev/null
wait_serial web "guest-linux: up"
pid=$(main_pid web)
boot=$(guest web "cat /proc/sys/kernel/random/boot_id")

# change TEXT LINE...: applies a spec with these lines, which is done while the guest runs, as apply says.
change() {
	local out expected=$1
	shift
	now "$@"
	out=$(vmlet apply web 2>&1) || fail "apply failed: $out"
	assert_eq "$out" "web: changed while it runs: $expected"
	vmlet diff --exit-code web
	assert_eq "$(main_pid web)" "$pid"
}

# Disks: one that grows, one that comes, one that goes.
change disks.data.size "disks: {data: {size: 96MiB}}" "nics: {lan: {network: lan}}"
assert_eq "$(guest web "cat /sys/block/vda/size")" $((96 * 2048))
change disks.more "disks: {data: {size: 96MiB}, more: {size: 32MiB}}" "nics: {lan: {network: lan}}"
eventually 10 eval '[[ $(guest web "cat /sys/block/vdb/size") == '$((32 * 2048))' ]]'
guest web "echo kept | dd of=/dev/vdb bs=512 conv=fsync 2>/dev/null"
change disks.more "disks: {data: {size: 96MiB}}" "nics: {lan: {network: lan}}"
eventually 10 eval '! guest web "test -e /sys/block/vdb"'
change disks.more "disks: {data: {size: 96MiB}, more: {size: 32MiB}}" "nics: {lan: {network: lan}}"
eventually 10 guest web "test -e /sys/block/vdb"
assert_eq "$(guest web "head -c 4 /dev/vdb")" kept

# The medium of a drive.
for name in one two; do head -c 2048 <(printf '%s' "$name"; cat /dev/zero) >"/srv/$name.iso"; done
nics="nics: {lan: {network: lan}}"
two="data: {size: 96MiB}, more: {size: 32MiB}"
now "disks: {$two, cd: {cdrom: {}, bus: scsi}}" "$nics"
assert_contains "$(vmlet diff web)" "disks.cd: new"
vmlet apply web >/dev/null
systemctl restart vm@web
pid=$(main_pid web)
boot=$(guest web "cat /proc/sys/kernel/random/boot_id")
change disks.cd.cdrom.path "disks: {$two, cd: {cdrom: {path: /srv/one.iso}, bus: scsi}}" "$nics"
eventually 20 eval '[[ $(guest web "head -c 3 /dev/sr0") == one ]]'
change disks.cd.cdrom.path "disks: {$two, cd: {cdrom: {path: /srv/two.iso}, bus: scsi}}" "$nics"
eventually 20 eval '[[ $(guest web "head -c 3 /dev/sr0") == two ]]'
change disks.cd.cdrom.path "disks: {$two, cd: {cdrom: {}, bus: scsi}}" "$nics"
rm /srv/one.iso /srv/two.iso
now "disks: {$two}" "$nics"
vmlet apply web >/dev/null

# Interfaces: the cable, the rate, one that comes, one that goes.
disks="disks: {data: {size: 96MiB}, more: {size: 32MiB}}"
change nics.lan.link "$disks" "nics: {lan: {network: lan, link: down}}"
eventually 10 eval '[[ $(guest web "cat /sys/class/net/eth0/carrier") == 0 ]]'
change nics.lan.link "$disks" "nics: {lan: {network: lan}}"
eventually 10 eval '[[ $(guest web "cat /sys/class/net/eth0/carrier") == 1 ]]'
change nics.lan.rate.inbound "$disks" "nics: {lan: {network: lan, rate: {inbound: 8Mbit}}}"
assert_contains "$(tc qdisc show dev vm-web_lan)" "rate 8Mbit"
change nics.lan.rate.inbound "$disks" "nics: {lan: {network: lan}}"
assert_not_contains "$(tc qdisc show dev vm-web_lan)" "rate 8Mbit"
change nics.back "$disks" "nics: {lan: {network: lan}, back: {network: lan, address: 10.1.0.7, mac-filter: yes}}"
eventually 10 guest web "test -e /sys/class/net/eth1"
guest web "ip link set eth1 up; ip address add 10.1.0.7/24 dev eth1"
eventually 10 ping -q -c 1 -W 1 10.1.0.7
assert_contains "$(ip -o link show master br-lan)" vm-web_back
assert_contains "$(nft list map bridge vmlet taps)" vm-web_back
change nics.back "$disks" "nics: {lan: {network: lan}}"
eventually 10 eval '! guest web "test -e /sys/class/net/eth1"'
eventually 10 eval '! ip link show vm-web_back'

# Several at once, of which one must wait.
now "$disks" "cpus: 2" "description: All at once" "nics: {lan: {network: lan, link: down}}"
assert_eq "$(vmlet apply web)" \
	"web: changed while it runs: description, nics.lan.link; 1 change waits until it is restarted"
eventually 10 eval '[[ $(guest web "cat /sys/class/net/eth0/carrier") == 0 ]]'
assert_eq "$(vmlet diff web | grep --count "^  [a-z]")" 1

# What cannot be done to this machine waits, and says why.
now "disks: {data: {size: 96MiB}, more: {size: 32MiB}, slow: {size: 16MiB, bus: sata}}" "nics: {lan: {network: lan, link: down}}"
assert_contains "$(vmlet diff web)" "not while it runs: bus sata takes nothing while the guest runs"
vmlet apply web >/dev/null
assert_eq "$(main_pid web)" "$pid"
assert_eq "$(guest web "cat /proc/sys/kernel/random/boot_id")" "$boot"

# A change of the network itself reaches those that are on it.
guest web "true"
NO_RELOAD=1 network lan "addresses: 10.2.0.1/24"
assert_contains "$(vmlet apply --all)" "vm-network@lan.service: restarted"
assert_contains "$(ip -o address show br-lan)" 10.2.0.1/24
assert_not_contains "$(vmlet apply --all)" "vm-network@lan.service"
assert_contains "$(ip -o link show master br-lan)" vm-web_lan
systemctl restart vm@web
vmlet diff --exit-code web
