# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 240
# phases: 2
#
# What was accepted stays in force when a spec breaks: over a daemon-reload, a crash, and the next boot; and an
# earlier version is a command away.

broken() { printf 'memory: many\naccel: tcg\n' >/etc/vmlet/web.yaml; }

if ((phase == 2)); then
	# The spec is broken, and the VM is there.
	eventually 30 is_state web active
	assert_contains "$(journal -b -t vmlet-generator 2>/dev/null; journalctl -b -k --quiet; unit_prop vm@web Description)" \
		"accepted version"
	assert_contains "$(tr '\0' ' ' <"/proc/$(main_pid web)/cmdline")" "size=65536K"
	assert_contains "$(vmlet list)" "broken, version 2"
	failing "takes a size" vmlet apply --all
	assert_eq "$(state web)" active
	systemctl start vm@never 2>/dev/null && fail "a spec that never was good starts"
	assert_contains "$(why never)" "takes a size"
	return
fi

mini web "autostart: yes" "restart-delay: 100ms" "description: First" "nics: {lan: br-test}"
vmlet apply --all >/dev/null
mini web "autostart: yes" "restart-delay: 100ms" "description: Second" "nics: {lan: br-test}"
vmlet apply --all >/dev/null
wait_serial web ": up"
assert_eq "$(vmlet history web --json | jq -c '[.[] | [.version, .["in-force"], .changed]]')" \
	'[[1,false,""],[2,true,"description"]]'

# Broken, with a running VM.
broken
systemctl daemon-reload
pid=$(main_pid web)
assert_eq "$(unit_prop vm@web Description)" \
	"Virtual machine web (its spec has errors: accepted version 2 is in force)"
assert_contains "$(vmlet list)" "broken, version 2"
failing "takes a size" vmlet apply --all
assert_eq "$(main_pid web) $(state web)" "$pid active"
kill -KILL "$pid"
again() { [[ $(main_pid web) != 0 && $(main_pid web) != "$pid" && $(state web) == active ]]; }
eventually 20 again
assert_contains "$(ip -o link show master br-test)" vm-web_lan
systemctl stop vm@web
assert_eq "$(unit_prop vm@web Result)" success
systemctl start vm@web

# An earlier version, for as long as the spec does not change.
mini web "autostart: yes" "restart-delay: 100ms" "description: Second" "nics: {lan: br-test}"
vmlet apply --all
failing "no such version" vmlet rollback web 7
assert_contains "$(vmlet rollback web)" "web: version 1 counts until its spec changes"
assert_eq "$(unit_prop vm@web Description)" "Virtual machine web (rolled back to version 1)"
assert_contains "$(vmlet list)" "good, version 1"
vmlet apply --all
systemctl daemon-reload
assert_eq "$(vmlet history web --json | jq -c '[.[] | select(.["in-force"]) | .version]')" '[1]'
mini web "autostart: yes" "restart-delay: 100ms" "description: Third" "nics: {lan: br-test}"
vmlet apply --all
assert_eq "$(vmlet history web --json | jq -c '[.[] | select(.["in-force"]) | .version]')" '[3]'
assert_eq "$(unit_prop vm@web Description)" Third
vmlet rollback web 1 >/dev/null
vmlet rollback web 3 >/dev/null
assert_eq "$(unit_prop vm@web Description)" Third

# Twenty are kept.
for i in {4..24}; do
	mini web "autostart: yes" "restart-delay: 100ms" "description: D$i" "nics: {lan: br-test}"
	vmlet apply web >/dev/null
done
assert_eq "$(vmlet history web --json | jq -c '[.[0].version, .[-1].version]')" "[5,24]"
systemctl stop vm@web
vmlet rm web --disks --yes >/dev/null
assert_eq "$(vmlet history web --json)" "[]"
mini web "autostart: yes" "restart-delay: 100ms" "description: First" "nics: {lan: br-test}"
vmlet apply --all >/dev/null
mini web "autostart: yes" "restart-delay: 100ms" "description: Second" "nics: {lan: br-test}"
vmlet apply --all >/dev/null
broken
printf 'memory: many\n' >/etc/vmlet/never.yaml
systemctl daemon-reload
