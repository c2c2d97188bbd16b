# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: machine
# timeout: 180
#
# A block device of the host: the guest writes to it, QEMU may open it and no other.

truncate -s 16M /var/tmp/device.raw
modprobe loop
device=$(losetup --find --show /var/tmp/device.raw)
other=$(losetup --find --show /var/tmp/device.raw)
trap 'losetup --detach-all' EXIT

accel=kvm linux device "tsc=reliable vmlet.write=to-the-device" "cpus: {model: max}" "disks: {data: {device: $device, format: raw, cache: none, aio: native}}"
systemctl start vm@device
wait_serial device "guest-linux: wrote to-the-device" 90
pid=$(main_pid device)
assert_eq "$(awk '$5 ~ "^/dev/(loop|vd|sd)" {print $5}' "/proc/$pid/mountinfo")" "$device"
systemctl stop vm@device
assert_eq "$(dd if="$device" bs=512 skip=2048 count=1 status=none | tr -d '\000')" to-the-device
# The device policy is of the cgroup: the group disk alone opens nothing else.
assert_contains "$(systemctl show -p DeviceAllow vm@device)" "$device rw"
assert_not_contains "$(systemctl show -p DeviceAllow vm@device)" "$other"

# A name that may be another disk after the next boot.
linux device "" "disks: {data: {device: /dev/sdz, format: raw}}"
assert_fails vmlet check >/var/tmp/check 2>&1
assert_contains "$(</var/tmp/check)" "is not a name that stays with one device"
