# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
#
# What would harm the host, or is not vmlet's, is refused before anything is touched.

vmlet_network=/usr/libexec/vmlet/vmlet-network
ip link add eth0 type veth peer name eth0-far
ip address add 198.51.100.5/24 dev eth0
ip link set eth0 up
ip link set eth0-far up
ip route add default via 198.51.100.1 dev eth0
ip link add br-foreign type bridge
ip link set br-foreign up
ip link add other type veth peer name other-far
ip link set other master br-foreign
mkdir -p /run/vmlet/network
sleep 0.5
before=$(network_dump)

# refused PART WORD...: the start of a network fails with that part of a message, and changes nothing.
refused() {
	local part=$1 output
	shift
	output=$($vmlet_network start lan "$@" 2>&1) && fail "$* was started"
	assert_contains "$output" "$part"
	assert_same "$(network_dump)" "$before"
	assert_eq "$(ls /run/vmlet/network)" ""
}
refused "uplink eth0 is the interface of the default route" bridge=br-lan uplink=eth0
refused "there is no interface eth9 for the uplink" bridge=br-lan uplink=eth9
refused "uplink other is attached to another bridge" bridge=br-lan uplink=other
refused "198.51.100.200/16 overlaps 198.51.100.5/24, which the host has on eth0" \
	bridge=br-lan address=10.1.0.1/24 address=198.51.100.200/16
refused "eth0-far is not a bridge but of type veth" bridge=eth0-far
refused "bridge br-foreign is there and was not made by vmlet" bridge=br-foreign mtu=9000
refused "bridge br-foreign is there and was not made by vmlet" bridge=br-foreign address=10.1.0.1/24
refused "cannot read 'brigde=br0'" brigde=br0
refused "a network needs bridge=" mtu=1500

# With a bridge of somebody else's as it is, VMs may be on it, and it outlives the network.
network foreign
systemctl start vm-network@foreign
mini one "nics: {lan: {network: foreign}}"
systemctl start vm@one
assert_contains "$(ip -o link show master br-foreign)" vm-one_lan
systemctl stop vm-network@foreign
is_state one inactive
assert_same "$(network_dump)" "$before"

# The default route's interface, when the spec says so.
$vmlet_network start lan bridge=br-lan uplink=eth0 allow-default-uplink=yes
assert_contains "$(ip -o link show master br-lan)" eth0
$vmlet_network stop lan

# A network that cannot start fails its VMs, with the reason and the way to it.
ip link add br-taken type veth peer name taken-far
spec taken <<-END
	kind: network
	bridge: br-taken
	---
	name: two
	accel: tcg
	restart: no
	nics: {lan: {network: taken}}
END
assert_fails systemctl start vm@two 2>/dev/null
assert_contains "$(unit_prop vm-network@taken StatusText)$(journal -u vm-network@taken)" "br-taken is not a bridge"
assert_contains "$(why two)" "br-taken is not a bridge"

# No such network, and one whose spec has errors.
assert_fails systemctl start vm-network@nope 2>/dev/null
assert_contains "$(journal -u vm-network@nope)" "no network named nope; known: foreign, taken"
spec broken <<<$'kind: network\nbridge: br-b\nnat: yes'
assert_fails systemctl start vm-network@broken 2>/dev/null
assert_contains "$(journal -u vm-network@broken)" "broken.yaml:3:1: error: 'nat' needs 'addresses'"

# An interface whose name somebody else's has.
ip tuntap add vm-three_lan mode tap
mini three "nics: {lan: {network: foreign}}" "restart: no"
assert_fails systemctl start vm@three 2>/dev/null
assert_contains "$(why three)" "an interface named vm-three_lan exists already"
