# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 60
#
# A full file system ends in a clear error and leaves no half file; with room, the next start works.

mini full "restart: no" "cloud-init: {user-data: '#cloud-config'}"
mkdir -p /var/lib/private/vmlet/vm
mount -t tmpfs -o size=256k,mode=0755 tmpfs /var/lib/private/vmlet/vm
trap 'umount --lazy /var/lib/private/vmlet/vm' EXIT
mkdir -m 0700 /var/lib/private/vmlet/vm/full
for leave in 0 100; do
	head -c 256k /dev/zero >/var/lib/private/vmlet/vm/filler 2>/dev/null || true
	truncate -s -"$leave"K /var/lib/private/vmlet/vm/filler
	assert_fails systemctl start vm@full 2>/dev/null
	assert_contains "$(why full)" "No space left on device"
	assert_eq "$(find /var/lib/private/vmlet/vm/full -name '.*.tmp')" ""
	assert_eq "$(find /var/lib/private/vmlet/vm/full -name seed.iso)" ""
	systemctl reset-failed vm@full
done
rm /var/lib/private/vmlet/vm/filler
mount -o remount,size=64m /var/lib/private/vmlet/vm
systemctl start vm@full
wait_serial full ": up"
systemctl stop vm@full
qemu-img check -q -f qcow2 /var/lib/private/vmlet/vm/full/root.qcow2

# No room for the record of what was accepted: that is said, and the VM is started nevertheless.
mini full "state: running" "restart: no"
mkdir -p /var/lib/vmlet/accepted
mount -t tmpfs -o size=64k,mode=0700 tmpfs /var/lib/vmlet/accepted
trap 'umount --lazy /var/lib/private/vmlet/vm /var/lib/vmlet/accepted' EXIT
head -c 64k /dev/zero >/var/lib/vmlet/accepted/filler 2>/dev/null || true
code=0
output=$(vmlet apply full 2>&1) || code=$?
assert_eq "$code" 1
assert_contains "$output" "No space left on device"
assert_contains "$output" "full: started"
assert_eq "$(find /var/lib/vmlet/accepted -type f)" /var/lib/vmlet/accepted/filler
assert_eq "$(vmlet history full --json)" "[]"
rm /var/lib/vmlet/accepted/filler
vmlet apply full
assert_contains "$(vmlet history full --json)" '"in-force": true'
systemctl stop vm@full
