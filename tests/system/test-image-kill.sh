# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 240
#
# No room, or kill -9, while an image is made: there is none, or a whole one; and the next try makes it.

work=/srv/kill
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
head -c 4M /dev/urandom >"$work/raw"
xz --keep "$work/raw"
digest=$(sha256sum <"$work/raw.xz" | cut -d' ' -f1)
calls=openat,write,pwrite64,fsync,fdatasync,renameat2,rename,renameat,unlink,unlinkat,ftruncate,copy_file_range,fchmod,fchown
state=/var/tmp/state
good() {
	qemu-img check -q -f qcow2 "$1" && qemu-img compare -q -f qcow2 -F raw "$1" "$work/raw"
}

# Each system call of the conversion; what is left of it is finished by the next.
convert() {
	STATE_DIRECTORY=$state "$@" /usr/libexec/vmlet/vmlet-image convert --path "$work/raw.xz" --format raw --compressed xz --sha256 "$digest" \
		--size-limit 100000000
}
n=1
while :; do
	rm -rf "$state"
	mkdir -p "$state"
	if convert strace --quiet=all -o /dev/null -e "trace=$calls" -e "inject=$calls:signal=KILL:when=$n" >/dev/null 2>&1; then break; fi
	[[ ! -e $state/image.qcow2 ]] || good "$state/image.qcow2" || fail "half an image after a kill at call $n"
	convert
	good "$state/image.qcow2" || fail "no good image after a kill at call $n"
	assert_eq "$(find "$state" -name '*.tmp')" ""
	n=$((n + 1))
done
((n > 10)) || fail "it was killed $n times only"
echo "convert: $((n - 1)) kills"

# The installation, as root; in a cgroup of its own, as it ends all that are in it besides.
mkdir /sys/fs/cgroup/vmlet-kill
# shellcheck disable=SC2016
install_image() {
	STATE_DIRECTORY=$state "$@" sh -c 'echo $$ >/sys/fs/cgroup/vmlet-kill/cgroup.procs
		exec /usr/libexec/vmlet/vmlet-image install k.0123456789abcdef.qcow2'
}
n=1
mkdir -p /var/lib/vmlet/images
while :; do
	rm -f /var/lib/vmlet/images/*
	rm -rf "$state"
	mkdir -p "$state"
	qemu-img convert -f raw -O qcow2 "$work/raw" "$state/image.qcow2"
	if install_image strace --quiet=all -o /dev/null -e "trace=$calls" -e "inject=$calls:signal=KILL:when=$n" >/dev/null 2>&1; then break; fi
	found=$(find /var/lib/vmlet/images -name '*.qcow2' ! -name '.*')
	[[ -z $found ]] || good "$found" || fail "half an image in the store after a kill at call $n"
	if [[ -e $state/image.qcow2 ]]; then
		install_image
	fi
	good /var/lib/vmlet/images/k.0123456789abcdef.qcow2 || fail "no image after a kill of install at call $n"
	n=$((n + 1))
	((n < 100)) || fail "no end"
done
rmdir /sys/fs/cgroup/vmlet-kill
echo "install: $((n - 1)) kills"
rm -f /var/lib/vmlet/images/*

# No room for the download, the copy or the conversion; with room, the next start works.
mkdir -p /var/lib/private/vmlet/download
mount -t tmpfs -o size=3M,mode=0755 tmpfs /var/lib/private/vmlet/download
trap 'umount --lazy /var/lib/private/vmlet/download; rm -rf "$work"' EXIT
spec full <<-END
	kind: image
	url: file://$work/raw.xz
	sha256: $digest
	format: raw
	compressed: xz
END
spec copied <<-END
	kind: image
	path: $work/raw.xz
	sha256: $digest
	format: raw
	compressed: xz
END
for name in full copied; do
	assert_fails vmlet image pull "$name" >/var/tmp/out 2>&1
	assert_contains "$(</var/tmp/out)" "No space left on device"
	assert_eq "$(find /var/lib/private/vmlet/download/$name -type f ! -name .source)" ""
done
mount -o remount,size=10M /var/lib/private/vmlet/download
assert_fails vmlet image pull full >/var/tmp/out 2>&1
assert_contains "$(</var/tmp/out)" "No space left on device"
assert_eq "$(find /var/lib/vmlet/images -type f)" ""
mount -o remount,size=100M /var/lib/private/vmlet/download
for name in full copied; do
	path=$(vmlet image pull "$name")
	good "${path#*: }" || fail "$name is not good"
done
