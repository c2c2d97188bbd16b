# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 120
# phases: 2
#
# systemctl poweroff of a host with a chain of VMs: they end in the reverse of their order, each by its power
# button, before the network goes; one is suspended, and goes on after the next boot.

vms=/var/lib/vmlet/vm
kept=/var/lib/vmlet-test-kept

if ((phase == 1)); then
	NO_RELOAD=1 network lan "addresses: 10.1.0.1/24"
	for link in db: app:db web:app; do
		NO_RELOAD=1 linux "${link%:*}" vmlet.write=words "ready: {serial: 'guest-linux: up'}" "depends-on: [${link#*:}]" \
			"nics: {lan: {network: lan}}" "disks: {data: {size: 64MiB}}"
	done
	NO_RELOAD=1 linux sleeper "" "autostart: yes" "on-host-shutdown: suspend" "disks: {data: {size: 64MiB}}"
	image guest-mini-deaf
	NO_RELOAD=1 spec deaf <<-'EOF'
		accel: tcg
		memory: 64MiB
		stop-timeout: 2s
		disks: {root: {image: guest-mini-deaf}, data: {size: 64MiB}}
	EOF
	systemctl daemon-reload
	systemctl start vm@web vm@sleeper vm@deaf
	wait_serial sleeper "guest-linux: up"
	wait_serial deaf ": up"
	guest sleeper "mount -t tmpfs tmpfs /mnt; echo kept-in-memory >/mnt/a"
	# Only a shutdown of the host suspends it.
	failing "may be requested by dependency only" systemctl stop vmlet-shutdown
	mkdir -p "$kept" /var/log/journal
	systemctl restart systemd-journald
	journalctl --flush
	systemctl show --property=UserspaceTimestampMonotonic >"$kept/boot"
	cp "$logs/.cursor" "$kept/cursor"
	return
fi

[[ $(systemctl show --property=UserspaceTimestampMonotonic) != "$(<"$kept/boot")" ]] || fail "the same boot"

# The last words of each guest, by when they were written.
words() { stat -c '%Y.%y %n' "$vms/$1/console.log"; }
for name in db app web; do
	saw "guest-linux: power button" "$vms/$name/console.log" || fail "$name was not asked to power off"
	qemu-img check -q -f qcow2 "$vms/$name/data.qcow2"
done
[[ $vms/web/console.log -ot $vms/app/console.log ]] || fail "app ended before web: $(words web), $(words app)"
[[ $vms/app/console.log -ot $vms/db/console.log ]] || fail "db ended before app: $(words app), $(words db)"
qemu-img check -q -f qcow2 "$vms/deaf/data.qcow2"

# What the journal of that boot has: how the one that hears nothing ended, and that the network went last.
last() { journalctl --quiet --output=short-monotonic --after-cursor="$(<"$kept/cursor")" "$@"; }
assert_contains "$(last -u vm@deaf)" "the guest has not powered off ('stop-timeout'), and QEMU quits"
assert_contains "$(last -u vm@sleeper)" "the guest is suspended, as the host shuts down"
for name in db app web sleeper deaf; do
	assert_not_contains "$(last -u "vm@$name")" "Failed with result"
done
when() { last -u "$1" | sed -n "s/^\[ *\([0-9.]*\)\].*$2.*/\1/p" | tail -n 1; }
db=$(when vm@db "Stopped .*db")
lan=$(when vm-network@lan "Stopped ")
[[ $(printf '%s\n' "$db" "$lan" | sort -n | head -n 1) == "$db" && -n $db && -n $lan ]] ||
	fail "the network ended at $lan, db at $db"

# The suspended one goes on with this boot.
eventually 60 is_state sleeper active
assert_eq "$(guest sleeper "cat /mnt/a")" kept-in-memory
assert_fails test -e "$vms/sleeper/suspended"
assert_eq "$(state web)" inactive

# A stop by hand is a stop.
forget_serial sleeper
systemctl stop vm@sleeper
wait_serial sleeper "power button" 1
assert_fails test -e "$vms/sleeper/suspended"
rm -rf "$kept" /var/log/journal
systemctl restart systemd-journald
