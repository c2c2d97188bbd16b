# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 300
#
# cloud-init in a real Debian reads the seed: its user-data runs, keys are let in, and the hostname is the VM's name; a
# new instance runs it all again. Its agent has file systems stand still for a snapshot, and trims them.

install -D -m 0644 "$guests/guest-debian/root.qcow2" /var/lib/vmlet/images/debian.qcow2
cloudy() {
	spec cloudy <<EOF
accel: tcg
cpus: 2
memory: 1GiB
disks: {root: {image: debian}}
ssh-keys: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA key-of-test
nics: {out: {user: {}}}
boot:
  kernel: $guests/guest-debian/vmlinuz
  initrd: $guests/guest-debian/initrd
  cmdline: root=/dev/vda rw console=ttyS0
cloud-init:
$(printf '  %s\n' "$@")
  user-data: |
    #cloud-config
    runcmd:
      - ip address add 10.0.2.99/24 dev \$(ls /sys/class/net | grep ^e)
      - echo "keys \$(cat /root/.ssh/authorized_keys /home/*/.ssh/authorized_keys 2>/dev/null | grep -c key-of-test)" > /dev/ttyS0
      - echo "user-data ran on \$(hostname), 100%" > /dev/ttyS0
EOF
}
cloudy
systemctl start vm@cloudy
wait_serial cloudy "user-data ran on cloudy, 100%" 150
grep -qE --text "keys [1-9]" "$(serial_log cloudy)" || fail "cloud-init let no key in"

# Where nothing else knows a guest's addresses, its agent is asked.
eventually 30 bash -c "vmlet list | grep -F '10.0.2.99 (agent)'"
assert_eq "$(vmlet list --json | jq -r '.[0].nics[0].addresses[] | select(.address == "10.0.2.99").source')" agent

# What the agent does for a snapshot is undone, whatever happens to who asked for it.
agent() {
	python3 - "$1" <<-'END'
		import json, socket, sys
		agent = socket.socket(socket.AF_UNIX)
		agent.connect("/run/vmlet/vm/cloudy/agent.sock")
		agent.settimeout(20)
		agent.sendall(json.dumps({"execute": "guest-sync", "arguments": {"id": 4711}}).encode() + b"\n" + json.dumps({"execute": sys.argv[1]}).encode() + b"\n")
		lines = agent.makefile()
		while json.loads(lines.readline()).get("return") != 4711: pass
		print(json.loads(lines.readline())["return"])
	END
}
assert_contains "$(vmlet snapshot create cloudy still 2>&1)" "The guest's file systems stood still."
assert_eq "$(agent guest-fsfreeze-status)" thawed
vmlet snapshot delete cloudy still
for ms in 300 600 900; do
	vmlet snapshot create cloudy killed >/dev/null 2>&1 &
	sleep "0.$ms"
	kill -KILL $! 2>/dev/null || true
	wait $! 2>/dev/null || true
	eventually 20 bash -c '! pgrep -x vmlet'
	assert_eq "$(agent guest-fsfreeze-status)" thawed
	vmlet snapshot delete cloudy killed 2>/dev/null || true
done
assert_contains "$(vmlet disk compact cloudy)" "The guest gave back"

# The secret-bearing text is in no unit and on no command line.
assert_not_contains "$(systemctl cat vm@cloudy)" user-data
assert_not_contains "$(tr '\0' '\n' </proc/"$(main_pid cloudy)"/cmdline)" runcmd
assert_eq "$(stat -c %a /var/lib/vmlet/vm/cloudy/seed.iso)" 600
seed=$(stat -c '%i %Y' /var/lib/vmlet/vm/cloudy/seed.iso)

systemctl stop vm@cloudy
assert_eq "$(unit_prop vm@cloudy Result)" success

# The seed is built again when its content changes, and only then.
systemctl start vm@cloudy
assert_eq "$(stat -c '%i %Y' /var/lib/vmlet/vm/cloudy/seed.iso)" "$seed"
vmlet stop --force cloudy
assert_eq "$(state cloudy)" inactive
cloudy "reprovision: 2"
systemctl start vm@cloudy
[[ $(stat -c '%i %Y' /var/lib/vmlet/vm/cloudy/seed.iso) != "$seed" ]] || fail "the seed is the old one"
wait_serial cloudy "user-data ran on cloudy, 100%" 150 2
systemctl stop vm@cloudy
qemu-img check -q -f qcow2 /var/lib/vmlet/vm/cloudy/root.qcow2
