# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 180
#
# vmlet-network is killed at each message that it sends, and at each program that it runs; the next start
# comes to the same end as if nothing had been, and a stop to the same nothing.

vmlet_network=/usr/libexec/vmlet/vmlet-network
mkdir -p /run/vmlet/network
ip link add up0 type veth peer name up0-far
words=(start lan bridge=br-lan uplink=up0 mtu=1400 address=10.1.0.1/24 'address=fd00:1::1/64' nat=yes server=yes
	port=tcp/8080:10.1.0.5:80
	'nic=lan,tap=vm-web_lan,bridge=br-lan,mac=52:54:00:00:00:01,mac-filter=yes,network=lan,host=web')
# Another network that is up, whose part of the tables must stay.
$vmlet_network start stays bridge=br-stays address=10.9.0.1/24 nat=yes
nothing=$(network_dump)

dump() {
	network_dump
	grep -r . /run/vmlet/network
}
$vmlet_network "${words[@]}"
whole=$(dump)
$vmlet_network stop lan
assert_same "$(network_dump)" "$nothing"

# killed_at CALL NUMBER COMMAND...: runs it, killed at the so-manieth call; says whether it was.
killed_at() {
	local call=$1 number=$2 code=0
	shift 2
	{
		strace --quiet=all --output=/dev/null --trace="$call" --inject="$call:signal=KILL:when=$number" "$@" \
			>/dev/null 2>&1 || code=$?
	} 2>/dev/null
	((code == 137))
}
kills=0
for call in sendmsg sendto fork,vfork,clone,clone3 rename,renameat,renameat2; do
	for ((number = 1; ; number++)); do
		killed_at "$call" "$number" $vmlet_network "${words[@]}" || break
		kills=$((kills + 1))
		$vmlet_network "${words[@]}"
		assert_same "$(dump)" "$whole"
		# From the same half-way state a stop must find its way, too.
		$vmlet_network stop lan
		assert_same "$(network_dump)" "$nothing"
		killed_at "$call" "$number" $vmlet_network "${words[@]}" || fail "not killed again"
		$vmlet_network stop lan
		assert_same "$(network_dump)" "$nothing"
	done
	# The last run was not killed, and made all of it; now a stop is killed, and done again.
	for ((number = 1; ; number++)); do
		killed_at "$call" "$number" $vmlet_network stop lan || break
		kills=$((kills + 1))
		$vmlet_network stop lan
		assert_same "$(network_dump)" "$nothing"
		$vmlet_network "${words[@]}"
		assert_same "$(dump)" "$whole"
	done
	assert_same "$(network_dump)" "$nothing"
done
((kills >= 12)) || fail "killed only $kills times"

# The taps of a VM, opened by its unit: a killed one leaves a filter at most, which the unit's end removes.
$vmlet_network "${words[@]}"
whole=$(network_dump)
nic=nic=lan,tap=vm-web_lan,bridge=br-lan,mac=52:54:00:00:00:01,mac-filter=yes,ip-filter=yes,network=lan,host=web
for call in sendmsg sendto fork,vfork,clone,clone3; do
	for ((number = 1; number < 20; number++)); do
		systemd-run --quiet --wait --collect -p Type=oneshot -p NotifyAccess=all -p FileDescriptorStoreMax=8 \
			strace --follow-forks --quiet=all --output=/dev/null --trace="$call" \
			--inject="$call:signal=KILL:when=$number" \
			$vmlet_network open web "$nic" >/dev/null 2>&1 && break
		kills=$((kills + 1))
		# systemd lets go of the descriptors with the unit.
		eventually 5 test ! -e /sys/class/net/vm-web_lan
		$vmlet_network close web
		assert_same "$(network_dump)" "$whole"
	done
	eventually 5 test ! -e /sys/class/net/vm-web_lan
	$vmlet_network close web
done
echo "killed $kills times"
$vmlet_network stop lan
$vmlet_network stop stays
