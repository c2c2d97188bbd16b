# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 90
#
# A host that shuts down ends its VMs before the network and the file systems go.

mini last
systemctl start vm@last
wait_serial last ": up"
for unit in network.target remote-fs.target local-fs.target; do
	assert_contains "$(unit_prop vm@last After)" "$unit"
done
assert_contains "$(unit_prop vm@last Conflicts)" shutdown.target
assert_contains "$(unit_prop vm@last Before)" shutdown.target

# Eight at once, by the target that a shutdown takes down.
for i in {1..8}; do
	NO_RELOAD=1 mini "vm-$i" "autostart: yes"
done
systemctl daemon-reload
systemctl start vms.target
for i in {1..8}; do eventually 30 is_state "vm-$i" active; done
systemctl daemon-reload
systemctl stop vms.target 'vm@*.service'
for i in {1..8}; do
	assert_eq "$(state "vm-$i")" inactive
	assert_eq "$(unit_prop "vm@vm-$i" Result)" success
done
