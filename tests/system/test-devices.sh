# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 120
#
# QEMU takes every device that a spec can say, on each machine, and the guest sees what was meant.

xorriso -as mkisofs -quiet -output /srv/empty,one.iso /etc/hostname 2>/dev/null
image guest-mini
devices() {
	cat <<-EOF
		accel: tcg
		machine: $1
		cpus: {count: 4, model: 'qemu64,+ssse3', topology: {sockets: 2, cores: 2, threads: 1}}
		memory: 64MiB
		disks:
		  root: {image: guest-mini}
		  none: {size: 8MiB, cache: none, discard: ignore}
		  through: {size: 8MiB, cache: writethrough, format: raw}
		  direct: {size: 8MiB, cache: directsync, serial: direct-1}
		  unsafe: {size: 8MiB, cache: unsafe}
		  locked: {image: guest-mini, read-only: yes}
		  cd: {cdrom: "/srv/empty,one.iso"}
		nics:
		  first: br-test
		  second: {bridge: br-test, model: e1000}
		  third: {bridge: br-test, model: e1000e}
		boot: {order: [cd, root, first]}
		cloud-init: {user-data: "#cloud-config"}
		qemu-args: [-device, qemu-xhci]
	EOF
}
for machine in q35 pc; do
	devices $machine | sed "$([[ $machine == q35 ]] || echo '/e1000e/d; /xhci/d')" | spec $machine
	systemctl start vm@$machine
	wait_serial $machine ": up"
	assert_eq "$(ip -o link show master br-test | wc -l)" "$([[ $machine == q35 ]] && echo 3 || echo 2)"
	systemctl stop vm@$machine
	assert_eq "$(unit_prop vm@$machine Result)" success
done
assert_not_contains "$(journal -u vm@q35)" warning

# A microVM has neither firmware nor PCI: the kernel finds its devices by MMIO. (It has neither HPET nor PM timer, so that
# a kernel under TCG that is interrupted while it measures the TSC against the PIT stops there: it is told the rate.)
linux micro tsc_early_khz=1000000 "machine: microvm" "disks: {one: 64MiB, two: {size: 32MiB, serial: two-2}}" "nics: {lan: br-test}" \
	"cloud-init: {user-data: '#cloud-config'}" "stop-timeout: 10s"
systemctl start vm@micro
wait_serial micro "guest-linux: up"
for line in "67108864" "33554432" "serial vda" "two-2" "cidata" "nic eth0 52:54:"; do
	saw "$line" "$(serial_log micro)" || fail "the guest does not see $line"
done
systemctl stop vm@micro
assert_eq "$(unit_prop vm@micro Result)" success
journal -u vm@micro
