# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 150
#
# What a guest wrote survives restarts and growth; a disk is never shrunk, replaced or made over.

disk=/var/lib/vmlet/vm/store/data.qcow2

boot() {
	forget_serial store
	linux store "$1" "disks: {data: $2}"
	systemctl start vm@store
	wait_serial store "$3" 30
	systemctl stop vm@store
}

boot vmlet.write=first-words 64MiB "guest-linux: wrote first-words"
boot vmlet.read 64MiB "guest-linux: read first-words"

# It grows, and what was written stays; the guest sees the new size.
boot vmlet.read 80MiB "guest-linux: read first-words"
wait_serial store "guest-linux: disk vda 83886080" 1
qemu-img check -q -f qcow2 "$disk"

refused() {
	local before reason=$1
	before=$(sha256sum "$disk")
	assert_fails systemctl start vm@store 2>/dev/null
	assert_contains "$(why store)" "$reason"
	assert_eq "$(sha256sum "$disk")" "$before"
	systemctl stop vm@store
	systemctl reset-failed vm@store
}

# Less than it has: refused, and not a byte of it is touched.
linux store vmlet.read "disks: {data: 64MiB}" "restart: no"
refused "is never made smaller"

# That is final: systemd does not try again, though the spec has it restart.
linux store vmlet.read "disks: {data: 64MiB}" "restart-delay: 100ms"
refused "is never made smaller"
assert_not_contains "$(journal -u vm@store)" "Scheduled restart job"

# A layer over an image, where the disk is none.
image guest-mini
linux store vmlet.read "disks: {data: {image: guest-mini}}" "restart: no"
refused "the spec says /var/lib/vmlet/images/guest-mini.qcow2"

# Not a qcow2 file at all.
linux store vmlet.read "disks: {data: 80MiB}" "restart: no"
mv "$disk" /var/tmp/data.qcow2
echo "somebody's notes" >"$disk"
refused "is not a qcow2 file"

# A link, even to a good disk: nothing outside is opened.
rm "$disk"
ln -s /var/tmp/data.qcow2 "$disk"
refused "is a link, which is not followed"
rm "$disk"
mv /var/tmp/data.qcow2 "$disk"
boot vmlet.read 80MiB "guest-linux: read first-words"

# An image that is missing or not to be read, or a disk smaller than it: no layer is left behind.
missing() {
	spec base <<-EOF
		accel: tcg
		restart: no
		disks: {root: {$1}}
	EOF
	assert_fails systemctl start vm@base 2>/dev/null
	assert_contains "$(why base)" "$2"
	assert_eq "$(ls -A /var/lib/vmlet/vm/base/)" ""
	systemctl reset-failed vm@base
}
missing "image: nothing" "image /var/lib/vmlet/images/nothing.qcow2: No such file"
chmod 0600 /var/lib/vmlet/images/guest-mini.qcow2
missing "image: guest-mini" "make it and its directories readable by everyone"
qemu-img create -q -f qcow2 /var/lib/vmlet/images/large.qcow2 10M
chmod 0644 /var/lib/vmlet/images/*
missing "image: large, size: 2MiB" "make 'size' larger"

# An image that names a file of the host: refused, and that file is not opened.
qemu-img create -q -f qcow2 -F raw -b /etc/shadow -u /var/lib/vmlet/images/evil.qcow2 10M
chmod 0644 /var/lib/vmlet/images/evil.qcow2
missing "image: evil" "stands on another file"

# A raw disk stays raw, whatever the guest writes at its beginning.
linux raw "" "disks: {data: {size: 64MiB, format: raw}}"
systemctl start vm@raw
wait_serial raw "guest-linux: disk vda 67108864" 30
systemctl stop vm@raw
qemu-img create -q -f qcow2 /var/tmp/header.qcow2 1G
dd if=/var/tmp/header.qcow2 of=/var/lib/vmlet/vm/raw/data.raw conv=notrunc status=none
systemctl start vm@raw
wait_serial raw "guest-linux: disk vda 67108864" 30 2
systemctl stop vm@raw

# Two of one disk: QEMU's lock is the second line.
forget_serial store
linux store "" "disks: {data: 80MiB}"
systemctl start vm@store
assert_contains "$(qemu-img info "$disk" 2>&1 || true)" 'Failed to get shared "write" lock'
systemctl stop vm@store
