# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 90
#
# Bridges and taps: what is not vmlet's is used or refused, and never changed.

# A bridge that is there is used as it is, with its MTU, and outlives the VM unchanged.
ip link add br-old type bridge stp_state 1
ip link set br-old up mtu 1400
before=$(ip -d -o link show br-old | sed 's/^[0-9]*: //; s/timer [^ ]*//g; s/hello_timer.*gc_timer//')
mini used "nics: {lan: br-old, a-very-long-nic: br-old}" "restart: no"
systemctl start vm@used
assert_contains "$(ip -o link show vm-used_lan)" "mtu 1400"
assert_eq "$(ip -o link show master br-old | wc -l)" 2

# The name that is too long for the kernel is the second name of a hashed one.
assert_contains "$(ip link show vm-used_a-very-long-nic)" "altname vm-used_a-very-long-nic"
[[ -e /dev/vhost-net ]] || assert_contains "$(journal -u vm@used)" "modprobe vhost_net"
systemctl stop vm@used
assert_eq "$(ip -o link show master br-old | wc -l)" 0
assert_eq "$(cat /sys/class/net/br-old/ifalias)" ""
assert_eq "$(cat /sys/class/net/br-old/bridge/stp_state)" 1
assert_contains "$before" "mtu 1400"

# Another kind of link with that name: refused, and untouched.
ip link add br-false type veth peer name br-peer
before=$(ip -d -o link show br-false)
mini false "nics: {lan: br-false}" "restart: no"
assert_fails systemctl start vm@false 2>/dev/null
assert_contains "$(unit_prop vm@false StatusText)" "br-false is not a bridge but of type veth"
assert_contains "$(why false)" "br-false is not a bridge but of type veth"
assert_eq "$(ip -d -o link show br-false)" "$before"
assert_fails test -e /sys/class/net/vm-false_lan

# An interface with the tap's name that somebody else made: the same.
ip tuntap add vm-taken_lan mode tap
mini taken "nics: {lan: br-old}" "restart: no"
assert_fails systemctl start vm@taken 2>/dev/null
assert_contains "$(why taken)" "an interface named vm-taken_lan exists already"
assert_not_contains "$(ip -o link show vm-taken_lan)" "master"

# kill -9 of QEMU leaves no tap behind, and the bridge made for it stays for its other ports.
mini dead "nics: {lan: br-made}" "restart: no"
systemctl start vm@dead
assert_contains "$(ip -o link show master br-made)" vm-dead_lan
kill -KILL "$(main_pid dead)"
eventually 5 is_state dead failed
eventually 5 test ! -e /sys/class/net/vm-dead_lan
assert_eq "$(cat /sys/class/net/br-made/ifalias)" vmlet

# Two VMs that start at once share the bridge that neither finds.
mini one "nics: {lan: br-both}"
mini two "nics: {lan: br-both}"
systemctl start vm@one vm@two
assert_eq "$(ip -o link show master br-both | wc -l)" 2
systemctl stop vm@one vm@two
