# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# needs: kvm
# timeout: 60
#
# The same under real KVM, which QEMU reaches through the group kvm and one device node.

image guest-mini
spec fast <<EOF
cpus: {count: 1, model: qemu64}
memory: 64MiB
disks: {root: {image: guest-mini}}
nics: {lan: br-test}
EOF
systemctl start vm@fast
wait_serial fast ": up" 30
pid=$(main_pid fast)
readlink /proc/"$pid"/fd/* | grep -q '^anon_inode:kvm-vm$' || fail "QEMU does not use KVM"
assert_contains "$(ip -o link show master br-test)" vm-fast_lan

# Nothing in the sandbox is loosened but what KVM and the tap need.
exposure=$(systemd-analyze security --no-pager vm@fast | sed -n 's/.*level for .*: \([0-9.]*\) .*/\1/p')
awk -v exposure="$exposure" 'BEGIN {exit !(exposure <= 0.5)}' || fail "exposure $exposure"
assert_eq "$(unit_prop vm@fast MemoryDenyWriteExecute)" yes

systemctl stop vm@fast
wait_serial fast "guest-mini: power button" 1
assert_eq "$(unit_prop vm@fast Result)" success
assert_eq "$(state fast)" inactive
assert_fails test -e /sys/class/net/vm-fast_lan
test -e /var/lib/vmlet/vm/fast/root.qcow2
