# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 240
#
# The role of examples/ansible: from nothing to three VMs; again, which changes nothing; and a spec with errors, which
# never takes the place of a good one.

export HOME=/root ANSIBLE_LOCALHOST_WARNING=False ANSIBLE_NOCOLOR=1 LC_ALL=C.UTF-8
image guest-mini
cp -r /usr/lib/vmlet-test/examples/ansible "$logs/ansible"
cd "$logs/ansible" || exit

# vms EXTRA: three, that depend on each other, one with a line of its own.
vms() {
	cat >group_vars/all.yaml <<-EOF
		vms:
		  web: {state: running, depends-on: [app], accel: tcg, memory: 64MiB, disks: {root: {image: guest-mini}}$1}
		  app: {state: running, depends-on: [db], accel: tcg, memory: 64MiB, disks: {root: {image: guest-mini}}}
		  db: {state: running, accel: tcg, memory: 64MiB, disks: {root: {image: guest-mini}}}
	EOF
}
# play: runs the playbook, and prints what it changed and failed.
play() {
	ansible-playbook -i inventory.ini site.yaml >"$logs/play" 2>&1 || true
	sed -n 's/^localhost .*\(changed=[0-9]*\).*\(failed=[0-9]*\).*/\1 \2/p' "$logs/play"
}

vms ''
first=$(play)
assert_eq "${first#* }" failed=0
[[ $first != changed=0* ]] || fail "nothing was changed: $(cat "$logs/play")"
for name in db app web; do assert_eq "$name $(state $name)" "$name active"; done
pid=$(main_pid web)
assert_eq "$(play)" "changed=0 failed=0"

# A change, by its policy.
vms ', description: The front'
assert_eq "$(play)" "changed=2 failed=0"
assert_eq "$(unit_prop vm@web Description) $(main_pid web)" "The front $pid"
assert_eq "$(play)" "changed=0 failed=0"

# A template with a mistake.
before=$(</etc/vmlet/web.yaml)
vms ', memry: 1GiB'
assert_eq "$(play)" "changed=0 failed=1"
assert_contains "$(cat "$logs/play")" "unknown key"
assert_eq "$(</etc/vmlet/web.yaml)" "$before"
assert_eq "$(state web) $(main_pid web)" "active $pid"

# One less.
cat >group_vars/all.yaml <<-EOF
	vms:
	  db: {state: running, accel: tcg, memory: 64MiB, disks: {root: {image: guest-mini}}}
EOF
out=$(play)
assert_eq "${out#* }" failed=0
assert_eq "$(state web) $(state app) $(state db)" "inactive inactive active"
test -e /var/lib/vmlet/vm/web/root.qcow2
