# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 180
# alone: yes
#
# A guest that is suspended goes on where it was, once, and only with the disks and the spec that it had.

state=/var/lib/vmlet/vm/web/suspended

linux web vmlet.ready=agent "disks: {data: 64MiB}" "ready: guest-agent" "nics: {lan: br-test}" "cpus: 2"
systemctl start vm@web
guest web "mount -t tmpfs tmpfs /mnt; echo kept-in-memory >/mnt/a; (while :; do echo \$(date +%s) >/mnt/clock; sleep 0.2; done) & true"
pid=$(guest web "echo \$!")
vmlet suspend web
assert_eq "$(state web) $(unit_prop vm@web Result)" "inactive success"
assert_contains "$(journal -u vm@web)" "the guest is suspended, and QEMU quits"
assert_eq "$(stat -L -c '%U %a' $state)" "$(stat -L -c %U /var/lib/vmlet/vm/web/data.qcow2) 600"
qemu-img check -q -f qcow2 /var/lib/vmlet/vm/web/data.qcow2

# Meanwhile nothing changes its disks.
failing "is suspended" vmlet disk compact web
failing "is suspended" vmlet snapshot create web one
failing "does not run" vmlet suspend web

# Another spec: refused, and nothing is lost.
cp /etc/vmlet/web.yaml "$logs/web.yaml"
spec web < <(sed 's/256MiB/512MiB/; s/data: 64MiB/data: 128MiB/' "$logs/web.yaml")
assert_fails systemctl start vm@web 2>/dev/null
assert_contains "$(why web)" "the guest was suspended with another spec: put that back"
test -s $state
assert_eq "$(qemu-img info --output=json /var/lib/vmlet/vm/web/data.qcow2 | jq '."virtual-size"')" 67108864
spec web <"$logs/web.yaml"

# It goes on: the same processes, memory and cards; its clock is right; the state is used up.
sleep 3
systemctl start vm@web
assert_fails test -e $state
assert_eq "$(guest web "cat /mnt/a; echo \$!")" "kept-in-memory
$pid"
ahead=$(($(date +%s) - $(guest web "cat /mnt/clock")))
((ahead <= 2)) || fail "the guest's clock is $ahead s behind"
assert_contains "$(ip -o link show master br-test)" vm-web_lan
guest web "echo written >/dev/vda; sync"
assert_contains "$(journal -u vm@web)" "The VM is ready, "
systemctl restart vm@web
wait_serial web "guest-linux: up" 60 2

# Killed in the middle: the guest runs on, or is whole on disk.
for ms in 000 100 300; do
	vmlet suspend web >/dev/null 2>&1 &
	sleep "0.$ms"
	kill -KILL $! 2>/dev/null || true
	wait $! || true
	# A stop without a whole state is one that the guest hears, paused or not.
	whole=$([[ -e $state ]] && echo 1 || echo 0)
	forget_serial web
	systemctl stop vm@web
	((whole)) || saw "guest-linux: agent: poweroff" "$(serial_log web)" || saw "power button" "$(serial_log web)" ||
		fail "the guest was cut off after a kill at $ms ms"
	systemctl start vm@web
	guest web "true"
	assert_eq "$(state web)" active
done

# A disk that is full: said, nothing is left of it, and the guest runs on.
mount -t tmpfs -o size=1M tmpfs /var/lib/private/vmlet/vm/web
failing "QEMU cannot write the guest's state" vmlet suspend web
assert_eq "$(ls -A /var/lib/private/vmlet/vm/web)" ""
umount --lazy /var/lib/private/vmlet/vm/web
guest web "true"
assert_eq "$(state web)" active

# Given up: the next start boots.
vmlet suspend web
vmlet suspend web --discard
failing "is not suspended" vmlet suspend web --discard
forget_serial web
systemctl start vm@web
wait_serial web "guest-linux: cmdline"
