# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 600
#
# vmlet apply is killed at each of its calls that others see; the next one has the host where an undisturbed one
# would have it. What changes in a running VM test-live-kill has.

NO_RELOAD=1
export NO_RELOAD
calls=sendmsg,sendto,write,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,fchown,clone,clone3,vfork

# before: three VMs, and specs that ask for a stop, a start, changes while one runs, and nothing.
before() {
	rm -f /etc/vmlet/*
	mini stays "state: running"
	mini goes "state: running"
	linux changes "" "state: running" "nics: {lan: br-test}"
	vmlet apply --all >/dev/null 2>&1
	rm /etc/vmlet/goes.yaml
	mini comes "state: running"
	linux changes "" "state: running" "stop-timeout: 5s" "description: Changed" "nics: {lan: {bridge: br-test, link: down}}"
}
# after: what the host is then.
after() {
	for name in stays goes changes comes; do echo "$name $(state $name)"; done
	vmlet diff --exit-code && echo "no difference"
	vmlet history changes --json | jq -c '.[-1].changed'
	echo "$(unit_prop vm@changes Description) $(cat /run/vmlet/vm/changes/stop-timeout)"
	find /run/vmlet /run/vmlet-apply /var/lib/vmlet -name '.*.tmp' -o -name units | sort
}
# undone: stays and changes run as they were at first.
undone() { systemctl kill --signal=KILL 'vm@*' 2>/dev/null; systemctl stop 'vm@*.service'; systemctl reset-failed; rm -rf /var/lib/vmlet/vm/* /var/lib/private/vmlet/vm/* /var/lib/vmlet/accepted; }

before
vmlet apply --all >/dev/null
whole=$(after)
assert_contains "$whole" "no difference"
pids="$(main_pid stays)"
kills=0
for ((n = 1; ; n++)); do
	undone
	before
	pids=$(main_pid stays)/$(main_pid changes)
	code=0
	strace -f -qq -o /dev/null -e "trace=$calls" -e "inject=$calls:signal=KILL:when=$n" vmlet apply --all >/dev/null 2>&1 || code=$?
	((code != 0)) || break
	kills=$((kills + 1))
	vmlet apply --all >"$logs/again" 2>&1 || fail "after a kill at call $n: $(cat "$logs/again")"
	assert_same "$(after)" "$whole"
	assert_eq "$n $(main_pid stays)/$(main_pid changes)" "$n $pids"
done
((kills >= 15)) || fail "$kills kills"
echo "$kills kills"
