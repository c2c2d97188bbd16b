# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 180
# alone: yes
#
# What a person does with a running VM: looks at it, watches it, presses its buttons, and attaches to its
# console together with others.

NO_RELOAD=1 network lan "addresses: 10.1.0.1/24" "dhcp: yes"
linux web "vmlet.dhcp vmlet.ready=agent" "description: Front end" "nics: {lan: {network: lan, address: 10.1.0.5}}" \
	"disks: {data: 64MiB}" "ready: guest-agent" "console: {journal: yes}"
NO_RELOAD=1 mini idle
systemctl daemon-reload
systemctl start vm@web vm@idle

# status: all of it on one screen, and as JSON.
shown=$(vmlet status web)
for part in "web: Front end" "active (running) since" "The guest runs" "/etc/vmlet/web.yaml" "q35, tcg, 1 CPUs, 256 MiB" \
	"PID $(main_pid web)" "64.0 MiB" "/var/lib/vmlet/vm/web/data.qcow2" "vm-web_lan on br-lan" "10.1.0.5"; do
	assert_contains "$shown" "$part"
done
assert_eq "$(vmlet status web --json | jq -c '[.name, .state, .["main-pid"], .nics[0].addresses[0], .disks[0].name, (.usage["rss-bytes"] > 10000000)]')" \
	"[\"web\",\"active\",$(main_pid web),\"10.1.0.5\",\"data\",true]"
assert_contains "$(vmlet status idle --json | jq -r .disks[0].image)" guest-mini
failing "no spec named nope" vmlet status nope

# The status of the unit itself learns what the guest is, and where.
eventually 30 eval '[[ $(unit_prop vm@web StatusText) == *"10.1.0.5"* ]]'

# top: plain when piped; a guest that works is on top of one that sleeps.
guest web "(timeout 10 yes >/dev/null) & dd if=/dev/urandom of=/dev/vda bs=64k count=64 2>/dev/null; sync; ping -c 3 -i 0.1 10.1.0.1 >/dev/null"
top=$(vmlet top --json --interval 1s)
assert_eq "$(jq -c '[.[].name]' <<<"$top")" '["web","idle"]'
assert_eq "$(jq '.[0].cpu > 30 and .[0].rss > 10000000 and .[1].cpu < 20' <<<"$top")" true
assert_eq "$(vmlet top --batch --sort name --interval 200ms --count 2 | grep --count '^idle ')" 2
assert_eq "$(vmlet top --interval 200ms --sort name | awk 'NR > 1 && NF {print $1}' | tr '\n' ' ')" "idle web "
assert_fails vmlet top --sort colour 2>/dev/null
vmlet top --json --interval 500ms --count 1 | jq -e '.[0].write != null' >/dev/null

# metrics: what Prometheus' own checks ask for, and the file is replaced as a whole.
metrics=$(vmlet metrics)
assert_contains "$metrics" 'vmlet_vm_up{vm="web"} 1'
assert_contains "$metrics" '# TYPE vmlet_vm_disk_written_bytes_total counter'
(($(sed -n 's/^vmlet_vm_disk_written_bytes_total{vm="web",disk="data"} //p' <<<"$metrics") >= 4194304)) || fail "the guest wrote 4 MiB"
(($(sed -n 's/^vmlet_vm_nic_sent_bytes_total{vm="web",nic="lan"} //p' <<<"$metrics") >= 300)) || fail "the guest sent pings"
assert_fails grep -vE '^(# (HELP|TYPE) vmlet_vm_[a-z_]+ .+|vmlet_vm_[a-z_]+\{vm="[a-z]+"(,(disk|nic)="[a-z]+")?\} [0-9.]+)$' <<<"$metrics"
assert_eq "$(grep '^# TYPE' <<<"$metrics" | sort | uniq -d)" ""
mkdir -p /var/lib/prometheus/node-exporter
systemctl start vmlet-metrics.service
assert_contains "$(cat /var/lib/prometheus/node-exporter/vmlet.prom)" 'vmlet_vm_up{vm="idle"} 1'
systemctl start vmlet-metrics.timer
systemctl stop vmlet-metrics.timer vm@idle
assert_contains "$(vmlet metrics)" 'vmlet_vm_up{vm="idle"} 0'

# pause and resume, which the journal tells; the guest stands still meanwhile.
vmlet pause web
assert_contains "$(vmlet status web --json | jq -r .state)" active
eventually 15 eval '[[ $(unit_prop vm@web StatusText) == *"stopped (paused)"* ]]'
vmlet resume web
guest web "true"
assert_contains "$(journal -u vm@web)" "The guest is paused."

# Several watch the console; the first types, and when it leaves, the next does.
declare -A watchers inputs
# attach WHO: to the console; what it prints is in $logs/WHO.
attach() {
	mkfifo "$logs/$1.in"
	socat - UNIX-CONNECT:/run/vmlet/vm/web/serial.sock <"$logs/$1.in" >"$logs/$1" &
	watchers[$1]=$!
	exec {input}>"$logs/$1.in"
	inputs[$1]=$input
	eventually 5 test -s "$logs/$1"
}
# type_as WHO TEXT
type_as() { echo "$2" >&"${inputs[$1]}"; }
for who in first second third; do attach $who; done
type_as third "echo by''-the-third"
type_as first "echo by''-the-first"
eventually 10 saw "by-the-first" "$logs/second"
eventually 10 saw "by-the-first" "$logs/third"
saw "you only watch" "$logs/third"
assert_not_contains "$(cat "$logs/first")" "by-the-third"
kill "${watchers[first]}"
eventually 5 saw "You may type now" "$logs/second"
kill "${watchers[second]}"
eventually 5 saw "You may type now" "$logs/third"
type_as third "echo now''-the-third"
eventually 10 saw "now-the-third" "$logs/third"
kill "${watchers[third]}"

# Who attaches sees what was printed before; a slow one holds nobody up.
sleep 1 | timeout 2 vmlet console web >"$logs/late" || true
saw "now-the-third" "$logs/late"
guest web "(sleep 2; yes 'a line of some forty bytes, more or less' | head -n 10000) & true"
socat -u UNIX-CONNECT:/run/vmlet/vm/web/serial.sock - >/dev/null &
slow=$!
sleep 0.5
kill -STOP "$slow"
eventually 20 saw "a line of some forty bytes, more or less" "$(serial_log web)" 10000
kill -KILL "$slow"
guest web "echo and on" >/dev/null

# The history, and the journal, which has lines without the bytes that are for terminals.
assert_contains "$(vmlet console web --log)" "now-the-third"
assert_contains "$(vmlet log web -o cat)" "guest-linux: up"
assert_eq "$(vmlet log web -o json --output-fields=MESSAGE,SYSLOG_IDENTIFIER -t web | jq -r 'select(.MESSAGE | type != "string") | 1' | wc -l)" 0
failing "nothing is kept" vmlet console nope --log

assert_eq "$(stat -L -c %a /var/lib/vmlet/vm/web/console.log)" 600

# Keys and buttons.
failing "QEMU refuses send-key" vmlet send-key web nonsense
failing "is not keys joined by" vmlet send-key web ctrl--delete
vmlet send-key web ctrl-alt-f2
guest web "echo 1 >/proc/sys/kernel/unknown_nmi_panic"
vmlet nmi web
eventually 20 eval 'journal -u vm@web | grep -q "The guest.s kernel panicked"'
eventually 60 eval '[[ $(unit_prop vm@web NRestarts) == 1 ]]'
eventually 60 is_state web active

# A reboot by the agent, and a reset, which does not ask: the same QEMU.
pid=$(main_pid web)
forget_serial web
vmlet reboot web
wait_serial web "guest-linux: agent: reboot"
wait_serial web "guest-linux: up"
forget_serial web
vmlet reset web
wait_serial web "guest-linux: up"
assert_eq "$(main_pid web) $(state web)" "$pid active"
failing "does not run" vmlet pause idle

# Without root: nothing is told that is not everybody's.
mkdir -p /tmp/nobody
assert_fails setpriv --reuid=65534 --regid=65534 --clear-groups vmlet pause web 2>/dev/null
assert_fails setpriv --reuid=65534 --regid=65534 --clear-groups vmlet console web --log 2>/dev/null
