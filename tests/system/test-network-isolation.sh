# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 120
#
# Who reaches whom: isolated ports, isolated networks, an unplugged cable; several queues; user
# networking with a port.

NO_RELOAD=1 network apart "addresses: 10.2.0.1/24" "isolate-ports: yes"
NO_RELOAD=1 network alone "isolated: yes"
for name in one two; do
	number=$([[ $name == one ]] && echo 1 || echo 2)
	NO_RELOAD=1 linux "$name" "" "cpus: 2" \
		"nics: {a: {network: apart, queues: 2}, b: {network: alone}, c: {network: alone, link: down}}"
	host[number]=$name
done
systemctl daemon-reload
systemctl start vm@one vm@two
for number in 1 2; do
	guest "${host[number]}" "ip address add 10.2.0.1$number/24 dev eth0; ip address add 10.3.0.1$number/24 dev eth1;
		ip address add 10.4.0.1$number/24 dev eth2"
done

# With isolate-ports neither reaches the other, both reach the host.
for number in 1 2; do
	guest "${host[number]}" "ping -c 1 -W 2 10.2.0.1" >/dev/null
	assert_fails guest "${host[number]}" "ping -c 1 -W 1 10.2.0.1$((3 - number))" >/dev/null
done
assert_contains "$(bridge -d link show dev vm-one_a)" "isolated on"

# On an isolated network they reach each other, and the host has no address at all.
guest one "ping -c 1 -W 2 10.3.0.12" >/dev/null
assert_eq "$(ip -o address show br-alone)" ""

# Without a lease the kernel's neighbours tell who is where.
assert_contains "$(vmlet list)" "10.2.0.11 (neighbour)"

# The cable is not plugged in, and can be later.
assert_eq "$(guest one 'cat /sys/class/net/eth2/carrier')" 0
assert_fails guest one "ping -c 1 -W 1 10.4.0.12" >/dev/null

# The guest sees its queues, and each has its thread's share of the tap.
assert_eq "$(guest one 'ls -d /sys/class/net/eth0/queues/rx-* | wc -l')" 2
guest one "ping -c 1 -W 2 10.2.0.1" >/dev/null
assert_contains "$(ip -d link show vm-one_a)" multi_queue

# User networking: a port of the host, and no other, and no tap.
linux user vmlet.dhcp "nics: {out: {user: {forwards: {tcp/2222: 22}}}}" "unit: {After: [network.target]}"
systemctl start vm@user
wait_serial user "guest-linux: leased 10.0.2.15/24"
guest user "{ while :; do echo inside | nc -l -p 22; done >/dev/null 2>&1 & }; sleep 0.3"
assert_eq "$(socat -T 3 - TCP:127.0.0.1:2222 </dev/null)" inside
assert_fails test -e /sys/class/net/vm-user_out
socat TCP-LISTEN:8000,fork,reuseaddr SYSTEM:'echo outside' &
server=$!
assert_eq "$(guest user 'nc -w 3 10.0.2.2 8000 </dev/null')" outside
kill "$server"
systemctl stop vm@user

# The same by passt, which takes over the host's address and routes; QEMU has no network then.
ip link add out0 type veth peer name far0
ip link set far0 up
ip link set out0 up
ip address add 198.51.100.5/24 dev out0
ip route add default via 198.51.100.1
NO_RELOAD=1 linux passed vmlet.dhcp "nics: {out: {user: {backend: passt, forwards: {tcp/2223: 22}}}}"
systemctl daemon-reload
systemctl start vm@passed
wait_serial passed "guest-linux: leased 198.51.100.5/24"
guest passed "{ while :; do echo passed | nc -l -p 22; done >/dev/null 2>&1 & }; sleep 0.3"
assert_eq "$(socat -T 3 - TCP:198.51.100.5:2223 </dev/null)" passed
assert_eq "$(unit_prop vm@passed PrivateNetwork)" yes
assert_eq "$(stat -c %U /run/vmlet/passt/passed.out/socket)" vm-passed
systemctl stop vm@passed
eventually 5 bash -c '[[ $(systemctl is-active vm-passt@passed.out) == inactive ]]'
systemctl stop vm-network@apart vm-network@alone
assert_fails test -e /sys/class/net/br-apart
is_state one inactive
