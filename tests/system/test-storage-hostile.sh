# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 240
#
# Hostile qcow2 files as image, as disk and as what is downloaded: refused, and what they point at is never opened.
# The time of its last access would tell, on a file system that keeps it.

work=/srv/hostile
rm -rf "$work"
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
echo secret >"$work/bait"
chmod 0644 "$work/bait"

make() {
	rm -f "$work/evil.qcow2"
	case $1 in
	backing) qemu-img create -q -u -f qcow2 -F raw -b "$work/bait" "$work/evil.qcow2" 8M ;;
	json) qemu-img create -q -u -f qcow2 -F raw -b "json:{\"driver\":\"file\",\"filename\":\"$work/bait\"}" "$work/evil.qcow2" 8M ;;
	protocol) qemu-img create -q -u -f qcow2 -F raw -b "nbd:unix:$work/bait" "$work/evil.qcow2" 8M ;;
	data) qemu-img create -q -f qcow2 -o "data_file=$work/data" "$work/evil.qcow2" 8M && rm "$work/data" && ln -s "$work/bait" "$work/data" ;;
	# The virtual size stands at 24, the entries of the L1 table at 36, cluster bits at 20, snapshots at 60.
	size) field 24 '\x00\x04\x00\x00\x00\x00\x00\x00' ;;
	table) field 36 '\xff\xff\xff\xff' ;;
	cluster) field 20 '\x00\x00\x00\x3f' ;;
	snapshots) field 60 '\xff\xff\xff\xff' ;;
	refcount) field 56 '\xff\xff\xff\xff' ;;
	short) qemu-img create -q -f qcow2 "$work/evil.qcow2" 8M && truncate -s 60 "$work/evil.qcow2" ;;
	esac
	chmod 0666 "$work/evil.qcow2"
}
field() {
	qemu-img create -q -f qcow2 "$work/evil.qcow2" 8M
	printf "%b" "$2" | dd of="$work/evil.qcow2" bs=1 seek="$1" conv=notrunc status=none
}
arm() {
	touch -m "$work/bait"
	touch -a -d '2020-01-01' "$work/bait"
}
untouched() {
	assert_eq "$(stat -c %X "$work/bait")" "$(date -d 2020-01-01 +%s)"
}
mount -t tmpfs -o strictatime tmpfs "$work" && echo secret >"$work/bait" && chmod 0755 "$work" && chmod 0644 "$work/bait"
trap 'umount --lazy "$work"; rm -rf "$work"' EXIT
arm
cat "$work/bait" >/dev/null
[[ $(stat -c %X "$work/bait") != "$(date -d 2020-01-01 +%s)" ]] || fail "the bait does not tell when it is read"

number=0
for kind in backing json protocol data size table cluster snapshots refcount short; do
	number=$((number + 1))
	make "$kind"
	arm
	# As an image from a path, and as one that is downloaded.
	spec "path-$number" <<-END
		kind: image
		path: $work/evil.qcow2
	END
	spec "url-$number" <<-END
		kind: image
		url: file://$work/evil.qcow2
	END
	for name in "path-$number" "url-$number"; do
		assert_fails vmlet image pull "$name" >/var/tmp/out 2>&1
		grep -qE "stands on another|keeps its data in another|header is damaged|not a qcow2 file" /var/tmp/out || fail "$kind as $name: $(</var/tmp/out)"
		assert_eq "$(find /var/lib/vmlet/images -name "$name.*")" ""
		rm "/etc/vmlet/$name.yaml"
	done
	# As a file that is the disk, as an image by hand, as the VM's own disk, and to the commands.
	linux evil "" "restart: no" "disks: {data: {path: $work/evil.qcow2, format: qcow2}}"
	assert_fails systemctl start vm@evil 2>/dev/null
	systemctl reset-failed vm@evil
	install -D -m 0644 "$work/evil.qcow2" /var/lib/vmlet/images/evil.qcow2
	linux evil "" "restart: no" "disks: {data: {image: evil}}"
	assert_fails systemctl start vm@evil 2>/dev/null
	systemctl reset-failed vm@evil
	rm -f /var/lib/vmlet/images/evil.qcow2 /var/lib/private/vmlet/vm/evil/data.qcow2
	linux evil "" "restart: no" "disks: {data: 8MiB}"
	cp "$work/evil.qcow2" /var/lib/private/vmlet/vm/evil/data.qcow2
	chown --reference=/var/lib/private/vmlet/vm/evil /var/lib/private/vmlet/vm/evil/data.qcow2
	assert_fails systemctl start vm@evil 2>/dev/null
	systemctl reset-failed vm@evil
	for command in "disk list evil" "disk check evil" "disk compact evil" "snapshot list evil" "backup evil $work" "clone evil good" "clone evil good --linked"; do
		# shellcheck disable=SC2086
		assert_fails vmlet $command >/var/tmp/out 2>&1
	done
	assert_fails vmlet image gc >/var/tmp/out 2>&1
	rm /var/lib/private/vmlet/vm/evil/data.qcow2
	untouched
done
[[ ! -e /etc/vmlet/good.yaml ]] || fail "a hostile VM was cloned"
assert_eq "$(find /var/lib/vmlet/layers -name '*.qcow2' 2>/dev/null)" ""
