# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 300
#
# kill -9 of the command, of who works for it, or of QEMU, and no room, while clones and snapshots are made: the
# disks are as before or as asked, and whole.

linux src vmlet.sh "disks: {a: 8MiB, b: 8MiB}" "restart: no"
state=/var/lib/private/vmlet/vm
write() {
	guest src "for d in vda vdb; do echo $1-\$d | dd of=/dev/\$d conv=sync,fsync bs=512 2>/dev/null; done"
}
both() {
	guest "$1" 'for d in vda vdb; do dd if=/dev/$d bs=512 count=1 iflag=direct 2>/dev/null | tr -d "\000"; done' | tr '\n' ' '
}
clean() {
	local disk
	for disk in a b; do qemu-img check -q -f qcow2 "$state/$1/$disk.qcow2" || fail "$1/$disk is not clean $2"; done
}
up() {
	systemctl reset-failed "vm@$1" 2>/dev/null || true
	systemctl start "vm@$1"
}

up src
write first
for how in "" --linked; do
	for ms in 010 050 090 130 180; do
		# shellcheck disable=SC2086
		vmlet clone src copy $how >/dev/null 2>&1 &
		sleep "0.$ms"
		kill -KILL $! 2>/dev/null || true
		wait $! 2>/dev/null || true
		eventually 10 bash -c '[[ -z $(systemctl list-units --no-legend "vm-storage-*") ]]'
		assert_eq "$(both src)" "first-vda first-vdb "
		# It goes on by itself, and after a start.
		write second
		write first
		systemctl stop vm@src
		clean src "after a kill of clone $how at $ms ms"
		up src
		assert_eq "$(both src)" "first-vda first-vdb "
		if [[ -e /etc/vmlet/copy.yaml ]]; then
			systemctl daemon-reload
			up copy
			assert_eq "$(both copy)" "first-vda first-vdb "
			systemctl stop vm@copy
		fi
		vmlet rm copy --disks --yes >/dev/null 2>&1 || true
		systemctl daemon-reload
	done
	# What was left lying about does not stand in the way.
	# shellcheck disable=SC2086
	vmlet clone src copy $how >/dev/null
	systemctl daemon-reload
	up copy
	assert_eq "$(both copy)" "first-vda first-vdb "
	systemctl stop vm@copy
	vmlet rm copy --disks --yes >/dev/null
	systemctl daemon-reload
done

# QEMU itself, while it takes a snapshot, of disks and of all.
for memory in "" --memory; do
	for ms in 005 040 080 150; do
		write before
		# shellcheck disable=SC2086
		vmlet snapshot create src snap $memory >/dev/null 2>&1 &
		sleep "0.$ms"
		systemctl kill --signal=KILL vm@src
		wait $! || true
		eventually 10 is_state src failed
		up src
		assert_eq "$(both src)" "before-vda before-vdb "
		systemctl stop vm@src
		clean src "after QEMU was killed in a snapshot $memory at $ms ms"
		vmlet snapshot delete src snap >/dev/null 2>&1 || true
		clean src "after that was deleted"
		up src
	done
done
systemctl stop vm@src
vmlet image gc >/dev/null

# No room: the source is as it was, and nothing is left of the clone.
linux full vmlet.sh "disks: {a: 16MiB}" "restart: no"
mount -t tmpfs -o size=12M,mode=0755 tmpfs "$state"
trap 'umount --lazy "$state"' EXIT
up full
guest full 'dd if=/dev/urandom of=/dev/vda bs=1M count=8 conv=fsync 2>/dev/null'
sum=$(guest full 'sha256sum /dev/vda')
assert_fails vmlet clone full copy >/var/tmp/out 2>&1
assert_contains "$(</var/tmp/out)" "No space left on device"
assert_eq "$(find "$state" -mindepth 1 -maxdepth 1)" "$state/full"
[[ ! -e /etc/vmlet/copy.yaml ]] || fail "there is a spec of what could not be"
assert_fails vmlet snapshot create full snap --memory >/var/tmp/out 2>&1
assert_eq "$(guest full 'sha256sum /dev/vda')" "$sum"
systemctl stop vm@full
assert_fails vmlet disk compact full >/var/tmp/out 2>&1
assert_contains "$(</var/tmp/out)" "No space left on device"
assert_eq "$(find "$state/full" -name '*.tmp')" ""
clean_full() {
	qemu-img check -q -f qcow2 "$state/full/a.qcow2"
}
mount -o remount,size=100M "$state"
up full
assert_eq "$(guest full 'sha256sum /dev/vda')" "$sum"
systemctl stop vm@full
clean_full || fail "the disk of full is not clean"
vmlet clone full copy >/dev/null
