# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 120
#
# A QEMU that crashes is started again, with a new tap; one that goes on crashing is given up, and its
# neighbour does not notice.

mini quiet
mini crash "restart-delay: 100ms" "nics: {lan: br-test}"
systemctl start vm@quiet vm@crash
wait_serial crash ": up"
neighbour=$(main_pid quiet)

crash() {
	local before
	before=$(main_pid crash)
	kill -SEGV "$before"
	eventually 10 restarted "$before"
}

restarted() {
	local now
	now=$(main_pid crash)
	[[ $now != 0 && $now != "$1" && $(state crash) == active ]] || is_state crash failed
}

crash
wait_serial crash ": up" 20 2
assert_eq "$(unit_prop vm@crash NRestarts)" 1
assert_contains "$(ip -o link show master br-test)" vm-crash_lan

# Five starts within the interval are the limit: this was the second.
for _ in 1 2 3 4; do crash; done
eventually 10 is_state crash failed
assert_contains "$(journal -u vm@crash)" "Start request repeated too quickly"
assert_eq "$(unit_prop vm@crash NRestarts)" 5
eventually 5 test ! -e /sys/class/net/vm-crash_lan
assert_eq "$(main_pid quiet)" "$neighbour"
assert_eq "$(state quiet)" active

# A guest that powers itself off is not started again.
linux off vmlet.poweroff "restart-delay: 100ms"
systemctl start vm@off
eventually 30 is_state off inactive
assert_eq "$(unit_prop vm@off Result)" success
assert_eq "$(unit_prop vm@off NRestarts)" 0
