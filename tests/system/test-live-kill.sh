# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 300
#
# vmlet apply is killed at each of its calls that others see while it changes a running VM; the next one has the
# machine where an undisturbed one would have it, and the guest runs on.

NO_RELOAD=1
export NO_RELOAD
calls=sendmsg,sendto,write,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,fchown,clone,clone3,vfork

# now SIDE: the spec of one of two machines, which differ in what can come and go.
now() {
	case $1 in
	a) linux web "" "state: running" "disks: {data: {size: 16MiB}, less: {size: 8MiB}}" \
		"nics: {lan: br-test, old: {bridge: br-test, link: down}}" ;;
	b) linux web "" "state: running" "disks: {data: {size: 16MiB}, more: {size: 8MiB}}" \
		"nics: {lan: br-test, new: {bridge: br-test, link: down}}" ;;
	esac
}
# machine: what QEMU and the host have of it now.
machine() {
	python3 - <<-'EOF'
		import json, socket
		link = socket.socket(socket.AF_UNIX)
		link.connect("/run/vmlet/vm/web/qmp.sock")
		lines = link.makefile()
		def execute(command, **arguments):
		    link.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
		    while True:
		        answer = json.loads(lines.readline())
		        if "return" in answer or "error" in answer:
		            return answer["return"]
		lines.readline()
		execute("qmp_capabilities")
		for path in "/machine/peripheral", "/objects":
		    print(path, *sorted(entry["name"] for entry in execute("qom-list", path=path)))
		print(*sorted(node["node-name"] for node in execute("query-named-block-nodes", flat=True)))
		print(*sorted(filter["name"] + filter["main-mac"] for filter in execute("query-rx-filter")))
		print(execute("query-fdsets"), execute("query-jobs"))
	EOF
	ip -o link show master br-test | sed 's/.*\(vm-web_[a-z]*\).*/\1/' | sort
	find /run/vmlet /run/vmlet-apply /var/lib/vmlet -name '.*.tmp' -o -name units | sort
	vmlet diff --exit-code web && echo "no difference"
}

now a
vmlet apply --all >/dev/null
wait_serial web "guest-linux: up"
boot=$(guest web "cat /proc/sys/kernel/random/boot_id")
pid=$(main_pid web)
declare -A whole
for side in b a b a; do
	now $side
	vmlet apply web >/dev/null
	[[ -z ${whole[$side]-} ]] || assert_same "$(machine)" "${whole[$side]}"
	whole[$side]=$(machine)
	assert_contains "${whole[$side]}" "no difference"
done
assert_contains "${whole[a]}" vm-web_old
assert_contains "${whole[b]}" "disk-more"

kills=0
declare -A through=([a]="" [b]="")
for ((n = 1; ; n++)); do
	for side in b a; do
		now $side
		code=0
		[[ -n ${through[$side]} ]] || strace -f -qq -o /dev/null -e "trace=$calls" \
			-e "inject=$calls:signal=KILL:when=$n" vmlet apply web >/dev/null 2>&1 || code=$?
		if ((code == 0)); then through[$side]=yes; else kills=$((kills + 1)); fi
		vmlet apply web >"$logs/again" 2>&1 || fail "after a kill at call $n to $side: $(cat "$logs/again")"
		assert_same "$(machine)" "${whole[$side]}"
	done
	[[ -z ${through[a]} || -z ${through[b]} ]] || break
done
((kills >= 60)) || fail "$kills kills"
assert_eq "$(main_pid web) $(guest web "cat /proc/sys/kernel/random/boot_id")" "$pid $boot"
# As the guest sees it.
now b
vmlet apply web >/dev/null
eventually 10 eval '[[ $(guest web "cat /sys/block/vdb/size") == '$((8 * 2048))' ]]'
eventually 10 eval '[[ $(guest web "ls /sys/class/net | grep -c eth") == 2 ]]'
echo "$kills kills"
