# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 60
#
# The sandbox: how tight it is, and which spec key causes each directive that a drop-in loosens.

exposure() {
	systemd-analyze security --no-pager "vm@$1" | sed -n 's/.*level for .*: \([0-9.]*\) .*/\1/p'
}

at_most() {
	awk -v is="$1" -v most="$2" 'BEGIN {exit !(is != "" && is <= most)}' || fail "exposure $1"
}

mini plain "nics: {lan: br-test}"
systemctl start vm@plain
at_most "$(exposure plain)" 1.0
verified=$(systemd-analyze verify vm@plain.service vms.target 2>&1 || true)
assert_eq "$verified" ""
systemctl stop vm@plain

# loosens SPEC-LINES: what the drop-in opens, "key directive=value" a line
loosens() {
	spec loose
	local conf=/run/systemd/generator/vm@loose.service.d/10-vmlet.conf
	# Each such directive stands under the comment that names its key.
	awk -F"'" '/^# because of/ {key = $2; next}
		/^(ExecStart|ExecStartPre|Restart)/ {key = ""}
		key != "" {print key " " $0}' "$conf" | sort
}
kvm="accel BindPaths=-/dev/kvm
accel DeviceAllow=/dev/kvm rw"
tcg="accel MemoryDenyWriteExecute=no"
taps="nics DeviceAllow=/dev/net/tun rw
nics DeviceAllow=/dev/vhost-net rw"
assert_eq "$(loosens <<<"accel: kvm")" "$kvm"
assert_eq "$(loosens <<<"accel: tcg")" "$tcg"
assert_eq "$(loosens <<<"accel: auto")" "$(sort <<<"$kvm
$tcg")"
assert_eq "$(printf 'accel: tcg\nnics: {a: br0}\n' | loosens)" "$tcg
$taps"
assert_eq "$(printf 'accel: tcg\ndisks: {a: 1GiB, b: {cdrom: /x.iso}}\nboot: {kernel: /k}\ncloud-init: {user-data: x}\n' | loosens)" "$tcg"
assert_eq "$(printf 'accel: tcg\ndisks: {a: {path: /a, format: raw, read-only: yes}, b: {size: 1GiB, encrypt: k}}\n' | loosens)" "$tcg
disks.a BindReadOnlyPaths=\"/a\"
disks.b LoadCredential=disk-b:k"
assert_eq "$(printf 'accel: tcg\ndisks: {a: {device: /dev/vg/a, format: raw}}\n' | loosens)" "$tcg
disks.*.device SupplementaryGroups=disk
disks.a BindPaths=\"/dev/vg/a\"
disks.a DeviceAllow=\"/dev/vg/a\" rw"
assert_eq "$(printf 'accel: tcg\ndisks: {a: {uri: "nbd://host/a", format: raw}, b: {uri: "nbd+unix:///?socket=/run/b", format: raw}}\n' | loosens)" "$tcg
disks.*.uri IPAddressDeny=
disks.*.uri PrivateNetwork=no
disks.*.uri RestrictAddressFamilies=AF_INET AF_INET6
disks.b BindPaths=\"/run/b\""

# Nothing else in the drop-in is a directive of the sandbox.
spec loose <<<"accel: tcg"
allowed="Description SourcePath Restart RestartSec TimeoutStartSec WatchdogSec User StateDirectory LoadCredential MemoryDenyWriteExecute ExecStart"
sed -n 's/^\([A-Z][A-Za-z]*\)=.*/\1/p' /run/systemd/generator/vm@loose.service.d/10-vmlet.conf |
	while read -r directive; do
		[[ " $allowed " == *" $directive "* ]] || fail "unexpected $directive="
	done

# Without /dev/kvm the start says so, and does not fall back.
spec slow <<<"restart: no"
mv /dev/kvm /dev/kvm.away 2>/dev/null || true
assert_fails systemctl start vm@slow 2>/dev/null
status=$(why slow)
[[ ! -e /dev/kvm.away ]] || mv /dev/kvm.away /dev/kvm
assert_contains "$status" "there is no /dev/kvm"
assert_contains "$status" "set 'accel: tcg'"
