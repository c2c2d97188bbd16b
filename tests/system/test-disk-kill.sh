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
	rm -rf "$STATE_DIRECTORY" "$RUNTIME_DIRECTORY"
	mkdir -p "$STATE_DIRECTORY" "$RUNTIME_DIRECTORY"
}

# Every call of vmlet-run itself, and every 40th of all its helpers together: their own calls are many,
# and what must hold is the same.
sweep() {
	local options=$1 step=$2 n=1 killed=0
	while :; do
		fresh
		# shellcheck disable=SC2086 # options are words
		if strace $options --quiet=all -o /dev/null -e "trace=$calls" \
			-e "inject=$calls:signal=KILL:when=$n" /usr/libexec/vmlet/vmlet-run kill -- /bin/true \
			>/dev/null 2>&1; then
			break
		fi
		killed=$((killed + 1))
		check "$n"
		prepare
		check "$n"
		[[ -s $STATE_DIRECTORY/seed.iso ]] || fail "no seed after a kill at call $n"
		assert_eq "$(find "$STATE_DIRECTORY" -name '*.tmp')" ""
		n=$((n + step))
		((n < 2000)) || fail "no end at call $n"
	done
	echo "$killed kills"
	((killed >= 5)) || fail "only $killed kills"
}
sweep "" 1
sweep "-f" 40
