# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 240
#
# Whatever holds a disk, and however the guest sees it: what the guest writes is there afterwards.

# write NAME DEVICE TEXT: the guest writes a text to the beginning of a disk, through to the host.
write() {
	guest "$1" "echo $3 | dd of=/dev/$2 conv=sync,fsync bs=512 2>/dev/null"
}

# read NAME DEVICE
read_text() {
	guest "$1" "dd if=/dev/$2 bs=512 count=1 2>/dev/null | tr -d '\\000'"
}

# head_of FILE
head_of() {
	dd if="$1" bs=512 count=1 status=none | tr -d '\000'
}

mkdir -p /srv/vm /etc/vmlet/keys
truncate -s 8M "/srv/vm/a, b.raw" /srv/vm/shared.raw /srv/vm/export.raw
qemu-img create -q -f qcow2 /srv/vm/old.qcow2 8M
chgrp kvm /srv/vm/*
chmod 0660 /srv/vm/*
head -c 32 /dev/urandom | base64 -w 0 >/etc/vmlet/keys/secret
chmod 0600 /etc/vmlet/keys/secret
qemu-nbd --fork --persistent --format=raw --socket=/srv/vm/nbd.sock /srv/vm/export.raw
chmod 0777 /srv/vm/nbd.sock
ip link set lo up
truncate -s 8M /srv/vm/remote.raw
qemu-nbd --fork --persistent --format=raw --bind=127.0.0.1 --export-name=remote /srv/vm/remote.raw
trap 'pkill qemu-nbd; rm -rf /srv/vm' EXIT

linux all vmlet.sh "disks:" \
	'  file: {path: "/srv/vm/a, b.raw", format: raw}' \
	'  old: {path: /srv/vm/old.qcow2, format: qcow2, bus: scsi}' \
	'  local: {uri: "nbd+unix:///?socket=/srv/vm/nbd.sock", format: raw}' \
	'  remote: {uri: "nbd://127.0.0.1/remote", format: raw}' \
	'  disused: {size: 8MiB, bus: sata}' \
	'  secret: {size: 8MiB, encrypt: /etc/vmlet/keys/secret, bus: nvme}' \
	'  quick: {size: 8MiB, iothread: yes, queues: 2, cluster-size: 4KiB, lazy-refcounts: yes, compression: zstd}' \
	'  slow: {size: 8MiB, throttle: {bandwidth: 4MiB}, preallocation: falloc}' \
	'  empty: {cdrom: {}}'
systemctl start vm@all
disks=$(guest all 'cd /sys/block; for d in vd* sd* nvme* sr*; do s=$(cat $d/serial $d/device/serial 2>/dev/null | head -n 1); echo "$d ${s:-none}"; done')
echo "$disks"
device_of() {
	sed -n "s/^\([a-z0-9]*\) $1 *$/\1/p" <<<"$disks"
}
# The kernel of guest-linux has no driver for SATA, so no drive for CDs either.
for name in file local remote quick slow; do
	[[ -n $(device_of "$name") ]] || fail "the guest sees no disk $name"
	write all "$(device_of "$name")" "words-of-$name"
done
write all sda words-of-old
write all nvme0n1 words-of-secret
for name in file local quick slow; do assert_eq "$(read_text all "$(device_of "$name")")" "words-of-$name"; done

# QEMU itself uses io_uring where the drop-in says threads, and the limit holds: 4 MiB take a second.
tr '\0' '\n' <"/proc/$(main_pid all)/cmdline" >/var/tmp/cmdline
assert_contains "$(</var/tmp/cmdline)" "node-name=file-quick,read-only=off,cache.direct=off,cache.no-flush=off,aio=io_uring"
seconds=$(guest all "begin=\$(cut -d. -f1 /proc/uptime)
	dd if=/dev/zero of=/dev/$(device_of slow) bs=1M count=8 conv=fsync 2>/dev/null
	echo \$((\$(cut -d. -f1 /proc/uptime) - begin))")
((seconds >= 1)) || fail "8 MiB at 4 MiB a second took $seconds s"
systemctl stop vm@all

assert_eq "$(head_of "/srv/vm/a, b.raw")" words-of-file
assert_eq "$(head_of /srv/vm/export.raw)" words-of-local
assert_eq "$(head_of /srv/vm/remote.raw)" words-of-remote
qemu-img convert -f qcow2 -O raw /srv/vm/old.qcow2 /var/tmp/old.raw
assert_eq "$(head_of /var/tmp/old.raw)" words-of-old

# What is encrypted is not to be read without the key, and is with it.
state=/var/lib/vmlet/vm/all
assert_fails grep -q words-of-secret "$state/secret.qcow2"
qemu-img convert --object secret,id=k,file=/etc/vmlet/keys/secret --image-opts \
	"driver=qcow2,encrypt.key-secret=k,file.filename=$state/secret.qcow2" -O raw /var/tmp/secret.raw
assert_eq "$(head_of /var/tmp/secret.raw)" words-of-secret
assert_not_contains "$(systemctl cat vm@all)" "$(</etc/vmlet/keys/secret)"

# What was asked for at creation.
info=$(qemu-img info --output=json "$state/quick.qcow2")
assert_eq "$(jq -r '."cluster-size", ."format-specific".data."compression-type", ."format-specific".data."lazy-refcounts"' <<<"$info" | tr '\n' ' ')" \
	"4096 zstd true "
(($(stat -c %b "$state/slow.qcow2") * 512 >= 8 * 1024 * 1024)) || fail "slow.qcow2 takes no space"
qemu-img check -q "$state/quick.qcow2"

# A key that grows with its disk.
sed -i 's/secret: {size: 8MiB/secret: {size: 16MiB/' /etc/vmlet/all.yaml
systemctl daemon-reload
systemctl start vm@all
assert_eq "$(guest all 'cat /sys/block/nvme0n1/size')" 32768
assert_eq "$(read_text all nvme0n1)" words-of-secret
systemctl stop vm@all

# Two guests that share a disk both write; without 'shareable' the spec of the second is refused.
for name in one two; do
	linux "$name" vmlet.sh "disks: {data: {path: /srv/vm/shared.raw, format: raw, shareable: yes, cache: none}}"
	systemctl start "vm@$name"
done
write one vda from-one
assert_eq "$(read_text two vda)" from-one
systemctl stop vm@one vm@two
linux two vmlet.sh "disks: {data: {path: /srv/vm/shared.raw, format: raw}}"
assert_fails vmlet check >/var/tmp/check 2>&1
assert_contains "$(</var/tmp/check)" "disk '/srv/vm/shared.raw' is used by vm 'one' already"
rm /etc/vmlet/two.yaml

# One file by two names: QEMU's lock is the second line.
ln -s shared.raw /srv/vm/alias.raw
for pair in one:shared two:alias; do
	linux "${pair%:*}" vmlet.sh "restart: no" "disks: {data: {path: /srv/vm/${pair#*:}.raw, format: raw}}"
done
vmlet check
systemctl start vm@one
assert_fails systemctl start vm@two 2>/dev/null
assert_contains "$(why two)" 'Failed to get "write" lock'
systemctl stop vm@one
systemctl reset-failed vm@two

# A file that is not to be opened, is nothing of the kind, or names another file.
refused() {
	linux bad "" "restart: no" "disks: {data: $1}"
	assert_fails systemctl start vm@bad 2>/dev/null
	assert_contains "$(why bad)" "$2"
	systemctl reset-failed vm@bad
}
truncate -s 8M /srv/vm/private.raw
chmod 0600 /srv/vm/private.raw
refused "{path: /srv/vm/private.raw, format: raw}" "give it to group kvm"
refused "{path: /srv/vm/export.raw, format: qcow2}" "is not a qcow2 file"
qemu-img create -q -u -f qcow2 -F raw -b /etc/shadow /srv/vm/evil.qcow2 8M
chmod 0666 /srv/vm/evil.qcow2
refused "{path: /srv/vm/evil.qcow2, format: qcow2}" "stands on another file"
qemu-img create -q -u -f qcow2 -F raw -b 'json:{"driver":"file","filename":"/etc/shadow"}' /srv/vm/evil.qcow2 8M
refused "{path: /srv/vm/evil.qcow2, format: qcow2}" "stands on another file"
qemu-img create -q -f qcow2 -o data_file=/srv/vm/evil.data /srv/vm/evil.qcow2 8M
refused "{path: /srv/vm/evil.qcow2, format: qcow2}" "keeps its data in another file"
