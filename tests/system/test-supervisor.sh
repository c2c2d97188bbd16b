# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 400
# alone: yes
#
# What ends a VM, and what the unit, the restart counter and the journal then say.

# supervisors NAME: the process IDs of a VM's supervisor and of the one that watches it.
supervisors() {
	pgrep -f "^vmlet-run: supervisor of $1\$"
}

panic() { guest "$1" "(sleep 1; echo 1 >/proc/sys/kernel/panic_on_oops; echo c >/proc/sysrq-trigger) & true"; }
power_off() { guest "$1" "(sleep 1; poweroff -f) & true"; }
feed_no_more() { guest "$1" "guest-outb 0x443 14"; }
wedge() { kill -STOP "$(main_pid "$1")"; }
crash() { kill -KILL "$(main_pid "$1")"; }

# What happens, with the lines of the spec, and for each "restart": the unit's state, its Result at its
# first end, how often it was started again, and what the journal says.
cases() {
	cat <<-'END'
		panic        no          failed    exit-code  0  The guest's kernel panicked
		panic        on-success  failed    exit-code  0  The guest's kernel panicked
		panic        on-failure  active    -          1  The guest's kernel panicked
		panic        on-abnormal failed    exit-code  0  The guest's kernel panicked
		panic        on-watchdog failed    exit-code  0  The guest's kernel panicked
		panic        on-abort    failed    exit-code  0  The guest's kernel panicked
		panic        always      active    -          1  The guest's kernel panicked
		power_off    no          inactive  success    0  The guest powered itself off
		power_off    on-success  active    -          1  The guest powered itself off
		power_off    on-failure  inactive  success    0  The guest powered itself off
		power_off    on-abnormal inactive  success    0  The guest powered itself off
		power_off    on-watchdog inactive  success    0  The guest powered itself off
		power_off    on-abort    inactive  success    0  The guest powered itself off
		power_off    always      active    -          1  The guest powered itself off
		wedge        no          failed    watchdog   0  QEMU does not answer
		wedge        on-success  failed    watchdog   0  QEMU does not answer
		wedge        on-failure  active    -          1  QEMU does not answer
		wedge        on-abnormal active    -          1  QEMU does not answer
		wedge        on-watchdog active    -          1  QEMU does not answer
		wedge        on-abort    failed    watchdog   0  QEMU does not answer
		wedge        always      active    -          1  QEMU does not answer
		crash        no          failed    signal     0  Main process exited, code=killed, status=9/KILL
		crash        on-success  failed    signal     0  Main process exited, code=killed, status=9/KILL
		crash        on-failure  active    -          1  Main process exited, code=killed, status=9/KILL
		crash        on-abnormal active    -          1  Main process exited, code=killed, status=9/KILL
		crash        on-watchdog failed    signal     0  Main process exited, code=killed, status=9/KILL
		crash        on-abort    active    -          1  Main process exited, code=killed, status=9/KILL
		crash        always      active    -          1  Main process exited, code=killed, status=9/KILL
		feed_no_more no          failed    watchdog   0  The guest does not feed its watchdog
		feed_no_more on-success  failed    watchdog   0  The guest does not feed its watchdog
		feed_no_more on-failure  active    -          1  The guest does not feed its watchdog
		feed_no_more on-abnormal active    -          1  The guest does not feed its watchdog
		feed_no_more on-watchdog active    -          1  The guest does not feed its watchdog
		feed_no_more on-abort    failed    watchdog   0  The guest does not feed its watchdog
		feed_no_more always      active    -          1  The guest does not feed its watchdog
	END
}

n=0
while read -r what restart state result count says; do
	n=$((n + 1))
	name=${what//_/-}-$n
	lines=("restart: $restart" "restart-delay: 1s" "liveness: {check: qemu, timeout: 4s}" "watchdog: {model: ib700, action: restart}")
	# Where the guest has no part in it, the smallest will do.
	case $what in
	wedge | crash) NO_RELOAD=1 mini "$name" "${lines[@]}" ;;
	*) NO_RELOAD=1 linux "$name" "" "${lines[@]}" ;;
	esac
	echo "$name $what $state $result $count $says"
done < <(cases) >"$logs/table"
systemctl daemon-reload

# Five at a time: each boots a guest under emulation.
# judge NAME WHAT STATE RESULT COUNT SAYS...
judge() {
	local name=$1 what=$2 state=$3 result=$4 count=$5
	shift 5
	systemctl start "vm@$name"
	wait_serial "$name" ": up" 60
	"$what" "$name" >/dev/null
	if [[ $state == active ]]; then
		eventually 40 restarted "$name" "$count"
		eventually 10 is_state "$name" active
	else
		eventually 40 is_state "$name" "$state"
		assert_eq "$name $(unit_prop "vm@$name" Result)" "$name $result"
		assert_eq "$(unit_prop "vm@$name" NRestarts)" "$count"
	fi
	assert_contains "$(journal -u "vm@$name")" "$*"
	systemctl kill --signal=KILL "vm@$name" 2>/dev/null || true
	systemctl stop "vm@$name"
}
restarted() { [[ $(unit_prop "vm@$1" NRestarts) == "$2" ]]; }
mapfile -t rows <"$logs/table"
for ((i = 0; i < ${#rows[@]}; i += 5)); do
	jobs=()
	for row in "${rows[@]:i:5}"; do
		# shellcheck disable=SC2086 # words
		judge $row &
		jobs+=($!)
	done
	for job in "${jobs[@]}"; do wait "$job"; done
done

# A guest that resets for ever runs on, and does not flood the journal.
linux loop "" "liveness: none"
systemctl start vm@loop
wait_serial loop "guest-linux: up"
for ((i = 0; i < 30; i++)); do vmlet reset loop; done
assert_eq "$(state loop) $(unit_prop vm@loop NRestarts)" "active 0"
resets=$(journal -u vm@loop | grep --count "The guest is reset")
((resets >= 10 && resets <= 20)) || fail "$resets entries for 30 resets"

# The supervisor is killed: the VM runs on, the journal says so, and there is a new one, with a console.
pid=$(main_pid loop)
kill -KILL "$(supervisors loop | tail -n 1)"
eventually 5 eval 'journal -u vm@loop | grep -q "supervisor was ended by signal 9"'
eventually 5 eval '(($(supervisors loop | wc -l) == 2))'
assert_eq "$(state loop) $(main_pid loop) $(unit_prop vm@loop NRestarts)" "active $pid 0"
wait_serial loop "guest-linux: up" 60 2
guest loop "echo still here" >/dev/null

# Both are killed: without liveness QEMU runs on, and stops as it should.
mapfile -t pids < <(supervisors loop)
kill -KILL "${pids[@]}"
sleep 2
assert_eq "$(state loop) $(main_pid loop)" "active $pid"
systemctl stop vm@loop
assert_eq "$(unit_prop vm@loop Result)" success

# With liveness, systemd's watchdog acts.
mini orphaned "liveness: {timeout: 3s}" "restart-delay: 1s"
systemctl start vm@orphaned
mapfile -t pids < <(supervisors orphaned)
kill -KILL "${pids[@]}"
eventually 15 restarted orphaned 1
eventually 10 is_state orphaned active

# A guest whose agent was there and answers no more.
linux silent vmlet.ready=agent "ready: guest-agent" "liveness: {check: guest-agent, timeout: 4s}" "restart-delay: 1s"
systemctl start vm@silent
sleep 6
assert_eq "$(unit_prop vm@silent NRestarts)" 0
guest silent 'kill -STOP $(pidof qemu-ga)'
eventually 30 restarted silent 1
assert_contains "$(journal -u vm@silent)" "The guest agent does not answer"

# Each entry has its ID, the VM and what QEMU said.
assert_contains "$(journalctl -u vm@loop -o json --after-cursor "$(<"$logs/.cursor")" |
	jq -c 'select(.MESSAGE_ID == "71fde4836e2742fabaf280b657e9548b") | [.VMLET_VM, (.VMLET_DATA | fromjson | .reason)]' | head -n 1)" \
	'["loop","host-qmp-system-reset"]'
