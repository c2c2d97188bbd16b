# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: machine
# needs: kvm
# timeout: 300
#
# What the container lacks: a limit on memory that is enforced, a tap with vhost-net, and a KVM that runs
# Debian's kernel (the machine's emulated processor has SVM). And the kernel's log.

# What the generator has to say is in the kernel's log, a line each, whatever it is run by.
spec wrong <<<"memroy: 1GiB"
eventually 5 bash -c 'dmesg | grep -q "vmlet-generator\[[0-9]*\]: /etc/vmlet/wrong.yaml:1:1: error: unknown key"'

export accel=kvm

linux web "" "nics: {lan: br-test}" "disks: {data: 64MiB}" "service: {MemoryMax: 1G}"
systemctl start vm@web
wait_serial web "guest-linux: up" 120
assert_contains "$(tr '\0' ' ' </proc/"$(main_pid web)"/cmdline)" "vhost=on,vhostfd="
pgrep "^vhost-" >/dev/null || fail "the kernel has no vhost thread"
readlink /proc/"$(main_pid web)"/fd/* | grep -q vhost-net || fail "QEMU has no vhost-net descriptor"
assert_eq "$(cat /sys/fs/cgroup/machine.slice/vm@web.service/memory.max)" 1073741824
assert_contains "$(ip -o link show master br-test)" vm-web_lan
# What the host allows it changes while it runs.
NO_RELOAD=1 linux web "" "nics: {lan: br-test}" "disks: {data: 64MiB}" "service: {MemoryMax: 900M, CPUWeight: 50}"
assert_eq "$(vmlet apply web)" "web: changed while it runs: service"
assert_eq "$(cat /sys/fs/cgroup/machine.slice/vm@web.service/memory.max)" 943718400
assert_eq "$(cat /sys/fs/cgroup/machine.slice/vm@web.service/cpu.weight)" 50
systemctl stop vm@web
assert_eq "$(unit_prop vm@web Result)" success
wait_serial web "guest-linux: power button" 1
assert_fails test -e /sys/class/net/vm-web_lan

# A guest that is allowed less than it takes is killed, and that is a failure, for each "restart".
policies=(no on-success on-failure on-abnormal on-watchdog on-abort always)
for policy in "${policies[@]}"; do
	NO_RELOAD=1 linux "fat-$policy" "" "restart: $policy" "restart-delay: 1s" "service: {MemoryMax: 40M, MemorySwapMax: 0}"
done
systemctl daemon-reload
for policy in "${policies[@]}"; do systemctl start --no-block "vm@fat-$policy"; done
again() { (($(unit_prop "vm@fat-$1" NRestarts) >= 1)); }
for policy in "${policies[@]}"; do
	case $policy in
	on-failure | on-abnormal | always) eventually 150 again "$policy" ;;
	*)
		eventually 150 is_state "fat-$policy" failed
		assert_eq "$policy $(unit_prop "vm@fat-$policy" NRestarts) $(unit_prop "vm@fat-$policy" Result)" "$policy 0 oom-kill"
		;;
	esac
	assert_contains "$(journal -u "vm@fat-$policy")" "Failed with result 'oom-kill'"
done
systemctl stop 'vm@fat-*.service'
