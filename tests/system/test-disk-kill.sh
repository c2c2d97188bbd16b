# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 300
#
# kill -9 at each system call of prepare that touches the file system: afterwards there is no disk or a
# good one, and the next run makes it good.

mini kill "disks: {root: {image: guest-mini}, data: 8MiB}" "cloud-init: {user-data: '#cloud-config'}"
sed -i '0,/^disks/{/^disks: {root: {image: guest-mini}}$/d}' /etc/vmlet/kill.yaml
systemctl daemon-reload

export STATE_DIRECTORY=/var/tmp/state RUNTIME_DIRECTORY=/var/tmp/runtime
export CREDENTIALS_DIRECTORY=/var/tmp/credentials
mkdir -p "$CREDENTIALS_DIRECTORY"
cp /run/systemd/generator/vmlet/kill.yaml "$CREDENTIALS_DIRECTORY/spec"
calls=openat,write,pwrite64,fsync,fdatasync,renameat2,rename,renameat,unlink,unlinkat,ftruncate,fallocate,fchmod

prepare() {
	rm -f /var/tmp/when
	/usr/libexec/vmlet/vmlet-run kill -- /bin/true
}

check() {
	local disk
	for disk in root data; do
		[[ ! -e $STATE_DIRECTORY/$disk.qcow2 ]] ||
			qemu-img check -q -f qcow2 "$STATE_DIRECTORY/$disk.qcow2" ||
			fail "$disk is half a disk after a kill at call $1"
	done
}

fresh() {
	rm -rf "$STATE_DIRECTORY" "$RUNTIME_DIRECTORY" /var/tmp/when
	mkdir -p "$STATE_DIRECTORY" "$RUNTIME_DIRECTORY"
}

# sweep PROGRAM COMMAND...: runs the command, which is to fail until no call is left to kill at
sweep() {
	local program=$1 n=1
	shift
	while :; do
		fresh
		echo "$n" >/var/tmp/when
		if "$@" >/dev/null 2>&1; then
			break
		fi
		check "$n"
		prepare
		check "$n"
		[[ -s $STATE_DIRECTORY/seed.iso ]] || fail "no seed after a kill of $program at call $n"
		assert_eq "$(find "$STATE_DIRECTORY" -name '*.tmp')" ""
		n=$((n + 1))
		((n < 500)) || fail "$program: no end at call $n"
	done
	echo "$program: $((n - 1)) kills"
	((n > 10)) || fail "$program was killed $((n - 1)) times only"
}

# strace ends as its tracee does, by SIGKILL.
killed() {
	strace --quiet=all -o /dev/null -e "trace=$calls" -e "inject=$calls:signal=KILL:when=$(</var/tmp/when)" "$@"
}
sweep vmlet-run killed /usr/libexec/vmlet/vmlet-run kill -- /bin/true

# A helper that dies takes vmlet-run with it, so that nobody tidies up.
for program in qemu-img xorriso; do
	cp "/usr/bin/$program" "/var/tmp/$program"
	cat >"/var/tmp/killed-$program" <<-EOF
		#!/bin/bash
		[[ -e /var/tmp/when ]] || exec /var/tmp/$program "\$@"
		strace --quiet=all -o /dev/null -e "trace=$calls" \\
			-e "inject=$calls:signal=KILL:when=\$(</var/tmp/when)" /var/tmp/$program "\$@" ||
			kill -KILL \$PPID
	EOF
	chmod +x "/var/tmp/killed-$program"
	mount --bind "/var/tmp/killed-$program" "/usr/bin/$program"
	trap 'umount --lazy "/usr/bin/$program"' EXIT
	sweep "$program" /usr/libexec/vmlet/vmlet-run kill -- /bin/true
	umount "/usr/bin/$program"
	trap - EXIT
done
