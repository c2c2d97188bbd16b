# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 90
#
# Profiles, networks, images and dependencies, as they run; the verbs that a first spec is written with.

install -D -m 0644 "$guests/guest-mini.qcow2" "/srv/images/guest mini,1.qcow2"
NO_RELOAD=1 spec shared <<'EOF2'
kind: profile
name: default
accel: tcg
stop-timeout: 20s
---
kind: profile
name: small
memory: 64MiB
disks: {root: {image: mini}}
---
kind: network
name: lan
bridge: br-lan
---
kind: image
name: mini
path: /srv/images/guest mini,1.qcow2
EOF2
NO_RELOAD=1 spec db <<<"profiles: [small]"
spec app <<'EOF2'
profiles: [small]
depends-on: [db]
nics: {lan: {network: lan}}
memory: 96MiB
EOF2
systemctl start vm@app
wait_serial app ": up"
wait_serial db ": up"
assert_eq "$(state db)" active
assert_eq "$(unit_prop vm@app Requires | tr ' ' '\n' | grep -c '^vm@db.service$')" 1
assert_eq "$(unit_prop vm@app After | tr ' ' '\n' | grep -c '^vm@db.service$')" 1
assert_eq "$(ip -o link show master br-lan | grep -c vm-app_lan)" 1
assert_contains "$(tr '\0' ' ' <"/proc/$(main_pid app)/cmdline")" "filename=/var/lib/vmlet/images/mini."
assert_contains "$(tr '\0' ' ' <"/proc/$(main_pid app)/cmdline")" "size=98304K"
origin=$(vmlet show app --origin)
assert_contains "$origin" "memory: 96MiB  # /etc/vmlet/app.yaml:4"
assert_contains "$origin" "accel: tcg  # /etc/vmlet/shared.yaml:3"
assert_contains "$origin" "image: \"mini\"  # /etc/vmlet/shared.yaml:9"
assert_contains "$origin" "machine: q35  # default"

# A profile that breaks does not touch what runs; the reason is told by whoever takes it up.
sed -i 's/^memory: 64MiB/memory: 64/' /etc/vmlet/shared.yaml
systemctl daemon-reload
assert_eq "$(state app) $(state db)" "active active"
vmlet check >/tmp/check 2>&1 || true
assert_eq "$(grep -c ': error: ' /tmp/check)" 1
systemctl stop vm@app
assert_eq "$(unit_prop vm@app Result)" success
assert_fails systemctl start vm@app 2>/dev/null
assert_contains "$(why app)" "/etc/vmlet/shared.yaml:8:9: error: 'memory' takes a size"
systemctl stop vm@db
sed -i 's/^memory: 64$/memory: 64MiB/' /etc/vmlet/shared.yaml
systemctl daemon-reload

# A dependency that cannot start takes along who needs it, and nobody else.
NO_RELOAD=1 spec db <<<"profiles: [small]
disks: {root: {image: none}}"
NO_RELOAD=1 spec other <<<"profiles: [small]"
systemctl daemon-reload
systemctl reset-failed vm@app
assert_fails systemctl start vm@app 2>/dev/null
assert_eq "$(state app)" inactive
systemctl start vm@other
systemctl stop vm@other
# A cycle is refused where it closes.
spec db <<<"depends-on: [app]"
assert_contains "$(vmlet check 2>&1 || true)" "/etc/vmlet/db.yaml:1:14: error: 'app' depends on 'app' by way of 'db'"

# What programs read, and what a warning is.
rm /etc/vmlet/{app,db,other}.yaml
vmlet check --json >/tmp/check.json
assert_eq "$(cat /tmp/check.json)" "[]"
printf 'memory: 1\nboot: {kernel: /none}\n' >/tmp/x.yaml
assert_fails vmlet check --json - </tmp/x.yaml >/tmp/check.json
python3 - <<'EOF2'
import json
(error,) = json.load(open("/tmp/check.json"))
assert error == {"file": "<stdin>", "line": 1, "column": 9, "end-column": 10, "severity": "error", "code": "bad-value",
                 "message": "'memory' takes a size with its unit, such as 512MiB or 20GiB, not '1'",
                 "hint": "add a unit, such as MiB or GiB"}, error
EOF2
printf 'accel: auto\nmemory: 900TiB\n' >/tmp/x.yaml
assert_fails vmlet check /tmp/x.yaml 2>/dev/null
printf 'accel: auto\nmemory: 15TiB\n' >/tmp/x.yaml
assert_contains "$(vmlet check /tmp/x.yaml 2>&1)" "warning: the host has less memory"
assert_fails vmlet check --strict /tmp/x.yaml 2>/dev/null

# A first spec is whole, and never written over another.
vmlet init first --image mini --size 1GiB --memory 64MiB --cpus 1 --bridge br-test
vmlet check first 2>/dev/null
before=$(sha256sum /etc/vmlet/first.yaml)
assert_fails vmlet init first 2>/dev/null
assert_fails vmlet init second --size 5 2>/dev/null
assert_fails test -e /etc/vmlet/second.yaml
assert_eq "$(sha256sum /etc/vmlet/first.yaml)" "$before"
systemctl daemon-reload
systemctl start vm@first
wait_serial first ": up"
systemctl stop vm@first
