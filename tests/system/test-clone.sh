# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 300
#
# Clones, full and linked, of VMs that run and that do not: each has what was on the disks, and each its own from
# then on.

# write NAME TEXT: to all disks; read_all NAME: what is on them.
write() {
	guest "$1" "for d in /dev/vd?; do echo $2 | dd of=\$d conv=sync,fsync bs=512 2>/dev/null; done"
}
read_all() {
	guest "$1" 'for d in /dev/vd?; do dd if=$d bs=512 count=1 2>/dev/null | tr -d "\000"; done' | tr '\n' ' '
}
# has NAME TEXT: boots it and looks.
has() {
	systemctl start "vm@$1"
	assert_eq "$(read_all "$1")" "$2 $2 $2 "
	systemctl stop "vm@$1"
}
clean() {
	local name disk
	for name in "$@"; do
		for disk in root a; do
			qemu-img check -q -f qcow2 "/var/lib/vmlet/vm/$name/$disk.qcow2" || fail "$name/$disk is damaged"
		done
	done
}

qemu-img create -q -f qcow2 /var/tmp/base.qcow2 8M
install -D -m 0644 /var/tmp/base.qcow2 /var/lib/vmlet/images/base.qcow2
linux src vmlet.sh "# a comment" "disks: {root: {image: base}, a: 8MiB, b: {size: 4MiB, format: raw}}" \
	"nics: {lan: {bridge: br-c, mac: '52:54:00:11:22:33'}}" "description: 'the first: \"one\"'" "qemu-args: []"
failing "is not there yet" vmlet clone src early
[[ ! -e /etc/vmlet/early.yaml ]] || fail "there is a spec without disks"

# A full clone of a running VM, and of a stopped one.
systemctl start vm@src
write src first
vmlet clone src running
assert_fails grep 'mac:' /etc/vmlet/running.yaml
assert_contains "$(</etc/vmlet/running.yaml)" 'description: "the first: \"one\""'
write src second
systemctl daemon-reload
has running first
systemctl stop vm@src
vmlet clone src stopped
systemctl daemon-reload
has stopped second
has src second
clean src running stopped
assert_eq "$(qemu-img info --output=json /var/lib/vmlet/vm/stopped/root.qcow2 | jq -r '."full-backing-filename"')" /var/lib/vmlet/images/base.qcow2
[[ $(vmlet list --json | jq -r '.[].nics[0].mac' | sort -u | wc -l) == 3 ]] || fail "clones share a MAC address"

# The two write to files of their own.
systemctl start vm@running
write running third
systemctl stop vm@running
has src second

# Linked ones: a raw disk cannot be.
failing "no plain qcow2 file" vmlet clone src linked --linked
assert_eq "$(find /var/lib/vmlet/layers -type f)" ""
linux src vmlet.sh "disks: {root: {image: base}, a: 8MiB, c: 4MiB}"
systemctl start vm@src
write src fourth
vmlet clone src linked --linked
write src fifth
systemctl daemon-reload
has linked fourth
assert_eq "$(read_all src)" "fifth fifth fifth "
vmlet clone src deeper --linked
write src sixth
systemctl stop vm@src
vmlet clone linked sideways --linked
systemctl daemon-reload
for pair in src:sixth linked:fourth deeper:fifth sideways:fourth; do
	has "${pair%:*}" "${pair#*:}"
	clean "${pair%:*}"
done
# What they share only VMs may read, and gc keeps it as long as one needs it.
assert_eq "$(stat -c '%a %U %G' /var/lib/vmlet/layers/* | sort -u)" "440 root kvm"
assert_eq "$(stat -c '%a %U %G' /var/lib/vmlet/layers)" "750 root kvm"
shared() {
	find /var/lib/vmlet/layers -name '*.qcow2' | wc -l
}
before=$(shared)
vmlet image gc
assert_eq "$(shared)" "$before"
failing "is needed by" vmlet image rm base

# Snapshots stay with their disk, so it is not shared.
vmlet snapshot create src snap
failing "has snapshots" vmlet clone src never --linked
vmlet snapshot delete src snap
assert_eq "$(shared)" "$before"

# What cannot be is refused before anything is made.
failing "there is a spec of linked" vmlet clone src linked
failing "is not a name" vmlet clone src a/b
failing "no spec named nope" vmlet clone nope other
linux port "" "nics: {out: {user: {forwards: {tcp/9999: 22}}}}"
failing "cannot be another VM's as it is" vmlet clone port other
[[ ! -e /etc/vmlet/other.yaml ]] || fail "there is a spec of what was refused"
assert_eq "$(find /var/lib/private/vmlet/vm -maxdepth 1 -name '.*')" ""

# Removal: disks only when told, after they were named.
failing "runs" bash -c 'systemctl start vm@deeper; vmlet rm deeper'
systemctl stop vm@deeper
vmlet rm deeper
[[ ! -e /etc/vmlet/deeper.yaml && -e /var/lib/private/vmlet/vm/deeper/root.qcow2 ]] || fail "rm took the disks, or not the spec"
failing "give --yes, too" vmlet rm deeper --disks </dev/null
removed=$(vmlet rm deeper --disks --yes)
assert_contains "$removed" "root.qcow2"
[[ ! -e /var/lib/private/vmlet/vm/deeper && ! -L /var/lib/vmlet/vm/deeper ]] || fail "the disks are still there"
printf 'name: x\n---\nname: y\n' >/etc/vmlet/two.yaml
failing "describes more than x: remove its document, at line 1" vmlet rm x
rm /etc/vmlet/two.yaml
for name in linked sideways running stopped; do vmlet rm "$name" --disks --yes >/dev/null; done
systemctl daemon-reload
vmlet image gc >/dev/null
has src sixth
vmlet rm src --disks --yes >/dev/null
systemctl daemon-reload
vmlet image gc >/dev/null
assert_eq "$(find /var/lib/vmlet/layers -type f)" ""
