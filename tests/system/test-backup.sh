# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 300
#
# Backups of VMs that run and that do not, full and incremental, restore byte for byte.

backups=/srv/backups
rm -rf "$backups"
mkdir -m 0700 "$backups"
trap 'rm -rf "$backups"' EXIT

image guest-mini
linux bak vmlet.sh "disks: {root: {image: guest-mini, size: 16MiB}, a: 16MiB}"
# scribble N: the guest writes at N random places of both disks.
scribble() {
	guest bak "for d in vda vdb; do i=0; while [ \$i -lt $1 ]; do
		dd if=/dev/urandom of=/dev/\$d bs=64k count=1 seek=\$((\$(od -An -N2 -tu2 /dev/urandom) % 256)) conv=notrunc 2>/dev/null; i=\$((i + 1)); done; done; sync"
}
# sums: digests of what the guest sees.
sums() {
	guest bak 'sync; echo 3 >/proc/sys/vm/drop_caches; sha256sum /dev/vda /dev/vdb' | cut -d' ' -f1 | tr '\n' ' '
}
# restored DIR: what is on the disks after they were restored from there.
restored() {
	local disk
	vmlet restore bak "$1" --replace >/dev/null
	for disk in root a; do
		qemu-img check -q -f qcow2 "/var/lib/vmlet/vm/bak/$disk.qcow2"
		qemu-img convert -f qcow2 -O raw "/var/lib/vmlet/vm/bak/$disk.qcow2" /var/tmp/restored.raw
		sha256sum </var/tmp/restored.raw | cut -d' ' -f1
	done | tr '\n' ' '
}

failing "make a full one first" vmlet backup bak "$backups" --incremental
failing "cannot read" vmlet backup bak /srv/nowhere
systemctl start vm@bak
scribble 20
declare -A expected
expected[1]=$(sums)
assert_eq "$(vmlet backup bak "$backups")" "$backups/bak.1"
assert_eq "$(stat -c '%a %U' "$backups"/bak.1 "$backups"/bak.1/* | sort -u)" "600 root
700 root"
for round in 2 3 4 5 6; do
	scribble 5
	# One of them over a restart, one while it is stopped.
	if ((round == 4)); then
		expected[$round]=$(sums)
		systemctl restart vm@bak
	elif ((round == 5)); then
		expected[$round]=$(sums)
		systemctl stop vm@bak
	else
		expected[$round]=$(sums)
	fi
	assert_eq "$(vmlet backup bak "$backups" --incremental)" "$backups/bak.$round"
	[[ $(state bak) == active ]] || systemctl start vm@bak
done
(($(du -sk "$backups/bak.6" | cut -f1) * 2 < $(du -sk "$backups/bak.1" | cut -f1))) || fail "an incremental backup is as large as a full one"

# Another disk than the backup's changes nothing of that; a guest that writes meanwhile neither.
guest bak '(while :; do dd if=/dev/urandom of=/dev/vdb bs=64k count=1 seek=200 conv=notrunc 2>/dev/null; done) & true'
vmlet backup bak "$backups" --incremental >/dev/null
failing "needs it stopped" vmlet restore bak "$backups" --replace
systemctl stop vm@bak
assert_eq "$(qemu-img info --output=json /var/lib/vmlet/vm/bak/a.qcow2 | jq '."format-specific".data.bitmaps | length')" 1
failing "--replace puts the backup in its place" vmlet restore bak "$backups"
for round in 6 1 4 5 2 3; do
	assert_eq "$(restored "$backups/bak.$round")" "${expected[$round]}"
done
restored "$backups" >/dev/null
assert_contains "$(qemu-img info --output=json /var/lib/vmlet/vm/bak/root.qcow2)" guest-mini.qcow2

# What was restored boots, and its disks do not know what was written since: a full backup is due.
systemctl start vm@bak
failing "make a full one" vmlet backup bak "$backups" --incremental
assert_eq "$(vmlet backup bak "$backups")" "$backups/bak.8"
systemctl stop vm@bak

# A chain that is not whole, or not what it was.
mv "$backups/bak.2" "$backups/away"
failing "which is not there" vmlet restore bak "$backups/bak.6" --replace
mv "$backups/away" "$backups/bak.2"
printf x | dd of="$backups/bak.3/a.qcow2" bs=1 seek=100000 conv=notrunc status=none
failing "is not what it was when the backup was made" vmlet restore bak "$backups/bak.6" --replace
failing "no finished backup" vmlet restore bak "$backups/bak.99"

# Killed or cancelled, or no room: no backup, and the next one is good.
systemctl start vm@bak
for ms in 050 150 250 400; do
	vmlet backup bak "$backups" >/dev/null 2>&1 &
	sleep "0.$ms"
	kill -KILL $! 2>/dev/null || true
	wait $! || true
done
vmlet backup bak "$backups" >/dev/null 2>&1 &
sleep 0.2
kill -INT $! 2>/dev/null || true
wait $! || true
mkdir -p /srv/small
mount -t tmpfs -o size=2M tmpfs /srv/small
failing "No space left on device" vmlet backup bak /srv/small
assert_eq "$(ls /srv/small)" ""
# QEMU closes its copy of the descriptor in its own time.
eventually 5 umount /srv/small
last=$(sums)
vmlet backup bak "$backups" >/dev/null
systemctl stop vm@bak
assert_eq "$(restored "$backups")" "$last"
