# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: machine
# timeout: 300
#
# What needs a kernel of its own: VLANs on bridge ports, vhost, rates, macvtap, and udev's uplinks.

modprobe --all vhost_net bridge 8021q veth
NO_RELOAD=1 network lan "vlan-filtering: yes" "uplink: up0"
for spec in "red {network: lan, vlan: 30}" "pink {network: lan, vlan: 30, vhost: no}" \
	"blue {network: lan, vlan: 40, rate: {inbound: 10Mbit, outbound: 10Mbit}}" \
	"trunk {network: lan, trunk: [20-35, 40]}"; do
	NO_RELOAD=1 accel=kvm linux "${spec%% *}" "tsc=reliable" "cpus: {model: max}" "nics: {lan: ${spec#* }}"
done
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

# What is typed at the firmware of a nested KVM may stop it; so nobody types until all are up.
for name in red pink blue trunk; do wait_serial "$name" "guest-linux: up" 120; done
number=1
for name in red pink blue trunk; do
	guest "$name" "ip address add 10.5.0.$number/24 dev eth0"
	number=$((number + 1))
done
# Guests of one VLAN talk, of different ones do not.
guest red "ping -c 1 -W 3 10.5.0.2" >/dev/null
assert_fails guest red "ping -c 1 -W 2 10.5.0.3" >/dev/null
assert_fails guest blue "ping -c 1 -W 2 10.5.0.2" >/dev/null
assert_fails guest red "ping -c 1 -W 2 10.5.0.4" >/dev/null

# The trunk sees both, tagged, and so does the other end of the uplink.
guest trunk "ip link add link eth0 name v30 type vlan id 30; ip link add link eth0 name v40 type vlan id 40;
	ip address flush dev eth0; ip link set v30 up; ip link set v40 up;
	ip address add 10.5.0.4/24 dev v30; ip address add 10.6.0.4/24 dev v40"
guest blue "ip address add 10.6.0.3/24 dev eth0"
guest trunk "ping -c 1 -W 3 10.5.0.1 && ping -c 1 -W 3 10.6.0.3" >/dev/null
ip link add link far0 name far0.30 type vlan id 30
ip address add 10.5.0.9/24 dev far0.30
ip link set far0.30 up
ping -c 1 -W 3 10.5.0.1 >/dev/null
assert_fails ping -c 1 -W 2 10.5.0.3 >/dev/null

# Other VLANs in the spec, and the network restarted: the running guest is in them.
sed -i 's/vlan: 40, rate/vlan: 30, rate/' /etc/vmlet/blue.yaml
systemctl daemon-reload
systemctl restart vm-network@lan
assert_contains "$(bridge vlan show dev vm-blue_lan)" "30 PVID Egress Untagged"
guest red "ping -c 1 -W 3 10.5.0.3" >/dev/null

# By apply, too, and the network is left alone: its VLAN and what it may send.
vmlet apply blue >/dev/null
sed -i 's/vlan: 30, rate: {inbound: 10Mbit, outbound: 10Mbit}/vlan: 41, rate: {inbound: 10Mbit, outbound: 20Mbit}/' /etc/vmlet/blue.yaml
assert_eq "$(vmlet apply blue)" "blue: changed while it runs: nics.lan.vlan, nics.lan.rate.outbound"
assert_contains "$(bridge vlan show dev vm-blue_lan)" "41 PVID Egress Untagged"
assert_contains "$(tc -d filter show dev vm-blue_lan ingress)" "rate 20Mbit"
assert_fails guest red "ping -c 1 -W 2 10.5.0.3" >/dev/null
sed -i 's/vlan: 41, rate: {inbound: 10Mbit, outbound: 20Mbit}/vlan: 30, rate: {inbound: 10Mbit, outbound: 10Mbit}/' /etc/vmlet/blue.yaml
vmlet apply blue >/dev/null
guest red "ping -c 1 -W 3 10.5.0.3" >/dev/null
vmlet diff --exit-code blue

# A limit of 10 Mbit/s holds within 15 %, in both directions: of 5 MB, the last four take 3.2 s.
# within FIRST LAST: whether so many milliseconds lie between.
within() {
	(($2 - $1 > 2720 && $2 - $1 < 3680)) || fail "4 MB in $(($2 - $1)) ms"
}
ip netns add peer
ip link add name peer0 type veth peer name eth0 netns peer
ip link set peer0 master br-lan up
bridge vlan del dev peer0 vid 1
bridge vlan add dev peer0 vid 30 pvid untagged
ip -n peer address add 10.5.0.20/24 dev eth0
ip -n peer link set eth0 up
guest blue "{ nc -l -p 9 | { head -c 1000000 >/dev/null; cat /proc/uptime; cat >/dev/null; cat /proc/uptime; } >/times & }; sleep 0.3"
head -c 5000000 /dev/zero | ip netns exec peer socat -u - TCP:10.5.0.3:9
# "12.34 5.67", twice
mapfile -t times < <(guest blue "while [ \$(wc -l </times) -lt 2 ]; do usleep 100000; done; sed 's/ .*//; s/[.]//; s/\$/0/' /times")
within "${times[@]}"
{ ip netns exec peer socat -u TCP-LISTEN:9,reuseaddr - |
	{ head -c 1000000 >/dev/null; date +%s%3N; cat >/dev/null; date +%s%3N; } >"$logs/times"; } &
receiver=$!
sleep 0.3
guest blue "head -c 5000000 /dev/zero | nc 10.5.0.20 9"
wait "$receiver"
mapfile -t times <"$logs/times"
within "${times[@]}"

# A macvtap, which outlives its descriptor, does not outlive its VM.
accel=kvm linux direct "tsc=reliable" "cpus: {model: max}" "nics: {lan: {macvtap: {link: peer0}}}" "restart: no"
ip link set peer0 nomaster
systemctl start vm@direct
assert_contains "$(ip -d link show vm-direct_lan)" "macvtap mode bridge"
guest direct "ip address add 10.5.0.30/24 dev eth0; ping -c 1 -W 3 10.5.0.20" >/dev/null
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
systemctl start vm@after
sleep 1
assert_contains "$(networkctl --no-legend list vm-after_lan)" unmanaged
assert_not_contains "$(ip -o address)" "br-lan    inet 192.0.2.99"
systemctl stop systemd-networkd systemd-networkd.socket
