# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: machine
# needs: kvm
# timeout: 240
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
systemctl stop vm@web
assert_eq "$(unit_prop vm@web Result)" success
wait_serial web "guest-linux: power button" 1
assert_fails test -e /sys/class/net/vm-web_lan

# A guest that is allowed less than it takes is killed, and that is a failure.
linux fat "" "restart: no" "service: {MemoryMax: 40M, MemorySwapMax: 0}"
systemctl start vm@fat || true
eventually 120 is_state fat failed
assert_eq "$(unit_prop vm@fat Result)" oom-kill
