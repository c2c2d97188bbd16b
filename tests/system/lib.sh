# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What a system test can use. A test runs as root inside a test host, under "set -eEuo pipefail";
# everything that it leaves in the places of vmlet, every link and every process is cleaned up after it.

# shellcheck disable=SC2034 # for the tests
guests=/usr/lib/vmlet-test/guests
logs=/tmp/vmlet-test-logs

# where: the innermost place of the test itself that led here.
where() {
	local i
	for ((i = 1; i < ${#BASH_SOURCE[@]}; i++)); do
		if [[ ${BASH_SOURCE[i]} == */test-*.sh ]]; then
			echo "${BASH_SOURCE[i]##*/}:${BASH_LINENO[i - 1]}"
			return
		fi
	done
	echo "${BASH_SOURCE[-1]##*/}"
}

on_error() {
	echo "$(where): \`$2' failed with exit code $1"
}

# fail MESSAGE: ends the test.
fail() {
	trap - ERR
	echo "$(where): $*"
	exit 1
}

# assert_eq ACTUAL EXPECTED
assert_eq() {
	[[ $1 == "$2" ]] || fail "got \"$1\", expected \"$2\""
}

# assert_contains TEXT PART
assert_contains() {
	[[ $1 == *"$2"* ]] || fail "no \"$2\" in: $1"
}

# assert_not_contains TEXT PART
assert_not_contains() {
	[[ $1 != *"$2"* ]] || fail "\"$2\" in: $1"
}

# assert_fails COMMAND...
assert_fails() {
	if "$@"; then fail "\`$*' succeeded"; fi
}

# failing REASON COMMAND...: the command fails, and says why.
failing() {
	local out reason=$1
	shift
	if out=$("$@" 2>&1); then fail "\`$*' succeeded"; fi
	assert_contains "$out" "$reason"
}

# eventually SECONDS COMMAND...: waits until the command succeeds.
eventually() {
	local seconds=$1 end=$((${EPOCHREALTIME/./} + $1 * 1000000))
	shift
	until "$@" >/dev/null 2>&1; do
		((${EPOCHREALTIME/./} < end)) || fail "not within $seconds s: $*"
		sleep 0.05
	done
}

# spec NAME: puts stdin in force as /etc/vmlet/NAME.yaml; with NO_RELOAD=1 systemd is not told.
spec() {
	mkdir -p /etc/vmlet
	cat >"/etc/vmlet/.$1.new"
	mv "/etc/vmlet/.$1.new" "/etc/vmlet/$1.yaml"
	[[ ${NO_RELOAD-} == 1 ]] || systemctl daemon-reload
}

# unit_prop UNIT PROPERTY
unit_prop() {
	systemctl show --property="$2" --value "$1"
}

# main_pid NAME: the process ID of a VM's QEMU.
main_pid() {
	unit_prop "vm@$1" MainPID
}

# journal [OPTION...]: what was logged since the test began, messages only.
journal() {
	journalctl --sync
	journalctl --quiet --output=cat --after-cursor="$(<"$logs/.cursor")" "$@"
}

# serial_log NAME: where the history of a VM's console is.
serial_log() {
	echo "/var/lib/vmlet/vm/$1/console.log"
}

# forget_serial NAME: what the guest has printed so far does not count.
forget_serial() {
	if [[ -e $(serial_log "$1") ]]; then : >"$(serial_log "$1")"; fi
}

# saw TEXT FILE [COUNT]: whether the file has at least COUNT lines (1) with the text.
saw() {
	local count
	count=$(grep --count --fixed-strings --text -e "$1" "$2")
	((count >= ${3-1}))
}

# wait_serial NAME TEXT [SECONDS [COUNT]]: within a minute, or SECONDS, until the guest has printed it.
wait_serial() {
	local log
	log=$(serial_log "$1")
	eventually "${3-60}" saw "$2" "$log" "${4-1}"
}

# qmp SOCKET COMMAND: sends one QMP command, prints all that comes back within a moment.
qmp() {
	{
		printf '{"execute":"qmp_capabilities"}\n{"execute":"%s"}\n' "$2"
		sleep 0.3
	} | socat -t 1 - "UNIX-CONNECT:$1"
}

# image GUEST: puts a guest's qcow2 into the image store, from where specs name it. Again is the same file.
image() {
	install -D -p -m 0644 "$guests/$1.qcow2" "/var/lib/vmlet/images/$1.qcow2"
}

# mini NAME [LINE...]: the spec of a VM that boots guest-mini under TCG, with further lines. It says
# "guest-mini: up" after 0.1 s and obeys the power button.
mini() {
	local name=$1
	shift
	image guest-mini
	spec "$name" <<-EOF
		accel: tcg
		memory: 64MiB
		disks: {root: {image: guest-mini}}
		$(printf '%s\n' "$@")
	EOF
}

# linux NAME CMDLINE [LINE...]: the spec of a VM that boots guest-linux under TCG, or what $accel says,
# with further lines.
linux() {
	local name=$1 cmdline=$2
	shift 2
	spec "$name" <<-EOF
		accel: ${accel-tcg}
		memory: 256MiB
		boot:
		  kernel: $guests/guest-linux/vmlinuz
		  initrd: $guests/guest-linux/initrd
		  cmdline: console=ttyS0 quiet $cmdline
		$(printf '%s\n' "$@")
	EOF
}

# guest NAME COMMAND: runs a command in the shell of a guest-linux, by its console, where nobody else may
# type then; prints what it prints and returns its exit code.
guest() {
	python3 - "/run/vmlet/vm/$1/serial.sock" "$2" <<-'EOF'
		import os, re, socket, sys, time
		# Whoever attaches is shown what was printed before: these words were not.
		word = os.urandom(4).hex()
		serial = socket.socket(socket.AF_UNIX)
		serial.connect(sys.argv[1])
		serial.settimeout(0.5)
		def wait(pattern, seconds, again=b""):
		    text, end = b"", time.monotonic() + seconds
		    while not (found := re.search(pattern, text, re.DOTALL)):
		        if time.monotonic() > end:
		            sys.exit(f"the guest says {text[-2000:]!r}, and not {pattern!r}")
		        try:
		            data = serial.recv(65536)
		        except TimeoutError:
		            # What was cut off before ends with the interrupt.
		            if again:
		                serial.sendall(b"\x03" + again)
		            continue
		        if not data:
		            sys.exit("the guest is gone")
		        text += data
		    return found
		ready = f"echo {word}''ready\n".encode()
		serial.sendall(b"\n" + ready)
		wait(f"{word}''ready\r\n.*?{word}ready\r\n".encode(), 60, ready)
		time.sleep(0.05)
		# The quotes tell what is said from what is echoed.
		serial.sendall(f"echo {word}''begins; {{ {sys.argv[2]}; }} 2>&1; echo {word}''ends $?\n".encode())
		found = wait(f"{word}begins\r\n(.*?){word}ends (\\d+)\r\n".encode(), 60)
		sys.stdout.write(found[1].decode(errors="replace").replace("\r", ""))
		sys.exit(int(found[2]))
	EOF
}

# network NAME [LINE...]: the spec of a network on the bridge br-NAME, with further lines.
network() {
	local name=$1
	shift
	spec "$name" <<-EOF
		kind: network
		bridge: br-$name
		$(printf '%s\n' "$@")
	EOF
}

# network_dump: all that networks could leave behind: links, addresses, routes, rules; without what the
# kernel adds in its own time, or leaves of a link that was up once. The host that forwards IPv6, and goes
# on to, is an anycast address of its subnets (RFC 4291, 2.6.1).
network_dump() {
	{
		ip -details -oneline link show
		ip -oneline address show
	} | sed -E 's/^[0-9]+: //; s/(hello|tcn|topology_change|gc)_timer +[0-9.]+//g; s/@if[0-9]+//
		s/ (qdisc|state) [a-zA-Z]+//g; s/,?(NO-CARRIER|LOWER_UP|M-DOWN)//g; s/<,/</; s/valid_lft.*//
		s/promiscuity [0-9]+//; / inet6 fe80:/d'
	ip route show table all | sed '/^anycast/d; /fe80:/d; s/ linkdown//'
	nft list ruleset
}

# assert_same ACTUAL EXPECTED: of texts of many lines.
assert_same() {
	local difference
	difference=$(diff <(echo "$2") <(echo "$1")) || fail "not the same (expected <, got >): $difference"
}

# state NAME: active, inactive, failed, ...
state() {
	unit_prop "vm@$1" ActiveState
}

# is_state NAME STATE
is_state() {
	[[ $(state "$1") == "$2" ]]
}

# why NAME: what systemctl status says of a VM, with the journal's lines all there.
why() {
	journalctl --sync
	systemctl status --no-pager --lines=50 "vm@$1" || true
}
