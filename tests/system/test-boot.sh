# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 90
#
# The main job: a spec dropped in, a Linux guest booted in the sandbox with its tap in the bridge, and
# powered off cleanly.

mac() {
	vmlet list --json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["nics"][0]["mac"])'
}

linux web "" "description: 100% \"plain\" \$HOME" "disks: {data: 64MiB}" "nics: {lan: br-test}"
systemctl start vm@web
assert_eq "$(state web)" active
wait_serial web "guest-linux: up" 30
assert_eq "$(unit_prop vm@web Description)" '100% "plain" $HOME'
assert_eq "$(unit_prop vm@web SourcePath)" /etc/vmlet/web.yaml
assert_eq "$(unit_prop vm@web Slice)" machine.slice

# The serial socket is a console: what is typed reaches the guest, what it says comes back.
wait_serial web "guest-linux: nic eth0 $(mac web)" 5
{ sleep 0.5; echo "echo typed-\$((40 + 2))"; } | timeout 3 vmlet console web >"$logs/console" || true
assert_contains "$(cat "$logs/console")" typed-42

# The tap is up in a bridge that was made for it and says whose it is.
assert_contains "$(ip -o link show master br-test)" "vm-web_lan"
assert_contains "$(ip -o link show vm-web_lan)" "LOWER_UP"
assert_eq "$(cat /sys/class/net/br-test/ifalias)" vmlet
assert_eq "$(ip -o -6 addr show dev vm-web_lan)" ""

# QEMU is nobody: a user of its own, no capability, no network but lo, and no way to systemd.
pid=$(main_pid web)
assert_eq "$(readlink "/proc/$pid/exe")" /usr/bin/qemu-system-x86_64
uid=$(awk '/^Uid:/ {print $2}' "/proc/$pid/status")
((uid >= 61184 && uid <= 65519)) || fail "user ID $uid is not a dynamic one"
for set in CapInh CapPrm CapEff CapBnd CapAmb; do
	assert_eq "$(awk -v set="$set:" '$1 == set {print $2}' "/proc/$pid/status")" 0000000000000000
done
assert_eq "$(awk '/^NoNewPrivs:/ {print $2}' "/proc/$pid/status")" 1
assert_eq "$(awk '/^Seccomp:/ {print $2}' "/proc/$pid/status")" 2
assert_eq "$(nsenter -t "$pid" -n ip -o link | wc -l)" 1
assert_not_contains "$(tr '\0' '\n' <"/proc/$pid/environ")" NOTIFY_SOCKET

# It holds what it needs and nothing else: its disk, one tap, sockets, event descriptors.
for fd in "/proc/$pid/fd"/*; do
	case $(readlink "$fd") in
	/dev/null | socket:* | anon_inode:* | /dev/net/tun | /net/tun) ;;
	/var/lib/private/vmlet/vm/web/data.qcow2) ;;
	*) fail "QEMU holds $fd -> $(readlink "$fd")" ;;
	esac
done
assert_eq "$(readlink /proc/"$pid"/fd/* | grep -c /net/tun)" 1

# It has no business with others' files.
assert_eq "$(stat -c %a /var/lib/vmlet/vm/web/)" 700
assert_eq "$(stat -c %a /var/lib/vmlet/vm/web/data.qcow2)" 600
assert_eq "$(stat -c '%a %U' /run/systemd/generator/vmlet/web.yaml)" "600 root"
assert_eq "$(cmp /run/systemd/generator/vmlet/web.yaml /run/vmlet/vm/web/spec.yaml && echo same)" same

# Stopped, it saw the power button, and only the disk and the bridge are left.
systemctl stop vm@web
assert_eq "$(state web)" inactive
assert_eq "$(unit_prop vm@web Result)" success
wait_serial web "guest-linux: power button" 1
assert_fails test -e /sys/class/net/vm-web_lan
assert_fails test -e /run/vmlet/vm/web
test -e /var/lib/vmlet/vm/web/data.qcow2
assert_eq "$(unit_prop vm@web NFileDescriptorStore)" 0
