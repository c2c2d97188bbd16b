# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 200
# alone: yes
#
# Fifty VMs at once: all start with vms.target, also while systemd reloads all the time, and all stop in parallel.

count=50
for ((i = 1; i <= count; i++)); do NO_RELOAD=1 mini "m$i" "autostart: yes"; done
systemctl daemon-reload

active() { systemctl list-units --no-legend --plain --state=active 'vm@*.service' | wc -l; }

# (The firmware writes between the guest's words.)
# all_start: by the target; none fails, and each guest is up.
all_start() {
	systemctl start vms.target
	eventually 60 eval '(($(active) == count))'
	assert_eq "$(systemctl list-units --no-legend --plain --state=failed 'vm@*.service')" ""
	for ((i = 1; i <= count; i++)); do wait_serial "m$i" "up" 60; done
	assert_eq "$(systemctl show -p NRestarts --value 'vm@m*.service' | sort -u | tr -d '\n')" 0
}

# all_stop: one after the other would take as long as each takes, and waits.
all_stop() {
	systemctl stop vms.target 'vm@*.service'
	assert_eq "$(active)" 0
	for ((i = 1; i <= count; i++)); do
		saw "guest-mini: power button" "$(serial_log "m$i")" || fail "m$i was not asked"
		assert_eq "m$i $(unit_prop "vm@m$i" Result)" "m$i success"
		forget_serial "m$i"
	done
}

all_start
all_stop

(while :; do systemctl daemon-reload; sleep 1; done) &
reloads=$!
all_start
all_stop
kill "$reloads"
wait "$reloads" || true

# One with a delay starts that much later, by a timer; who types its name has it at once.
mini late "autostart: yes" "start-delay: 3s"
rm /etc/vmlet/m*.yaml
systemctl daemon-reload
systemctl restart vms.target
assert_eq "$(state late)" inactive
eventually 10 is_state late active
delay=$(($(unit_prop vm@late InactiveExitTimestampMonotonic) - $(unit_prop vm@late.timer ActiveEnterTimestampMonotonic)))
((delay >= 2900000 && delay < 5000000)) || fail "it started $((delay / 1000)) ms after its timer"
