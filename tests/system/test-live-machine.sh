# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 180
#
# CPUs and memory that come and go while the guest runs, as the guest sees them, within what it was started with.

NO_RELOAD=1
export NO_RELOAD
# now LINE...: the spec of the guest, with these lines of its own.
now() {
	linux web "" "state: running" "memory-max: 512MiB" "$@"
	if [[ " $* " == *" memory: "* ]]; then sed -i '0,/^memory: 256MiB$/{/^memory: 256MiB$/d}' /etc/vmlet/web.yaml; fi
}
now "cpus: {count: 1, max: 3}"
vmlet apply --all >/dev/null
wait_serial web "guest-linux: up"
pid=$(main_pid web)
boot=$(guest web "cat /proc/sys/kernel/random/boot_id")
# memory: what the guest has of it, in MiB.
memory() { guest web "sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo" | awk '{print int($1 / 1024)}'; }
between() { (($(memory) >= $1 && $(memory) <= $2)); }
online() { guest web 'for cpu in /sys/devices/system/cpu/cpu*/online; do echo 1 >$cpu; done 2>/dev/null; nproc'; }

# Started with 256 of 512 MiB, and one CPU of three.
eventually 20 between 190 256
assert_eq "$(online)" 1
assert_contains "$(vmlet status web)" "256 MiB"

now "cpus: {count: 3, max: 3}"
assert_eq "$(vmlet apply web)" "web: changed while it runs: cpus.count"
eventually 20 eval '[[ $(online) == 3 ]]'
now "cpus: {count: 3, max: 3}" "memory: 400MiB"
assert_eq "$(vmlet apply web)" "web: changed while it runs: memory"
eventually 20 between 330 400
now "cpus: {count: 3, max: 3}" "memory: 200MiB"
assert_eq "$(vmlet apply web)" "web: changed while it runs: memory"
eventually 20 between 130 200
vmlet diff --exit-code web

# Emulated CPUs stay, as QEMU does not survive it; more than there can be wait, too.
now "cpus: {count: 1, max: 3}" "memory: 200MiB"
assert_contains "$(vmlet diff web)" "not while it runs: only under 'accel: kvm' do CPUs go"
assert_contains "$(vmlet apply web)" "1 change waits until it is restarted"
assert_eq "$(online)" 3
now "cpus: {count: 4, max: 4}" "memory: 200MiB"
assert_contains "$(vmlet diff web)" "not while it runs: it is more than the 'cpus.max' that it runs with"
assert_eq "$(main_pid web) $(guest web "cat /proc/sys/kernel/random/boot_id")" "$pid $boot"
vmlet apply web >/dev/null
forget_serial web
systemctl restart vm@web
wait_serial web "guest-linux: up"
assert_eq "$(guest web nproc)" 4
eventually 20 between 130 200
