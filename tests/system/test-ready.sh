# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 240
# alone: yes
#
# "systemctl start" returns when the guest is ready, as its spec has it: not before, and hardly later.
# A guest that never is fails the start, says what it waited for, and is powered off.

# line_usec NAME TEXT: when the guest printed it, by the journal.
line_usec() {
	journalctl --sync
	journalctl --quiet --unit "vm@$1" --identifier "$1" --output json --after-cursor "$(<"$logs/.cursor")" |
		jq -r --arg text "$2" 'select(.MESSAGE | contains($text)) | .__REALTIME_TIMESTAMP' | head -n 1
}

# returns_with NAME TEXT: the start ends at most 200 ms after the guest says that, and not before.
returns_with() {
	local ended said
	systemctl start "vm@$1"
	ended=${EPOCHREALTIME/./}
	# What the guest printed last may be on its way to the journal yet.
	for _ in {1..20}; do
		said=$(line_usec "$1" "$2")
		[[ -z $said ]] || break
		sleep 0.1
	done
	[[ $said ]] || fail "$1 never said $2"
	((ended >= said)) || fail "the start of $1 ended $(((said - ended) / 1000)) ms before the guest was ready"
	((ended <= said + 200000)) || fail "the start of $1 ended $(((ended - said) / 1000)) ms after the guest was ready"
	assert_eq "$(state "$1")" active
	assert_contains "$(journal -u "vm@$1")" "The VM is ready, "
	systemctl stop "vm@$1"
	assert_eq "$(unit_prop "vm@$1" Result)" success
}

linux agent vmlet.ready=loud-agent "ready: guest-agent" "console: {journal: yes}"
returns_with agent "debug: sending data, count: 15"
# The same agent is the first rung of a stop.
assert_contains "$(journal -u vm@agent)" "s: the guest agent is asked to power off."
saw "guest-linux: agent: poweroff" "$(serial_log agent)"
assert_not_contains "$(journal -u vm@agent)" "the power button is pressed"

linux port vmlet.ready=port "ready: notify" "console: {journal: yes}"
assert_contains "$(systemctl start vm@port 2>&1; why port)" "no /dev/vhost-vsock: the guest must say READY=1 on its virtio-serial port"
assert_contains "$(why port)" 'it says: all is well'
systemctl stop vm@port
# Once more, as the first has logged too.
journalctl --quiet --lines=0 --show-cursor | sed -n 's/^-- cursor: //p' >"$logs/.cursor"
returns_with port "guest-linux: ready now"

NO_RELOAD=1 network lan "addresses: 10.1.0.1/24" "dhcp: yes"
linux tcp "vmlet.dhcp vmlet.ready=tcp" "nics: {lan: {network: lan, address: 10.1.0.5}}" "ready: {tcp: 80}" "console: {journal: yes}"
# One that nobody answers for, which the kernel knows after three seconds, is not ready by that.
NO_RELOAD=1 mini silent "nics: {lan: {network: lan, address: 10.1.0.6}}" "ready: {tcp: 80}" "restart: no"
systemctl daemon-reload
systemctl start --no-block vm@silent
sleep 5
assert_eq "$(state silent)" activating
systemctl stop vm@silent
returns_with tcp "guest-linux: ready now"
assert_eq "$(unit_prop vm@tcp IPAddressAllow)" 10.1.0.5/32

# (The line before it is told by then; of the line itself the end may be still to come.)
linux serial vmlet.ready=line "ready: {serial: 'guest-linux: (listens|serves)$'}" "console: {journal: yes}"
returns_with serial "guest-linux: ready now"

# Never: the reason is in the status and the journal, the guest is powered off, and only then QEMU ends.
linux never "" "ready: guest-agent" "ready-timeout: 8s" "stop-timeout: 20s" "restart: no"
assert_fails systemctl start vm@never 2>/dev/null
assert_eq "$(unit_prop vm@never Result)" timeout
assert_contains "$(journal -u vm@never)" "The VM is not ready after 8 s ('ready-timeout'): it waited for its guest agent. The guest is asked to power off."
saw "guest-linux: power button" "$(serial_log never)"
assert_eq "$(unit_prop vm@never MainPID)" 0

# One that does not obey either: bounded by its stop-timeout.
mini deaf "ready: {serial: never}" "ready-timeout: 2s" "stop-timeout: 1s" "restart: no"
before=$SECONDS
assert_fails systemctl start vm@deaf 2>/dev/null
((SECONDS - before < 12)) || fail "the start took $((SECONDS - before)) s"
assert_contains "$(journal -u vm@deaf)" "it waited for a line on its serial port"

# A guest that is ready a second time is still ready; a chain waits for each link.
linux db vmlet.ready=none "ready: {serial: 'ready now'}" "console: {journal: yes}"
NO_RELOAD=1 mini app "depends-on: [db]" "console: {journal: yes}"
systemctl daemon-reload
systemctl start vm@app
wait_serial app ": up"
first=$(line_usec db "guest-linux: ready now")
second=$(line_usec app ": up")
((first < second)) || fail "app was up before db was ready"
