# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 120
# alone: yes
#
# However the guest and QEMU behave, a stop ends, in bounded time and with whole disks.

seconds() {
	local start=${EPOCHREALTIME/./}
	"$@" || true
	echo $(((${EPOCHREALTIME/./} - start) / 1000000))
}

# A guest asked while it is still in its firmware hears the button that is pressed again.
mini early
systemctl start vm@early
took=$(seconds systemctl stop vm@early)
((took <= 10)) || fail "the stop took $took s"
assert_eq "$(unit_prop vm@early Result)" success
wait_serial early "guest-mini: power button" 1

# A guest that ignores it is given its time, then QEMU quits by itself.
image guest-mini-deaf
spec deaf <<EOF
accel: tcg
memory: 64MiB
stop-timeout: 3s
disks: {root: {image: guest-mini-deaf}}
# Shorter than the stop timeout, which vmlet-stop therefore has to ask systemd for.
service: {TimeoutStopSec: 1s}
EOF
systemctl start vm@deaf
wait_serial deaf ": up"
qemu=$(main_pid deaf)
(
	# Who asks it is in QEMU's namespaces, as its user, and can do nothing more.
	eventually 3 pgrep --full libexec/vmlet/vmlet-stop
	sleep 0.5
	pid=$(pgrep --full libexec/vmlet/vmlet-stop)
	for what in user mnt net ipc uts; do
		assert_eq "$what $(stat -L -c %i "/proc/$pid/ns/$what")" "$what $(stat -L -c %i "/proc/$qemu/ns/$what")"
	done
	for key in Uid Gid CapEff CapPrm CapAmb NoNewPrivs; do
		assert_eq "$(grep "^$key:" "/proc/$pid/status")" "$(grep "^$key:" "/proc/$qemu/status")"
	done
	assert_eq "$(awk '/^Groups:/ {print NF}' "/proc/$pid/status")" 1
) &
watcher=$!
took=$(seconds systemctl stop vm@deaf)
wait "$watcher"
((took >= 3 && took <= 7)) || fail "the stop took $took s"
assert_eq "$(unit_prop vm@deaf Result)" success
assert_contains "$(journal -u vm@deaf)" "s: the guest has not powered off ('stop-timeout'), and QEMU quits."
qemu-img check -q -f qcow2 /var/lib/vmlet/vm/deaf/root.qcow2

# A QEMU that hangs hears neither QMP nor SIGTERM.
mini hung "stop-timeout: 10s" "service: {TimeoutStopSec: 3s}"
systemctl start vm@hung
wait_serial hung ": up"
kill -STOP "$(main_pid hung)"
took=$(seconds systemctl stop vm@hung)
((took <= 15)) || fail "the stop took $took s"
assert_eq "$(state hung)" failed
assert_eq "$(main_pid hung)" 0

# A person in the monitor does not keep the stop waiting.
mini watched
systemctl start vm@watched
wait_serial watched ": up"
socat - UNIX-CONNECT:/run/vmlet/vm/watched/qmp.sock </dev/zero >/dev/null 2>&1 &
sleep 0.2
took=$(seconds systemctl stop vm@watched)
((took <= 5)) || fail "the stop took $took s"
assert_eq "$(unit_prop vm@watched Result)" success

# stop --force is a power cut, and no crash to restart from.
mini cut "restart-delay: 100ms"
systemctl start vm@cut
wait_serial cut ": up"
vmlet stop --force cut
assert_eq "$(state cut)" inactive
sleep 0.5
assert_eq "$(state cut)" inactive
assert_not_contains "$(journal -u vm@cut)" "Scheduled restart job"
assert_fails vmlet stop --force cut
assert_fails vmlet stop cut

# reset boots the guest again under the same QEMU.
mini again
systemctl start vm@again
wait_serial again ": up"
pid=$(main_pid again)
vmlet reset again
wait_serial again ": up" 10 2
assert_eq "$(main_pid again)" "$pid"
systemctl stop vm@again
assert_fails vmlet reset again
assert_fails vmlet console again </dev/null
