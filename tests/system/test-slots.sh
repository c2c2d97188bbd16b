# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 90
# alone: yes
#
# With max-parallel-starts, no more VMs than that are starting at once; a slot is given back when a VM is
# ready, when its start fails, and when it is killed.

running() { pgrep -c qemu-system-x86 || true; }

mkdir -p /etc/vmlet
echo "max-parallel-starts: 2" >/etc/vmlet/vmlet.conf
for name in a b c d e; do NO_RELOAD=1 mini $name "ready: {serial: never}" "restart: no" "stop-timeout: 1s"; done
systemctl daemon-reload
vmlet check
systemctl start --no-block vm@a vm@b vm@c vm@d vm@e
eventually 10 eval '(($(running) == 2))'
sleep 1
assert_eq "$(running)" 2
waiting=$(systemctl show -p StatusText --value 'vm@*.service' | grep --count "^Waiting, as 2 VMs are starting")
assert_eq "$waiting" 3

# One that is killed, and one whose start is cancelled, make room for two others.
first=$(systemctl list-units --plain --no-legend 'vm@*' | awk '$4 == "start" {print $1; exit}')
systemctl kill --signal=KILL "$first"
eventually 10 eval '(($(running) == 2))'
second=$(systemctl list-units --plain --no-legend 'vm@*' | awk '$4 == "start" {print $1; exit}')
systemctl stop "$second"
eventually 10 eval '(($(running) == 2))'
systemctl stop 'vm@*'
assert_eq "$(running)" 0

# Ready VMs hold none.
for name in a b c d e; do NO_RELOAD=1 mini $name "ready: {serial: up}"; done
systemctl daemon-reload
systemctl start vm@a vm@b vm@c vm@d vm@e
assert_eq "$(running)" 5
systemctl restart vm@a vm@b vm@c
assert_eq "$(running)" 5

# A mistake in the file is said, and no VM pays for it.
echo "max-paralel-starts: 2" >/etc/vmlet/vmlet.conf
systemctl daemon-reload
failing "unknown key 'max-paralel-starts'" vmlet check
systemctl restart vm@a
rm /etc/vmlet/vmlet.conf
systemctl daemon-reload
assert_not_contains "$(systemctl cat vm@a)" slots=
