# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 120
#
# machinectl knows the VMs that run, and its words reach the guest. Without machined nothing is missing.

known() { machinectl list --no-legend | grep -q "^$1 *vm  *vmlet "; }
unknown() { ! machinectl list --no-legend | grep -q "^$1 "; }

linux web "" "restart: on-failure" "restart-delay: 1s"
systemctl start vm@web
wait_serial web "guest-linux: up"
eventually 5 known web
status=$(machinectl status web --no-pager)
assert_contains "$status" "Unit: vm@web.service"
assert_contains "$status" "(vmlet-run)"

# Poweroff and reboot are the guest's, not QEMU's.
machinectl reboot web
eventually 20 eval 'journal -u vm@web | grep -q "The guest resets itself"'
wait_serial web "guest-linux: up" 60 2
machinectl poweroff web
wait_serial web "guest-linux: power button"
eventually 20 is_state web inactive
assert_eq "$(unit_prop vm@web Result) $(unit_prop vm@web NRestarts)" "success 0"
eventually 5 unknown web

# The end of the supervisor changes nothing; the end of QEMU makes another machine.
forget_serial web
systemctl start vm@web
wait_serial web "guest-linux: up"
eventually 5 known web
leader=$(machinectl show --value --property=Leader web)
kill -KILL "$(pgrep --parent "$leader")"
eventually 5 pgrep --parent "$leader"
assert_eq "$(machinectl show --value --property=Leader web)" "$leader"
kill -KILL "$(main_pid web)"
other_leader() { [[ $(machinectl show --value --property=Leader web) != "$leader" ]]; }
eventually 20 other_leader
eventually 20 is_state web active

# Terminate is a stop.
wait_serial web "guest-linux: up" 60 2
machinectl terminate web
eventually 20 is_state web inactive
wait_serial web "guest-linux: power button"
eventually 5 unknown web

# It starts no VM, and nothing waits for it.
systemctl start vm-machine@web
assert_eq "$(state web) $(unit_prop vm-machine@web ActiveState)" "inactive inactive"

# No machined.
systemctl mask --now --runtime systemd-machined dbus-org.freedesktop.machine1 2>/dev/null
trap 'systemctl unmask --runtime systemd-machined dbus-org.freedesktop.machine1 2>/dev/null' EXIT
mini alone
systemctl start vm@alone
eventually 5 eval '[[ $(unit_prop vm-machine@alone ActiveState) == failed ]]'
systemctl stop vm@alone
assert_eq "$(unit_prop vm@alone Result)" success
