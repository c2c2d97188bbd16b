# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: machine
# timeout: 300
#
# What needs a kernel of its own: VLANs on bridge ports, vhost, rates, macvtap, and udev's uplinks.

modprobe --all vhost_net bridge 8021q veth
NO_RELOAD=1
export NO_RELOAD
network lan "vlan-filtering: yes" "uplink: up0"
mini red "nics: {lan: {network: lan, vlan: 30}}"
mini pink "nics: {lan: {network: lan, vlan: 30, vhost: no}}"
# guest_of NAME NIC: a guest that does by itself what the standard input says: what is typed at guests of the machine's
# emulated KVM may stop them.
guest_of() {
	accel=kvm linux "$1" "tsc=reliable vmlet.script=$(base64 -w 0)" "cpus: {model: max}" "nics: {lan: $2}" "restart: no"
}
guest_of blue "{network: lan, vlan: 40, rate: {inbound: 10Mbit, outbound: 10Mbit}}" <<-'EOF'
	ip address add 10.5.0.3/24 dev eth0
	ip address add 10.6.0.3/24 dev eth0
	nc -ll -p 10 -e head -c 5000000 /dev/zero &
	nc -l -p 9 </dev/null | {
		head -c 1000000 >/dev/null
		read -r first rest </proc/uptime
		cat >/dev/null
		read -r last rest </proc/uptime
		echo "guest-linux: received from $first to $last"
	}
EOF
guest_of trunk "{network: lan, trunk: [20-35, 40]}" <<-'EOF'
	ip link add link eth0 name v30 type vlan id 30
	ip link add link eth0 name v40 type vlan id 40
	ip link set v30 up
	ip link set v40 up
	ip address add 10.5.0.4/24 dev v30
	ip address add 10.6.0.4/24 dev v40
	ip address add 10.7.0.4/24 dev eth0
	until ping -c 1 -W 3 10.6.0.3; do sleep 1; done >/dev/null 2>&1
	echo "guest-linux: hears 10.6.0.3"
EOF
systemctl daemon-reload

# The uplink comes later than the network is wanted, as at boot.
(
	sleep 1
	ip link add up0 type veth peer name far0
	ip link set far0 up
) &
systemctl start vm@red vm@pink vm@blue vm@trunk
wait $!

# As iproute2 sees it.
assert_contains "$(bridge vlan show dev vm-red_lan)" "30 PVID Egress Untagged"
assert_not_contains "$(bridge vlan show dev vm-red_lan)" " 1 "
assert_contains "$(bridge -compressvlans vlan show dev vm-trunk_lan)" "20-35"
assert_not_contains "$(bridge vlan show dev vm-trunk_lan)" PVID
assert_contains "$(bridge -compressvlans vlan show dev up0)" "2-4094"
assert_contains "$(tc qdisc show dev vm-blue_lan)" "tbf"
assert_contains "$(tc -d filter show dev vm-blue_lan ingress)" "rate 10Mbit"
assert_contains "$(tr '\0' ' ' <"/proc/$(main_pid red)/cmdline")" "vhost=on,vhostfd="
assert_not_contains "$(tr '\0' ' ' <"/proc/$(main_pid pink)/cmdline")" vhost=on
systemctl stop vm@pink

# peer VLAN: the namespace peerVLAN, whose eth0 is 10.5.0.VLAN and 10.7.0.VLAN in that VLAN of the bridge.
peer() {
	ip netns add "peer$1"
	ip link add name "p$1" type veth peer name eth0 netns "peer$1"
	ip link set "p$1" master br-lan up
	bridge vlan del dev "p$1" vid 1
	bridge vlan add dev "p$1" vid "$1" pvid untagged
	ip -n "peer$1" address add "10.5.0.$1/24" dev eth0
	ip -n "peer$1" address add "10.7.0.$1/24" dev eth0
	ip -n "peer$1" link set eth0 up
}
# reaches VLAN ADDRESS: whether the peer in the VLAN has an answer from there.
reaches() {
	ip netns exec "peer$1" ping -c 1 -W 2 "$2" >/dev/null
}
peer 30
peer 40

for name in blue trunk; do wait_serial "$name" "guest-linux: up" 120; done
# Who is in one VLAN is heard there, and not in another.
eventually 20 reaches 40 10.5.0.3
assert_fails reaches 30 10.5.0.3

# The trunk sees both, tagged, has none without a tag, and so does the other end of the uplink.
eventually 20 reaches 30 10.5.0.4
assert_fails reaches 40 10.5.0.4
assert_fails reaches 30 10.7.0.4
assert_fails reaches 40 10.7.0.4
wait_serial trunk "guest-linux: hears 10.6.0.3" 30
ip link add link far0 name far0.30 type vlan id 30
ip address add 10.5.0.9/24 dev far0.30
ip link set far0.30 up
ping -c 1 -W 3 10.5.0.4 >/dev/null
assert_fails ping -c 1 -W 2 10.5.0.3 >/dev/null

# Other VLANs in the spec, and the network restarted: the running guest is in them.
sed -i 's/vlan: 40, rate/vlan: 30, rate/' /etc/vmlet/blue.yaml
systemctl daemon-reload
systemctl restart vm-network@lan
assert_contains "$(bridge vlan show dev vm-blue_lan)" "30 PVID Egress Untagged"
reaches 30 10.5.0.3
assert_fails reaches 40 10.5.0.3

# By apply, too, and the network is left alone: its VLAN and what it may send.
vmlet apply blue >/dev/null
sed -i 's/vlan: 30, rate: {inbound: 10Mbit, outbound: 10Mbit}/vlan: 41, rate: {inbound: 10Mbit, outbound: 20Mbit}/' /etc/vmlet/blue.yaml
assert_eq "$(vmlet apply blue)" "blue: changed while it runs: nics.lan.vlan, nics.lan.rate.outbound"
assert_contains "$(bridge vlan show dev vm-blue_lan)" "41 PVID Egress Untagged"
assert_contains "$(tc -d filter show dev vm-blue_lan ingress)" "rate 20Mbit"
assert_fails reaches 30 10.5.0.3
sed -i 's/vlan: 41, rate: {inbound: 10Mbit, outbound: 20Mbit}/vlan: 30, rate: {inbound: 10Mbit, outbound: 10Mbit}/' /etc/vmlet/blue.yaml
vmlet apply blue >/dev/null
reaches 30 10.5.0.3
vmlet diff --exit-code blue
systemctl stop vm@trunk

# A limit of 10 Mbit/s holds within 15 %, in both directions: of 5 MB, the last four take 3.2 s.
# within FIRST LAST: whether so many milliseconds lie between.
within() {
	(($2 - $1 > 2720 && $2 - $1 < 3680)) || fail "4 MB in $(($2 - $1)) ms"
}
head -c 5000000 /dev/zero | timeout 60 ip netns exec peer30 socat -u - TCP:10.5.0.3:9
wait_serial blue "guest-linux: received from" 30
# "12.34", twice
mapfile -t times < <(sed -n 's/.*received from \([0-9]*\)[.]\([0-9]*\) to \([0-9]*\)[.]\([0-9]*\).*/\1\20\n\3\40/p' /var/lib/vmlet/vm/blue/console.log)
within "${times[@]}"
timeout 60 ip netns exec peer30 socat -u TCP:10.5.0.3:10 - |
	{ head -c 1000000 >/dev/null; date +%s%3N; cat >/dev/null; date +%s%3N; } >"$logs/times"
mapfile -t times <"$logs/times"
within "${times[@]}"
systemctl stop vm@blue

# A macvtap, which outlives its descriptor, does not outlive its VM.
guest_of direct "{macvtap: {link: p30}}" <<<"ip address add 10.5.0.31/24 dev eth0"
ip link set p30 nomaster
systemctl daemon-reload
systemctl start vm@direct
assert_contains "$(ip -d link show vm-direct_lan)" "macvtap mode bridge"
eventually 60 reaches 30 10.5.0.31
kill -KILL "$(main_pid direct)"
eventually 10 is_state direct failed
assert_fails test -e /sys/class/net/vm-direct_lan

# systemd-networkd leaves what is vmlet's alone, whatever its configuration says.
mkdir -p /etc/systemd/network
printf '[Match]\nName=*\n[Network]\nAddress=192.0.2.99/24\n' >/etc/systemd/network/99-all.network
rm -f /etc/systemd/system/systemd-networkd.{service,socket}
systemctl daemon-reload
systemctl start systemd-networkd
eventually 20 bash -c 'networkctl --no-legend list up0 | grep -q configur'
assert_contains "$(networkctl --no-legend list br-lan)" unmanaged
assert_contains "$(networkctl --no-legend list vm-red_lan)" unmanaged
mini after "nics: {lan: {network: lan}}"
systemctl daemon-reload
systemctl start vm@after
sleep 1
assert_contains "$(networkctl --no-legend list vm-after_lan)" unmanaged
assert_not_contains "$(ip -o address)" "br-lan    inet 192.0.2.99"
systemctl stop systemd-networkd systemd-networkd.socket
