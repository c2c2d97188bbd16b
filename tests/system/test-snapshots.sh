# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 240
#
# Snapshots of all disks at one instant, of VMs that run and that do not; of the whole machine, too.

linux snap vmlet.sh "disks: {a: 8MiB, b: {size: 8MiB, bus: scsi}}"

# write TEXT: to both disks; read_both: what is on them.
write() {
	guest snap "for d in vda sda; do echo $1-\$d | dd of=/dev/\$d conv=sync,fsync bs=512 2>/dev/null; done"
}
read_both() {
	guest snap 'for d in vda sda; do dd if=/dev/$d bs=512 count=1 iflag=direct 2>/dev/null | tr -d "\000"; done' | tr '\n' ' '
}
clean() {
	local disk
	for disk in a b; do qemu-img check -q -f qcow2 "/var/lib/vmlet/vm/snap/$disk.qcow2" || fail "$disk is damaged"; done
}

# Before the first start there is nothing.
failing "disk a is not there yet" vmlet snapshot create snap none

systemctl start vm@snap
write one
out=$(vmlet snapshot create snap first 2>&1)
assert_contains "$out" "has no agent"
write two
vmlet snapshot create snap machine --memory
guest snap 'echo kept >/tmpfile'
write three
assert_eq "$(vmlet snapshot list snap --json | jq -c '[.[] | [.name, .memory > 0, .complete]]')" '[["first",false,true],["machine",true,true]]'
failing "there is a snapshot first" vmlet snapshot create snap first
failing "is no name for a snapshot" vmlet snapshot create snap 7
failing "is no name for a snapshot" vmlet snapshot create snap a/b
failing "its disks only" vmlet snapshot revert snap first
failing "there is no snapshot nope" vmlet snapshot revert snap nope

# The machine goes on from where it was: its memory is of then, as its disks are.
vmlet snapshot revert snap machine
assert_eq "$(guest snap 'ls /tmpfile 2>&1 || true')" "ls: /tmpfile: No such file or directory"
assert_eq "$(read_both)" "two-vda two-sda "
systemctl stop vm@snap
clean

# A stopped one, and its disks.
vmlet snapshot create snap third
vmlet snapshot revert snap first
systemctl start vm@snap
assert_eq "$(read_both)" "one-vda one-sda "
systemctl stop vm@snap
vmlet snapshot revert snap third
clean
systemctl start vm@snap
assert_eq "$(read_both)" "two-vda two-sda "
vmlet snapshot delete snap machine
vmlet snapshot delete snap first
assert_eq "$(vmlet snapshot list snap | tail -n +2 | cut -d' ' -f1)" third
systemctl stop vm@snap
vmlet snapshot delete snap third
failing "there is no snapshot third" vmlet snapshot delete snap third
clean

# Nothing is left of the unit that works on the disks, nor are they another's.
assert_eq "$(systemctl list-units --all --no-legend 'vm-storage-*')" ""
assert_eq "$(systemctl show -p Result --value vm@snap)" success

# A kill of whoever works, at any time: the disks are the one or the other, and whole.
for ms in 20 60 100 150; do
	systemctl start vm@snap
	write before
	systemctl stop vm@snap
	vmlet snapshot create snap kill
	systemctl start vm@snap
	write after
	systemctl stop vm@snap
	vmlet snapshot revert snap kill >/dev/null 2>&1 &
	sleep "0.$(printf %03d "$ms")"
	systemctl kill --signal=KILL vm-storage-snap 2>/dev/null || true
	wait $! || true
	systemctl start vm@snap
	both=$(read_both)
	[[ $both == "before-vda before-sda " || $both == "after-vda after-sda " ]] || fail "half a revert after $ms ms: $both"
	systemctl stop vm@snap
	clean
	vmlet snapshot delete snap kill
done
