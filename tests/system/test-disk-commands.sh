# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 240
#
# vmlet disk on VMs that run and that do not; what the guest sees is what counts.

# ours DISKS...: the spec of the VM.
ours() {
	linux ours vmlet.sh "disks:" "$@"
}
sectors() {
	guest ours "cat /sys/block/$1/size"
}
state=/var/lib/vmlet/vm/ours
cd_drive='  cd: {cdrom: {}, bus: scsi}'

ours "  a: 8MiB" "  s: {size: 4MiB, bus: scsi}" "$cd_drive"
assert_eq "$(vmlet disk list ours --json | jq -r '.[] | .name + " " + .state' | tr '\n' ',')" "a new,s new,cd there,"
systemctl start vm@ours
assert_eq "$(vmlet disk list ours --json | jq -r '.[] | .name + " " + .state + " " + (.size | tostring)' | tr '\n' ',')" \
	"a attached 8388608,s attached 4194304,cd attached null,"
assert_contains "$(vmlet disk list ours)" "8 MiB"
assert_eq "$(vmlet disk info ours a | jq -r '.drv, .file')" "qcow2
$state/a.qcow2"
failing "it has: a, s, cd" vmlet disk info ours nope

# It grows while the guest runs; the spec says how much, and resize edits nothing.
failing "write 'size: 16MiB' at /etc/vmlet/ours.yaml:" vmlet disk resize ours a 16MiB
assert_eq "$(sectors vda)" 16384
ours "  a: 16MiB" "  s: {size: 4MiB, bus: scsi}" "$cd_drive" "  more: 8MiB" "  moss: {size: 8MiB, bus: scsi}"
vmlet disk resize ours a 16MiB
eventually 10 bash -c "[[ \$(qemu-img info -U --output=json $state/a.qcow2 | jq '.\"virtual-size\"') == 16777216 ]]"
assert_eq "$(sectors vda)" 32768
ours "  a: 8MiB" "  s: {size: 4MiB, bus: scsi}" "$cd_drive" "  more: 8MiB" "  moss: {size: 8MiB, bus: scsi}"
failing "is never made smaller" vmlet disk resize ours a
ours "  a: 16MiB" "  s: {size: 4MiB, bus: scsi}" "$cd_drive" "  more: 8MiB" "  moss: {size: 8MiB, bus: scsi}"

# Disks come and go.
assert_contains "$(vmlet disk list ours)" "not attached"
vmlet disk attach ours more
vmlet disk attach ours moss
failing "is attached" vmlet disk attach ours more
eventually 20 guest ours 'test -b /dev/vdb'
eventually 20 guest ours 'test -b /dev/sdb'
guest ours 'for d in vdb sdb; do echo "on-$d" | dd of=/dev/$d conv=sync,fsync bs=512 2>/dev/null; done'
vmlet disk detach ours more
vmlet disk detach ours moss
assert_fails guest ours 'test -b /dev/vdb'
assert_eq "$(qemu-img check -q "$state/more.qcow2" && qemu-img dd -f qcow2 -O raw bs=512 count=1 "if=$state/more.qcow2" of=/var/tmp/more.raw && tr -d '\000' </var/tmp/more.raw)" on-vdb
vmlet disk attach ours more
eventually 20 guest ours 'test -b /dev/vdb'
assert_eq "$(guest ours 'dd if=/dev/vdb bs=512 count=1 2>/dev/null | tr -d "\000"')" on-vdb

# CDs: the file need not be QEMU's to read.
mkdir -p /root/iso
echo first >/root/iso/first
xorriso -as mkisofs -quiet -volid FIRST -output /root/first.iso /root/iso
echo second >/root/iso/second
xorriso -as mkisofs -quiet -volid SECOND -output /root/second.iso /root/iso
chmod 0600 /root/*.iso
label() {
	guest ours 'dd if=/dev/sr0 bs=2048 skip=16 count=1 2>/dev/null | dd bs=1 skip=40 count=6 2>/dev/null'
}
vmlet disk insert ours cd /root/first.iso
eventually 20 bash -c "vmlet disk list ours >/dev/null"
assert_contains "$(label)" FIRST
vmlet disk insert ours cd /root/second.iso
assert_contains "$(label)" SECOND
vmlet disk eject ours cd
assert_fails guest ours 'dd if=/dev/sr0 of=/dev/null bs=2048 count=1 2>/dev/null'
vmlet disk eject ours cd
failing "is not a CD-ROM drive" vmlet disk eject ours a
failing "No such file" vmlet disk insert ours cd /root/nothing.iso

# What is there only for stopped VMs says so.
failing "runs, and a check needs it stopped" vmlet disk check ours
failing "has no agent that could trim" vmlet disk compact ours
guest ours 'dd if=/dev/urandom of=/dev/vda bs=1M count=8 conv=fsync 2>/dev/null; dd if=/dev/zero of=/dev/vda bs=1M count=6 conv=fsync 2>/dev/null'
systemctl stop vm@ours
failing "does not run" vmlet disk attach ours more
assert_contains "$(vmlet disk check ours)" "a: No errors were found"
qemu-img convert -f qcow2 -O raw "$state/a.qcow2" /var/tmp/before.raw
compacted=$(vmlet disk compact ours a)
assert_contains "$compacted" "MiB, was"
qemu-img compare -q -f qcow2 -F raw "$state/a.qcow2" /var/tmp/before.raw || fail "compact changed the disk"
(($(stat -c %b "$state/a.qcow2") * 512 < 4 * 1024 * 1024)) || fail "it is not compact: $compacted"
vmlet disk compact ours a --compress >/dev/null
qemu-img compare -q -f qcow2 -F raw "$state/a.qcow2" /var/tmp/before.raw || fail "compact --compress changed the disk"

# A stopped one grows as well.
ours "  a: 32MiB" "  s: {size: 4MiB, bus: scsi}"
assert_eq "$(vmlet disk resize ours a)" "a has 32 MiB"
systemctl start vm@ours
assert_eq "$(sectors vda)" 65536

# Two commands at once: the second says so; the VM's start waits for the first.
systemctl stop vm@ours
systemd-run --quiet --unit=vm-storage-ours --service-type=oneshot --no-block --property=Before=vm@ours.service sleep 3
failing "another command works on the storage of ours" vmlet disk check ours
systemctl start vm@ours
assert_eq "$(systemctl is-active vm-storage-ours || true)" inactive
vmlet disk list ours >/dev/null

# The sandbox of what works on the disks.
assert_eq "$(systemctl list-units --all --no-legend 'vm-storage-*')" ""
