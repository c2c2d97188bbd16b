# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 120
#
# Operators, who are in group vmlet, start, stop and attach to VMs without root; others do nothing.

systemd-sysusers
useradd --no-create-home --groups vmlet alice
useradd --no-create-home bob
trap 'userdel alice; userdel bob' EXIT
assert_eq "$(getent group vmlet | cut -d: -f4)" alice
as() { runuser --user "$1" -- "${@:2}"; }

linux web ""
mini other
as alice systemctl start vm@web
assert_eq "$(state web)" active
wait_serial web "guest-linux: up"
(sleep 2 | timeout --foreground 4 runuser --user alice -- vmlet console web >"$logs/seen" 2>&1) || true
pkill -f "vmlet console web" || true
saw "guest-linux: up" "$logs/seen"
assert_contains "$(as alice vmlet console web --log)" "guest-linux: up"
as alice systemctl restart vm@web
as alice systemctl stop vm@web
assert_eq "$(state web) $(unit_prop vm@web Result)" "inactive success"

# No more than that: other units, the rest of vmlet.
failing "" as alice systemctl start vmlet-metrics.service
failing "" as alice systemctl kill vm@web
failing "" as alice vmlet reset web
failing "" as alice pkexec vmlet rm web

# By default nobody.
failing "" as bob systemctl start vm@web
assert_eq "$(state web)" inactive
systemctl start vm@web
failing "" as bob systemctl stop vm@web
failing "" as bob vmlet console web --log
assert_eq "$(state web)" active
