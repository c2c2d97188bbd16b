# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 120
#
# Two guests on a network with NAT, DHCP and DNS: they get leases and names, reach each other and what
# is outside, are reached through a port, and cannot lie about who they are.

# "Outside" is a namespace that knows the host, and not the network.
ip netns add outside
ip link add out0 type veth peer name eth0 netns outside
ip address add 192.0.2.1/24 dev out0
ip link set out0 addrgenmode none up
ip -n outside address add 192.0.2.2/24 dev eth0
ip -n outside address add 2001:db8::2/64 dev eth0 nodad
ip address add 2001:db8::1/64 dev out0 nodad
ip -n outside link set eth0 up
for version in 4 6; do
	# shellcheck disable=SC2016 # socat sets it
	ip netns exec outside socat "TCP$version-LISTEN:80,fork,reuseaddr$([[ $version == 4 ]] || echo ,ipv6only=1)" \
		SYSTEM:'echo "you are $SOCAT_PEERADDR"' &
	servers+=($!)
done
before=$(network_dump)

NO_RELOAD=1 network lan 'addresses: [10.1.0.1/24, "fd00:1::1/64"]' "nat: yes" "dhcp: yes" "dns: yes" \
	"dhcp-range: 10.1.0.100-10.1.0.199" "ports: {tcp/8080: web:80}"
NO_RELOAD=1 linux web vmlet.dhcp "nics: {lan: {network: lan, address: 10.1.0.5}}"
linux db vmlet.dhcp "nics: {lan: {network: lan}}"
systemctl start vm@web vm@db
assert_eq "$(unit_prop vm-network@lan ActiveState)" active
assert_eq "$(unit_prop vm-dhcp@lan ActiveState)" active

# Leases: the one that the spec says, and one of the range.
wait_serial web "guest-linux: leased 10.1.0.5/24"
wait_serial db "guest-linux: leased 10.1.0.1"
wait_serial web "guest-linux: up"
wait_serial db "guest-linux: up"
db=$(guest db "ip -o -4 address show dev eth0 | sed 's/.*inet //; s,/.*,,'")
[[ $db =~ ^10\.1\.0\.1[0-9][0-9]$ ]] || fail "db has $db"

# Seen from outside vmlet: the bridge, its ports, its addresses, the kernel's own neighbours.
assert_contains "$(ip -o link show master br-lan)" vm-web_lan
assert_contains "$(ip -o address show br-lan)" "10.1.0.1/24"
assert_contains "$(ip -o address show br-lan)" "fd00:1::1/64"

# As vmlet tells it: leases, taps, the VMs on them.
assert_contains "$(vmlet list)" "10.1.0.5 (lease)"
assert_contains "$(vmlet network list)" "br-lan"
shown=$(vmlet network show lan)
assert_contains "$shown" "vm-web_lan       web lan"
assert_contains "$shown" "addresses  10.1.0.1/24, fd00:1::1/64"
assert_contains "$shown" "$db"
assert_eq "$(vmlet network show lan --json | jq -r '"\(.state) \(.server) \([.taps[].vm] | sort | join(",")) \(.leases | length)"')" \
	"active active db,web 2"
assert_fails vmlet network show nope 2>/dev/null

# Each other, by address and by name, and the host.
guest web "ping -c 1 -W 2 $db" >/dev/null
guest db "ping -c 1 -W 2 10.1.0.5" >/dev/null
guest db "ping -c 1 -W 2 web.lan" >/dev/null
guest web "ping -c 1 -W 2 db" >/dev/null
guest web "ping -c 1 -W 2 10.1.0.1" >/dev/null

# Outside, which sees the host's address, in IPv6, too.
assert_contains "$(guest web 'nc -w 3 192.0.2.2 80 </dev/null')" "192.0.2.1"
# The guest asks for the prefix in its own time.
eventually 20 eval "guest web 'ip -6 address show dev eth0 scope global' | grep fd00:1: | grep -qv tentative"
assert_contains "$(guest web 'nc -w 3 2001:db8::2 80 </dev/null')" "[2001:0db8:0000:0000:0000:0000:0000:0001]"

# A port of the host leads to the guest, for those outside and for the host itself; nothing else does.
guest web "{ while :; do echo welcome | nc -l -p 80; done >/dev/null 2>&1 & }; sleep 0.3"
assert_eq "$(ip netns exec outside socat -T 3 - TCP:192.0.2.1:8080 </dev/null)" welcome
eventually 5 bash -c '[[ $(socat -T 3 - TCP:192.0.2.1:8080 </dev/null) == welcome ]]'
ip -n outside route add 10.1.0.0/24 via 192.0.2.1
assert_fails ip netns exec outside ping -c 1 -W 1 10.1.0.5 >/dev/null
assert_fails ip netns exec outside socat -T 1 - TCP:10.1.0.5:80 </dev/null 2>/dev/null

# The wrong source does not leave the tap: neither an address of another's nor one of nobody's, and
# neither in ARP. The bridge learns every source that it sees.
guest web "ip address add $db/32 dev eth0; ip address add 10.1.0.77/32 dev eth0"
for address in "$db" 10.1.0.77; do
	assert_fails guest web "ping -c 1 -W 1 -I $address 10.1.0.1" >/dev/null
	guest web "arping -c 1 -w 1 -U -I eth0 -s $address 10.1.0.1" >/dev/null || true
done
assert_not_contains "$(ip neighbour show 10.1.0.77)" lladdr
assert_not_contains "$(ip neighbour show "$db")" "$(guest web 'cat /sys/class/net/eth0/address')"
guest web "ip address del $db/32 dev eth0; ip address del 10.1.0.77/32 dev eth0"
guest web "ip link set eth0 down; ip link set eth0 address 52:54:00:99:99:99; ip link set eth0 up;
	ip route replace default via 10.1.0.1"
assert_fails guest web "ping -c 1 -W 1 10.1.0.1" >/dev/null
assert_not_contains "$(bridge fdb show br br-lan)" 52:54:00:99:99:99
guest web "udhcpc -q -n -t 2 -T 1 -i eth0 -s /bin/udhcpc-script" >/dev/null && fail "a lease for a false MAC"

# A VM that joins later is known at once, whatever its name is.
linux network vmlet.dhcp "nics: {lan: {network: lan, address: 10.1.0.7}}"
systemctl start vm@network
wait_serial network "guest-linux: leased 10.1.0.7/24"

# Names for the host, where systemd-resolved runs.
systemctl unmask --runtime systemd-resolved 2>/dev/null || true
rm -f /etc/systemd/system/systemd-resolved.service
systemctl daemon-reload
systemctl start systemd-resolved
systemctl restart vm-resolve@lan
assert_contains "$(resolvectl query --legend=no network.lan)" 10.1.0.7

# With VMs on it the network is not torn down under them; a stop ends them first.
systemctl restart vm-network@lan
assert_contains "$(ip -o link show master br-lan)" vm-db_lan
systemctl stop systemd-resolved vm-network@lan
is_state web inactive
is_state db inactive
assert_fails test -e /sys/class/net/br-lan
assert_eq "$(unit_prop vm-dhcp@lan ActiveState)" inactive
assert_same "$(network_dump)" "$before"
assert_fails test -e /run/vmlet/network/lan
kill "${servers[@]}"
