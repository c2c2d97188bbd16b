# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 120
#
# The container itself: systemd's features that vmlet stands on work in it, and each guest boots there
# and powers off when it is asked to.

# qemu UNIT OPTION...: a service that is a plain QEMU with its serial port in $logs/UNIT.serial
qemu() {
	local unit=$1
	shift
	: >"$logs/$unit.serial"
	systemd-run --quiet --unit="$unit" qemu-system-x86_64 -nodefaults -no-user-config -display none \
		-serial "file:$logs/$unit.serial" -qmp "unix:/run/$unit.qmp,server=on,wait=off" "$@"
}

# disk FORMAT FILE [OPTION]: QEMU options of one virtio disk that the guest may write to
disk() {
	echo -drive "file=$2,format=$1,if=none,id=disk,snapshot=on" -device "${3-virtio-blk-pci},drive=disk"
}

# powers_off UNIT: the guest obeys the power button, and QEMU ends well
powers_off() {
	qmp "/run/$1.qmp" system_powerdown >/dev/null
	eventually 60 gone "$1"
	assert_fails systemctl --quiet is-failed "$1"
}

gone() {
	! systemctl --quiet is-active "$1"
}

# Services: a user, a state directory, a credential and a network of their own.
seen=$(systemd-run --quiet --wait --pipe -p DynamicUser=yes -p StateDirectory=vmlet/vm/bed \
	-p RuntimeDirectory=vmlet/vm/bed -p LoadCredential=name:/etc/hostname -p PrivateNetwork=yes \
	-p PrivateUsers=yes -p ProtectSystem=strict -p ProtectHome=yes -p PrivateDevices=yes -- bash -c '
		id --user
		ls /sys/class/net
		cat "$CREDENTIALS_DIRECTORY/name"
		touch "$STATE_DIRECTORY/here" "$RUNTIME_DIRECTORY/here" && echo wrote
		head -c 4 /usr/lib/vmlet-test/guests/guest-debian/root.qcow2 | tail -c +1 | od -An -c
	')
assert_eq "$(sed -n 2,4p <<<"$seen" | tr '\n' ' ')" "lo vmlet-test wrote "
assert_contains "$seen" "Q   F   I"
(($(head -n 1 <<<"$seen") >= 61184)) || fail "not a dynamic user: $seen"

# A bridge with a tap.
ip link add name br-bed type bridge
ip tuntap add name tap-bed mode tap
ip link set tap-bed master br-bed
assert_contains "$(ip -o link show master br-bed)" tap-bed

# guest-mini in both forms, the one that obeys and the one that does not.
# shellcheck disable=SC2046 # options, to be split
for format in raw qcow2; do
	qemu "mini-$format" -machine q35 -accel tcg $(disk $format "$guests/guest-mini.$format")
	eventually 60 saw ": up" "$logs/mini-$format.serial"
	powers_off "mini-$format"
	saw "guest-mini: power button" "$logs/mini-$format.serial"
done
# shellcheck disable=SC2046
qemu deaf -machine q35 -accel tcg $(disk raw "$guests/guest-mini-deaf.raw")
eventually 60 saw ": up" "$logs/deaf.serial"
qmp /run/deaf.qmp system_powerdown >/dev/null
sleep 0.5
systemctl is-active deaf
systemctl stop deaf
assert_not_contains "$(cat "$logs/deaf.serial")" "power button"

# guest-linux on each machine type.
truncate -s 4M /tmp/bed.raw
linux=(-m 256 -accel tcg -kernel "$guests/guest-linux/vmlinuz" -initrd "$guests/guest-linux/initrd")
qemu linux-q35 -machine q35 "${linux[@]}" -append "console=ttyS0 quiet vmlet.write=hello" \
	-drive file=/tmp/bed.raw,format=raw,if=none,id=disk -device virtio-blk-pci,drive=disk,serial=root \
	-netdev tap,id=net,ifname=tap-vm,script=no,downscript=no \
	-device virtio-net-pci,netdev=net,mac=52:54:00:12:34:56
eventually 60 saw "guest-linux: up" "$logs/linux-q35.serial"
for line in "disk vda 4194304" "serial vda root" "nic eth0 52:54:00:12:34:56" "wrote hello"; do
	saw "guest-linux: $line" "$logs/linux-q35.serial"
done
powers_off linux-q35
saw "guest-linux: power button" "$logs/linux-q35.serial"

# shellcheck disable=SC2046
qemu linux-pc -machine pc "${linux[@]}" -append "console=ttyS0 quiet vmlet.read" $(disk raw /tmp/bed.raw)
eventually 60 saw "guest-linux: up" "$logs/linux-pc.serial"
saw "guest-linux: read hello" "$logs/linux-pc.serial"
powers_off linux-pc
saw "guest-linux: power button" "$logs/linux-pc.serial"

# shellcheck disable=SC2046
qemu linux-microvm -machine microvm "${linux[@]}" -append "console=ttyS0 quiet tsc_early_khz=1000000 vmlet.read vmlet.poweroff" \
	$(disk raw /tmp/bed.raw virtio-blk-device)
eventually 60 saw "guest-linux: up" "$logs/linux-microvm.serial"
saw "guest-linux: read hello" "$logs/linux-microvm.serial"
eventually 60 gone linux-microvm

# guest-debian with user-data of ours.
mkdir /tmp/seed
printf 'instance-id: bed\nlocal-hostname: bed\n' >/tmp/seed/meta-data
cat >/tmp/seed/user-data <<'DATA'
#cloud-config
runcmd:
  - echo "user-data on $(hostname)" >/dev/ttyS0
DATA
xorriso -as mkisofs -quiet -volid cidata -joliet -rock -output /tmp/seed.iso /tmp/seed
# shellcheck disable=SC2046
qemu debian -machine q35 -accel tcg -m 512 -kernel "$guests/guest-debian/vmlinuz" \
	-initrd "$guests/guest-debian/initrd" -append "root=/dev/vda console=ttyS0" \
	$(disk qcow2 "$guests/guest-debian/root.qcow2") \
	-drive file=/tmp/seed.iso,format=raw,if=none,id=seed,read-only=on -device virtio-blk-pci,drive=seed
eventually 90 saw "user-data on bed" "$logs/debian.serial"
powers_off debian
