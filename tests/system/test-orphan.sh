# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 90
#
# A spec that vanishes or breaks leaves its running VM alone: it is listed, and stops cleanly by what it
# was booted with.

# The longest name has a user whose name is a hash.
long=a23456789-123456789-123456789-123456789-12345678
mini gone "stop-timeout: 20s"
mini broken
mini $long
systemctl start vm@gone vm@broken vm@$long
wait_serial $long ": up"

# Each VM is a user of its own.
uids=$(for name in gone broken $long; do stat -c %u "/proc/$(main_pid "$name")"; done | sort -u | wc -l)
assert_eq "$uids" 3
assert_fails setpriv --reuid "$(stat -c %u "/proc/$(main_pid gone)")" --clear-groups \
	ls /var/lib/vmlet/vm/broken/ 2>/dev/null
assert_fails nsenter --target "$(main_pid gone)" --mount setpriv --reuid "$(stat -c %u "/proc/$(main_pid gone)")" \
	--clear-groups socat - UNIX-CONNECT:/run/vmlet/vm/broken/qmp.sock </dev/null 2>/dev/null
assert_fails setpriv --reuid "$(stat -c %u "/proc/$(main_pid gone)")" --clear-groups \
	kill -0 "$(main_pid broken)" 2>/dev/null
wait_serial gone ": up"
wait_serial broken ": up"
pid=$(main_pid gone)

rm /etc/vmlet/gone.yaml /etc/vmlet/$long.yaml
spec broken <<<"memroy: 64MiB"
assert_eq "$(main_pid gone)" "$pid"
assert_eq "$(state gone)" active
assert_eq "$(state broken)" active
assert_contains "$(vmlet list | tr -s ' ')" "gone active gone $pid"
assert_contains "$(vmlet list | tr -s ' ')" "broken active broken"
assert_eq "$(vmlet list --json | python3 -c '
import json, sys
print([vm["spec"] for vm in json.load(sys.stdin) if vm["name"] == "gone"])')" "['gone']"

# Each keeps its user, so that its UID cannot become another VM's.
assert_eq "$(unit_prop vm@gone User)" vm-gone
assert_eq "$(unit_prop vm@broken User)" vm-broken
assert_eq "$(unit_prop vm@gone UID)" "$(stat -c %u "/proc/$pid")"
systemctl stop vm@gone vm@broken vm@$long
systemctl daemon-reload
assert_fails test -e /run/systemd/generator/vm@gone.service.d
for name in gone broken $long; do
	assert_eq "$(state "$name")" inactive
	assert_eq "$(unit_prop "vm@$name" Result)" success
	wait_serial "$name" "guest-mini: power button" 1
	test -e "/var/lib/vmlet/vm/$name/root.qcow2"
done
