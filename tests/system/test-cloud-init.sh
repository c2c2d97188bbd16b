# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 180
#
# cloud-init in a real Debian reads the seed: its user-data runs, and the hostname is the VM's name.

keep_serial cloudy
install -D -m 0644 "$guests/guest-debian/root.qcow2" /var/lib/vmlet/images/debian.qcow2
spec cloudy <<EOF
accel: tcg
cpus: 2
memory: 1GiB
disks: {root: {image: debian}}
nics: {out: {user: {}}}
boot:
  kernel: $guests/guest-debian/vmlinuz
  initrd: $guests/guest-debian/initrd
  cmdline: root=/dev/vda rw console=ttyS0
cloud-init:
  user-data: |
    #cloud-config
    runcmd:
      - ip address add 10.0.2.99/24 dev \$(ls /sys/class/net | grep ^e)
      - echo "user-data ran on \$(hostname), 100%" > /dev/ttyS0
EOF
systemctl start vm@cloudy
wait_serial cloudy "user-data ran on cloudy, 100%" 150

# Where nothing else knows a guest's addresses, its agent is asked.
eventually 30 bash -c "vmlet list | grep -F '10.0.2.99 (agent)'"
assert_eq "$(vmlet list --json | jq -r '.[0].nics[0].addresses[] | select(.address == "10.0.2.99").source')" agent

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
sed -i 's/100%/101%/' /etc/vmlet/cloudy.yaml
systemctl daemon-reload
systemctl start vm@cloudy
[[ $(stat -c '%i %Y' /var/lib/vmlet/vm/cloudy/seed.iso) != "$seed" ]] || fail "the seed is the old one"
vmlet stop --force cloudy
