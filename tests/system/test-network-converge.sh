# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 120
# alone: yes
#
# A network whose spec has changed is brought to it by a restart, under running guests; a stop removes
# what starts made, and only that.

nft add table inet others
nft add chain inet others keep '{ type filter hook forward priority 0; }'
ip link add br-others type bridge
ip link add up0 type veth peer name up0-far
ip link add up1 type veth peer name up1-far
ip address add 203.0.113.5/24 dev up0
before=$(network_dump)

network lan "addresses: 10.1.0.1/24"
linux web "" "nics: {lan: {network: lan}}"
systemctl start vm@web
guest web "ip address add 10.1.0.5/24 dev eth0"
pid=$(main_pid web)
mac=$(cat /sys/class/net/br-lan/address)

# Everything changes while the guest is asked ten times a second; at most one answer is missing.
ping -q -i 0.1 -W 1 10.1.0.5 >"$logs/ping" &
pinger=$!
sleep 0.5
network lan 'addresses: [10.1.0.1/24, 10.7.0.1/24, "fd00:1::1/64"]' "mtu: 1400" "multicast-snooping: no" \
	"ageing: 1min" "nat: yes"
systemctl restart vm-network@lan
assert_eq "$(cat /sys/class/net/br-lan/mtu) $(cat /sys/class/net/vm-web_lan/mtu)" "1400 1400"
assert_contains "$(ip -o address show br-lan)" 10.7.0.1/24
assert_contains "$(ip -o address show br-lan)" fd00:1::1/64
assert_contains "$(ip -d link show br-lan)" "ageing_time 6000 "
assert_contains "$(ip -d link show br-lan)" "mcast_snooping 0"
assert_contains "$(nft list table inet vmlet)" masquerade
assert_contains "$(nft list map bridge vmlet taps)" vm-web_lan

network lan "addresses: 10.1.0.1/24" "isolate-ports: yes" "stp: yes" "forward-delay: 2s"
systemctl restart vm-network@lan
assert_eq "$(cat /sys/class/net/br-lan/mtu)" 1500
assert_not_contains "$(ip -o address show br-lan)" 10.7.0.1/24
assert_not_contains "$(nft list ruleset)" "inet vmlet"
assert_not_contains "$(nft list ruleset)" vm-web_lan
assert_contains "$(ip -d link show br-lan)" "stp_state 1"
assert_contains "$(bridge -d link show dev vm-web_lan)" "isolated on"

network lan "addresses: 10.1.0.1/24"
systemctl restart vm-network@lan
assert_contains "$(ip -d link show br-lan)" "forward_delay 0 "
assert_contains "$(bridge -d link show dev vm-web_lan)" "isolated off"
sleep 0.5
kill -INT "$pinger"
wait "$pinger" || true
read -r sent received <<<"$(sed -n 's/^\([0-9]*\) packets transmitted, \([0-9]*\) received.*/\1 \2/p' "$logs/ping")"
((sent > 10 && received >= sent - 1)) || fail "$(cat "$logs/ping")"

# The guest did not notice, nor its neighbours: same process, same bridge.
assert_eq "$(main_pid web)" "$pid"
assert_eq "$(cat /sys/class/net/br-lan/address)" "$mac"

# A VM whose spec broke, or is gone, or says something else by then leaves nothing behind either.
network lan "addresses: 10.1.0.1/24" "nat: yes"
systemctl restart vm-network@lan
for change in 'echo "memory: 5" >>/etc/vmlet/other.yaml' 'rm /etc/vmlet/other.yaml' \
	'sed -i "s/nics:.*/nics: {}/" /etc/vmlet/other.yaml'; do
	mini other "nics: {lan: {network: lan}}"
	systemctl start vm@other
	assert_contains "$(nft list map bridge vmlet taps)" vm-other_lan
	eval "$change"
	systemctl daemon-reload
	systemctl stop vm@other
	assert_not_contains "$(nft list ruleset)" vm-other_lan
	assert_fails test -e /run/vmlet/taps/other
done

# A bridge of another name is another bridge: not under a running VM.
spec lan <<-END
	kind: network
	bridge: br-new
END
assert_fails systemctl restart vm-network@lan 2>/dev/null
assert_contains "$(journal -u vm-network@lan)" "the network was on bridge br-lan, where vm-web_lan still is"
assert_fails test -e /sys/class/net/br-new
systemctl stop vm@web
systemctl start vm-network@lan
assert_fails test -e /sys/class/net/br-lan
[[ -e /sys/class/net/br-new ]]

# An uplink keeps its addresses, and what it was before: down.
spec lan <<-END
	kind: network
	bridge: br-new
	uplink: up0
END
# Without udev, as here, no device unit comes: what the unit would run is run by hand.
assert_contains "$(systemctl show -p After -p Wants vm-network@lan)" sys-subsystem-net-devices-up0.device
/usr/libexec/vmlet/vmlet-network start lan bridge=br-new uplink=up0
assert_contains "$(ip -o link show master br-new)" up0
assert_contains "$(ip -o address show up0)" 203.0.113.5/24
[[ $(cat /sys/class/net/up0/flags) == 0x*3 ]] || fail "the uplink is down: $(ip link show up0)"
/usr/libexec/vmlet/vmlet-network start lan bridge=br-new uplink=up1
assert_not_contains "$(ip -o link show master br-new)" "up0@"
assert_contains "$(ip -o link show master br-new)" "up1@"

# The spec is gone: what was started is known all the same.
rm /etc/vmlet/lan.yaml
systemctl daemon-reload
/usr/libexec/vmlet/vmlet-network stop lan
systemctl stop vm-network@lan
assert_same "$(network_dump)" "$before"
assert_eq "$(ls /run/vmlet/network)" ""
