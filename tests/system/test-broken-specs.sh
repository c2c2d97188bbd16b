# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 90
#
# Broken specs take nobody with them, and say where they are broken to whoever starts their VM.

export NO_RELOAD=1
for i in {1..25}; do
	spec "good-$i" <<<"memory: 64MiB"
done
spec unknown-key <<<"memroy: 64MiB"
spec bad-value <<<"memory: 64"
printf 'nics:\n\tlan: br0\n' | spec tab
printf 'name: cut\nmemory: "64MiB\n' | spec syntax
printf 'memory: 64MiB\nmemory: 64MiB\n' | spec twice
spec anchor <<<"cpus: &count 2"
printf 'description: \xff\xfe\n' | spec bytes
spec empty </dev/null
spec list <<<"- 1"
spec rule <<<"disks: {cd: {cdrom: /a.iso, size: 1GiB}}"
spec good-3-again <<<"name: good-3"
spec open <<<"memory: 64MiB"
chmod o+w /etc/vmlet/open.yaml
mkfifo /etc/vmlet/fifo.yaml
mkdir /etc/vmlet/directory.yaml
mknod /etc/vmlet/device.yaml c 1 3
ln -s /etc/hostname /etc/vmlet/outside.yaml
ln -s good-1.yaml /etc/vmlet/link-within.yaml
ln -s /dev/null /etc/vmlet/masked.yaml
spec Not_a_Name <<<"memory: 64MiB"
head -c 1100000 /dev/zero | tr '\0' '#' | spec huge

systemctl daemon-reload
cd /run/systemd/generator || exit
for i in {1..25}; do
	[[ -s vm@good-$i.service.d/10-vmlet.conf && -s vmlet/good-$i.yaml ]] || fail "good-$i is missing"
done
[[ -s vmlet/link-within.yaml ]] || fail "a link within the directory was not followed"
assert_fails test -e vm@masked.service.d
assert_eq "$(find . -name '.*' -not -name .)" ""
assert_eq "$(find vmlet -type f | wc -l)" 26

# Each broken file is in the kernel's log with its place, and so is the start of its VM.
systemd-cat --identifier=check vmlet check || true
report=$(SYSTEMD_LOG_TARGET=console /usr/lib/systemd/system-generators/vmlet-generator /run/try 2>&1)
refused() {
	local name=$1 place=$2 words=$3
	assert_contains "$report" "/etc/vmlet/$place: error: "
	assert_contains "$report" "$words"
	[[ $name ]] || return 0
	assert_fails systemctl start "vm@$name" 2>/dev/null
	assert_contains "$(why "$name")" "$words"
	assert_contains "$(why "$name")" "/etc/vmlet/$place"
}
refused unknown-key unknown-key.yaml:1:1 "did you mean 'memory'?"
refused bad-value bad-value.yaml:1:9 "add a unit"
refused tab tab.yaml:2:1 "a tab cannot indent YAML"
refused cut syntax.yaml:3:1 "YAML:"
refused twice twice.yaml:2:1 "key 'memory' is repeated"
refused anchor anchor.yaml:1:7 "anchors are not part of the spec language"
refused bytes bytes.yaml:1:14 "not valid UTF-8"
refused empty empty.yaml:1:1 "the spec is empty"
refused list list.yaml:1:1 "a spec is a mapping"
refused rule rule.yaml:1:29 "exclude each other"
refused "" good-3-again.yaml:1:7 "vm 'good-3' is described already"
refused open open.yaml "writable by everyone"
refused fifo fifo.yaml "not a regular file"
refused directory directory.yaml "not a regular file"
refused device device.yaml "not a regular file"
refused outside outside.yaml "a link that leads out of the spec directory"
refused "" Not_a_Name.yaml:1:1 "is not a name"
refused huge huge.yaml "larger than 1 MiB"

# A name that no file has.
assert_fails systemctl start vm@nowhere 2>/dev/null
assert_contains "$(why nowhere)" "no spec named nowhere; known:"
assert_fails test -e /var/lib/vmlet/vm/nowhere

# Mended, it starts after a reload, and says so before.
spec unknown-key <<<"memory: 64MiB"
assert_fails systemctl start vm@unknown-key 2>/dev/null
assert_contains "$(journalctl -u vm@unknown-key --output=cat)" "run 'systemctl daemon-reload'"
