# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: machine
# timeout: 90
#
# The machine has what the container may lack: vhost-net, bridge VLAN filtering, 802.1Q, vsock, memory
# limits that are enforced, and a KVM that runs Linux.

modprobe --all vhost_net vhost_vsock tun bridge 8021q
[[ -c /dev/vhost-net && -c /dev/vhost-vsock ]]

ip link add name br-bed type bridge vlan_filtering 1
ip tuntap add name tap-bed mode tap
ip link set tap-bed master br-bed
bridge vlan add dev tap-bed vid 30 pvid untagged
assert_contains "$(bridge vlan show dev tap-bed)" "30 PVID"
ip link add link br-bed name br-bed.30 type vlan id 30

result=$(systemd-run --wait -p MemoryMax=32M -p MemorySwapMax=0 \
	python3 -c 'bytearray(64 << 20)' 2>&1) && fail "the limit was not enforced"
assert_contains "$result" oom-kill

# A machine in the machine, with a tap of vhost-net.
systemd-run --quiet --unit=mini qemu-system-x86_64 -nodefaults -no-user-config -display none \
	-machine q35 -accel tcg -serial "file:$logs/mini.serial" \
	-qmp unix:/run/mini.qmp,server=on,wait=off \
	-drive "file=$guests/guest-mini.raw,format=raw,if=none,id=disk,read-only=on" \
	-device virtio-blk-pci,drive=disk \
	-netdev tap,id=net,ifname=tap-mini,script=no,downscript=no,vhost=on -device virtio-net-pci,netdev=net
eventually 60 saw ": up" "$logs/mini.serial"
[[ -d /sys/class/net/tap-mini ]]
qmp /run/mini.qmp system_powerdown >/dev/null
gone() {
	! systemctl --quiet is-active mini
}
eventually 60 gone
assert_fails systemctl --quiet is-failed mini

systemd-run --quiet --unit=linux -p DynamicUser=yes -p SupplementaryGroups=kvm -p RuntimeDirectory=linux \
	qemu-system-x86_64 -nodefaults -no-user-config -display none -machine q35 -accel kvm -m 256 \
	-kernel "$guests/guest-linux/vmlinuz" -initrd "$guests/guest-linux/initrd" \
	-append "console=ttyS0 quiet" -serial file:/run/linux/serial -qmp unix:/run/linux/qmp,server=on,wait=off
eventually 90 saw "guest-linux: up" /run/linux/serial
qmp /run/linux/qmp query-kvm | grep -q '"enabled": true'
systemctl stop linux
