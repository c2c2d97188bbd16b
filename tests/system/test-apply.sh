# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 240
#
# vmlet apply brings VMs to what their specs say, and does no more than that takes.

mkdir -p /etc/vmlet
NO_RELOAD=1
export NO_RELOAD

# applied TEXT [OPTION...]: what apply says, with exit code 0.
applied() {
	local out expected=$1
	shift
	out=$(vmlet apply "$@" 2>&1) || fail "apply failed: $out"
	assert_eq "$out" "$expected"
}
dry() {
	local code=0
	vmlet apply --all --dry-run >/dev/null 2>&1 || code=$?
	echo "$code"
}
boots() { journal -u "vm@$1" | grep --count "^Started vm@$1"; }

# From nothing to what the specs say; a second run has nothing to do.
mini web "state: running"
mini auto "autostart: yes"
mini rest
assert_eq "$(dry)" 2
assert_eq "$(vmlet apply --all --dry-run 2>&1 >/dev/null || true)" ""
assert_eq "$(state web)" inactive
out=$(vmlet apply --all)
assert_eq "$(sort <<<"$out")" "auto: started
web: started"
assert_eq "$(state web) $(state auto) $(state rest)" "active active inactive"
applied "" --all
assert_eq "$(dry)" 0
vmlet diff --exit-code

# What nobody reads is no change: order, comments, the file's name.
pid=$(main_pid web)
{
	echo "# a comment"
	tac /etc/vmlet/web.yaml
	echo "name: web"
} >/etc/vmlet/renamed.yaml
rm /etc/vmlet/web.yaml
applied "" --all
assert_eq "$(main_pid web) $(boots web)" "$pid 1"
mv /etc/vmlet/renamed.yaml /etc/vmlet/web.yaml
applied "" --all

# A change of the unit alone comes at once, and the stop knows it.
mini web "state: running" "stop-timeout: 7s" "description: The front"
assert_contains "$(vmlet diff web)" "live      stop-timeout: 90s -> 7s"
assert_contains "$(vmlet diff --unit web)" "+Description=The front"
applied "web: changed while it runs: description, stop-timeout" web
assert_eq "$(main_pid web) $(unit_prop vm@web Description)" "$pid The front"
assert_eq "$(</run/vmlet/vm/web/stop-timeout)" 7000000
vmlet diff --exit-code

# What needs a restart waits for it, and is shown until then.
mini web "state: running" "stop-timeout: 7s" "description: The front" "cpus: 2"
applied "web: as it is; 1 change waits until it is restarted" web
assert_eq "$(vmlet diff --exit-code >/dev/null && echo 0 || echo $?)" 2
assert_contains "$(vmlet diff)" "restart   cpus.count: 1 -> 2"
assert_contains "$(vmlet list)" "pending"
assert_eq "$(vmlet list --json | jq -c '[.[] | select(.pending) | .name]')" '["web"]'
assert_eq "$(main_pid web)" "$pid"
systemctl restart vm@web
vmlet diff --exit-code
assert_not_contains "$(vmlet list)" "pending"

# Unless the spec says otherwise.
mini web "state: running" "on-change: restart" "cpus: 1"
out=$(vmlet apply --all --json)
assert_eq "$(jq -c '.vms[] | select(.action != "nothing") | [.name, .action, .pending]' <<<"$out")" '["web","restart",0]'
assert_eq "$(jq .changed <<<"$out")" true
[[ $(main_pid web) != "$pid" ]] || fail "not restarted"
assert_eq "$(vmlet apply --all --json | jq .changed)" false
pid=$(main_pid web)
mini web "state: running" "on-change: none" "description: Another"
assert_contains "$(vmlet apply web)" "'on-change' is none"
assert_eq "$(main_pid web)" "$pid"
mini web "state: running" "on-change: restart" "protected: yes" "memory: 65MiB"
sed -i '/^memory: 64MiB/d' /etc/vmlet/web.yaml
assert_contains "$(vmlet apply web)" "it is 'protected' from restarts"
assert_eq "$(main_pid web)" "$pid"
mini web "state: stopped" "protected: yes"
assert_contains "$(vmlet apply web)" "it is 'protected' from stops"
assert_eq "$(main_pid web)" "$pid"
mini web "state: stopped"
applied "web: stopped" web
assert_eq "$(state web)" inactive

# A disk that would shrink is refused, and nothing else of that VM is done.
mini data "state: running"
sed -i 's/^disks:.*/disks: {root: {image: guest-mini}, data: {size: 64MiB}}/' /etc/vmlet/data.yaml
applied "data: started" data
sed -i 's/64MiB}}/32MiB}}/; s/^state:.*/&\ndescription: Smaller/' /etc/vmlet/data.yaml
failing "a disk is never made smaller" vmlet apply data
assert_contains "$(vmlet diff data)" "forbidden disks.data.size: 64MiB -> 32MiB"

# A spec that goes takes its VM with it, in peace, and leaves its disks; unless it says otherwise.
sed -i 's/32MiB}}/64MiB}}/' /etc/vmlet/data.yaml
vmlet apply data >/dev/null
rm /etc/vmlet/data.yaml
mini kept "state: running" "on-remove: keep"
mini guarded "state: running" "protected: yes"
vmlet apply kept guarded >/dev/null
rm /etc/vmlet/kept.yaml /etc/vmlet/guarded.yaml
out=$(vmlet apply --all)
assert_contains "$out" "data: stopped"
assert_contains "$out" "kept: as it is: its spec has gone, and 'on-remove' is keep"
assert_contains "$out" "guarded: as it is: its spec has gone, and it is 'protected'"
assert_eq "$(state data) $(state kept) $(state guarded)" "inactive active active"
test -s /var/lib/vmlet/vm/data/data.qcow2
systemctl stop vm@kept vm@guarded
mini guarded "protected: yes"
failing "is protected" vmlet rm guarded

# Where not even the names are known, or nothing is there at all, nothing has gone.
printf 'name: [\n' >/etc/vmlet/auto.yaml
failing "is in a file that has errors" vmlet apply --all
assert_eq "$(state auto)" active
mv /etc/vmlet /etc/vmlet.away
failing "has gone with the whole directory" vmlet apply --all
assert_eq "$(state auto)" active
mv /etc/vmlet.away /etc/vmlet
mini auto "autostart: yes"
vmlet apply --all

# Another that is at work is waited for; both end well.
for i in {1..6}; do mini "many-$i" "state: running"; done
vmlet apply --all >"$logs/one" &
vmlet apply --all >"$logs/other" &
wait
for i in {1..6}; do assert_eq "$(state "many-$i")" active; done
assert_eq "$(cat "$logs/one" "$logs/other" | grep --count "many-.: started")" 6

# A VM that does not start is told, and the others do.
mini good "state: running"
mini bad "state: running"
sed -i 's/image: guest-mini/image: nowhere/' /etc/vmlet/bad.yaml
code=0
out=$(vmlet apply --all 2>&1) || code=$?
assert_eq "$code $(state good)" "1 active"
assert_contains "$out" "bad: failed: failed (exit-code): systemctl status vm@bad.service"
