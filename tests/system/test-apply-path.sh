# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 240
#
# vmlet-apply.path applies what changes below /etc/vmlet, once it is quiet, in whatever way it changes.

NO_RELOAD=1
export NO_RELOAD
# What is under way would start VMs again that are cleaned up.
trap 'systemctl disable --now vmlet-apply.path 2>/dev/null; systemctl stop vmlet-apply vmlet-apply-again' EXIT
systemctl daemon-reload
systemctl enable --now vmlet-apply.path 2>/dev/null

idle() { [[ $(unit_prop vmlet-apply ActiveState)$(unit_prop vmlet-apply-again ActiveState) != *ing* ]]; }
settled() {
	sleep 1
	eventually 60 idle
}
# reloads: how often units were read anew, which each apply that finds a change does once.
reloads() { journal _PID=1 | grep --count "^Reloading" || true; }
runs() { journal -u vmlet-apply | grep --count "^Starting" || true; }

# A file that comes, as an editor writes it: another name, and rename.
mini web "state: running"
eventually 10 is_state web active
settled

# A thousand at once are one apply, or two.
before=$(reloads)
python3 - <<-'EOF'
	import os
	for i in range(1000):
	    with open(f"/etc/vmlet/burst-{i:04}.yaml", "w") as spec:
	        spec.write("memory: 64MiB\ndisks: {root: {size: 16MiB}}\n")
EOF
settled
eventually 30 idle
after=$(reloads)
((after - before >= 1 && after - before <= 2)) || fail "$((after - before)) reloads for a burst"
assert_eq "$(vmlet list --json | jq '[.[] | select(.name | startswith("burst"))] | length')" 1000
rm /etc/vmlet/burst-*
settled
assert_eq "$(vmlet list --json | jq -c '[.[].name]')" '["web"]'

# Half a file is not applied, however long it takes.
(
	exec 3>/etc/vmlet/slow.yaml
	printf 'state: running\naccel: tcg\nmemory: 64MiB\n' >&3
	sleep 4
	printf 'description: All of it\ndisks: {root: {image: guest-mini}}\n' >&3
) &
sleep 3
assert_eq "$(unit_prop vm@slow ActiveState)" inactive
wait
eventually 10 is_state slow active
assert_eq "$(unit_prop vm@slow Description)" "All of it"

# What changes while an apply is at work is applied, too.
settled
linux late vmlet.ready=none "state: running" "ready: {serial: 'ready now'}"
eventually 20 eval '[[ $(unit_prop vmlet-apply ActiveState) == activating ]] && [[ $(unit_prop vm@late ActiveState) == activating ]]'
mini meanwhile "state: running"
eventually 60 is_state meanwhile active
eventually 60 is_state late active

# A broken file is told once, and does not go round.
settled
before=$(runs)
printf 'memory: [\n' >/etc/vmlet/broken.yaml
settled
sleep 3
after=$(runs)
((after - before >= 1 && after - before <= 2)) || fail "$((after - before)) runs for a broken file"
assert_contains "$(journal -u vmlet-apply -u vmlet-apply-again)" "/etc/vmlet/broken.yaml:"
rm /etc/vmlet/broken.yaml
eventually 10 eval '[[ $(unit_prop vmlet-apply Result) == success ]]'

# A tree by links, of which one is replaced: the first way is a directory of links, the second a link to one.
settled
mkdir -p /etc/vmlet/..one /etc/vmlet/..two
printf 'accel: tcg\nmemory: 64MiB\nstate: running\ndescription: One\ndisks: {root: {image: guest-mini}}\n' >/etc/vmlet/..one/linked.yaml
sed 's/One/Two/' /etc/vmlet/..one/linked.yaml >/etc/vmlet/..two/linked.yaml
ln -s ..one /etc/vmlet/..data
ln -s ..data/linked.yaml /etc/vmlet/linked.yaml
eventually 20 is_state linked active
assert_eq "$(unit_prop vm@linked Description)" One
settled
ln -s ..two /etc/vmlet/..new
mv -T /etc/vmlet/..new /etc/vmlet/..data
eventually 20 eval '[[ $(unit_prop vm@linked Description) == Two ]]'
rm -r /etc/vmlet/..* /etc/vmlet/linked.yaml
eventually 20 is_state linked inactive

settled
mkdir -p /srv/git/first /srv/git/second
cp /etc/vmlet/*.yaml /srv/git/first
cp /etc/vmlet/*.yaml /srv/git/second
printf 'accel: tcg\nmemory: 64MiB\nstate: running\ndisks: {root: {image: guest-mini}}\n' >/srv/git/second/second.yaml
rm /srv/git/second/late.yaml
ln -s first /srv/git/current
mv /etc/vmlet /srv/git/before
ln -s /srv/git/current /etc/vmlet
settled
assert_eq "$(state web) $(state late) $(unit_prop vm@second ActiveState)" "active active inactive"
ln -s second /srv/git/next
mv -T /srv/git/next /srv/git/current
eventually 20 is_state second active
eventually 20 is_state late inactive
assert_eq "$(state web)" active
# And a file in it, after that.
settled
rm /srv/git/second/second.yaml
eventually 20 is_state second inactive
rm /etc/vmlet
mv /srv/git/before /etc/vmlet
rm -r /srv/git
