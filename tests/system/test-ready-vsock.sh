# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: machine
# needs: kvm
# timeout: 240
#
# What the container's kernel lacks: a guest's systemd that says READY=1 over vsock.

modprobe vhost_vsock
modprobe vsock_loopback
accel=kvm linux told vmlet.ready=vsock "ready: notify" "vsock: {cid: 77}" "console: {journal: yes}" "cpus: {model: qemu64}"
systemctl start vm@told
assert_eq "$(state told)" active
assert_contains "$(journal -u vm@told)" "The VM is ready, "
journalctl --sync
said=$(journalctl -q -u vm@told -t told -o json --after-cursor "$(<"$logs/.cursor")" |
	jq -r 'select(.MESSAGE | contains("guest-linux: ready now")) | .__REALTIME_TIMESTAMP')
ready=$(journalctl -q -u vm@told -o json --after-cursor "$(<"$logs/.cursor")" |
	jq -r 'select(.MESSAGE | startswith("The VM is ready")) | .__REALTIME_TIMESTAMP')
((ready > said && ready < said + 1000000)) || fail "ready $(((ready - said) / 1000)) ms after the guest said so"
eventually 20 eval '[[ $(unit_prop vm@told StatusText) == *"it says: all is well"* ]]'
assert_contains "$(tr '\0' '\n' <"/proc/$(main_pid told)/cmdline")" "vhost-vsock-pci,guest-cid=77,"
assert_not_contains "$(journal -u vm@told)" "no /dev/vhost-vsock"
# Somebody else may not speak for it.
python3 - <<-'END'
	import socket
	with socket.socket(socket.AF_VSOCK) as peer:
	    peer.connect((1, 0x80000000 + 77))
	    try:
	        peer.sendall(b"STATUS=not me\n")
	    except (BrokenPipeError, ConnectionResetError):
	        pass  # It is hung up on at once.
END
sleep 1
assert_not_contains "$(unit_prop vm@told StatusText)" "not me"
systemctl stop vm@told
