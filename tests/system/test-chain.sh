# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 120
#
# db, app and web depend on each other: they start in order, each when the one before is ready, and stop in
# reverse, with the network still there. The guests' own words prove it.

NO_RELOAD=1 network lan "addresses: 10.1.0.1/24"
for link in db:: app:db web:app; do
	IFS=: read -r name needs _ <<<"$link"
	NO_RELOAD=1 linux "$name" vmlet.ready=none "ready: {serial: 'ready now'}" "depends-on: [$needs]" \
		"nics: {lan: {network: lan}}" "console: {journal: yes}"
done
systemctl daemon-reload

# said TEXT: who said it, in that order.
said() {
	journalctl --sync
	journalctl --quiet -o json --after-cursor="$(<"$logs/.cursor")" -t db -t app -t web |
		jq -r --arg text "$1" 'select(.MESSAGE | type == "string" and contains($text)) | .SYSLOG_IDENTIFIER' | tr '\n' ' '
}

systemctl start vm@web
assert_eq "$(said "ready now")" "db app web "

# All are told to stop at once, as a shutdown does; each waits for those that need it.
systemctl stop vm-network@lan
assert_eq "$(said "power button")" "web app db "
for name in db app web; do assert_eq "$name $(unit_prop "vm@$name" Result)" "$name success"; done
