# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 120
# alone: yes
#
# While the host sleeps no guest runs, and then those run on that ran, their clocks right. All is real but the
# sleep itself: the kernel is another's.

mkdir -p /run/systemd/system/systemd-suspend.service.d
trap 'rm -r /run/systemd/system/systemd-suspend.service.d' EXIT
cat >/run/systemd/system/systemd-suspend.service.d/sleep.conf <<-'EOF'
	[Service]
	ExecStart=
	ExecStart=/bin/sh -c 'date +%%s >/run/slept; sleep 4; date +%%s >/run/woke'
EOF
NO_RELOAD=1 linux web vmlet.ready=agent "ready: guest-agent" "liveness: {check: guest-agent, timeout: 10s}"
NO_RELOAD=1 mini paused
NO_RELOAD=1 mini wedged "liveness: none"
systemctl daemon-reload
systemctl start vm@web vm@paused vm@wedged
vmlet pause paused
guest web "(while :; do date +%s; sleep 0.2; done >/ticks) & true"

# One that does not answer holds up nothing for long.
kill -STOP "$(main_pid wedged)"
begun=$SECONDS
systemctl start suspend.target
took=$((SECONDS - begun))
((took <= 15)) || fail "to sleep and wake took $took s"
kill -CONT "$(main_pid wedged)"
eventually 10 eval '[[ $(unit_prop vmlet-sleep ActiveState) == inactive || $(unit_prop vmlet-sleep ActiveState) == failed ]]'
assert_contains "$(journal -u vmlet-sleep)" "VM wedged: "

log=$(journal -u vm@web)
assert_contains "$log" "The guest is paused"
assert_contains "$log" "The guest runs"
eventually 10 eval '(($(date +%s) - $(guest web "date +%s") <= 1))'
# Nothing ran while the host slept.
between() { awk -v from="$(</run/slept)" -v to="$(</run/woke)" '$1 > from + 1 && $1 < to - 1' | wc -l; }
assert_eq "$(guest web "cat /ticks" | between)" 0
assert_eq "$(unit_prop vm@web NRestarts) $(state web)" "0 active"

# The one that a person paused is still.
assert_contains "$(vmlet status paused)" paused
