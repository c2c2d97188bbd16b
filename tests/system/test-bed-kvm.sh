# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# needs: kvm
#
# The machine's KVM is there in the container, for a service's own user too.

systemd-run --quiet --unit=mini -p DynamicUser=yes -p SupplementaryGroups=kvm -p RuntimeDirectory=mini \
	qemu-system-x86_64 -nodefaults -no-user-config -display none -machine q35 -accel kvm -cpu qemu64 \
	-drive "file=$guests/guest-mini.raw,format=raw,if=none,id=disk,read-only=on" \
	-device virtio-blk-pci,drive=disk \
	-serial file:/run/mini/serial -qmp unix:/run/mini/qmp,server=on,wait=off
eventually 60 saw ": up" /run/mini/serial
qmp /run/mini/qmp query-kvm | grep -q '"enabled": true'
qmp /run/mini/qmp system_powerdown
gone() {
	! systemctl --quiet is-active mini
}
eventually 60 gone
assert_fails systemctl --quiet is-failed mini
