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

# serial_log NAME: where to read what the guest printed: the copy of keep_serial where there is one,
# else the live log, which vanishes with the VM.
serial_log() {
	if [[ -e $logs/$1.serial ]]; then
		echo "$logs/$1.serial"
	else
		echo "/run/vmlet/vm/$1/serial.log"
	fi
}

# keep_serial NAME: from now on copies what the guest prints, over restarts and to its last byte.
# To be called before the VM starts.
keep_serial() {
	local live=/run/vmlet/vm/$1/serial.log
	: >"$logs/$1.serial"
	(
		trap - ERR
		set +e
		while :; do
			if [[ -e $live ]] && exec 3<"$live"; then
				# The open descriptor still has the end when the file is gone.
				while cat <&3 && [[ /dev/fd/3 -ef $live ]]; do sleep 0.05; done
				cat <&3
				exec 3<&-
			fi
			sleep 0.02
		done
	) >>"$logs/$1.serial" 2>/dev/null &
}

# saw TEXT FILE [COUNT]: whether the file has at least COUNT lines (1) with the text.
saw() {
	local count
	count=$(grep --count --fixed-strings --text -e "$1" "$2")
	((count >= ${3-1}))
}

# wait_serial NAME TEXT [SECONDS [COUNT]]: until the guest has printed it.
wait_serial() {
	local log
	log=$(serial_log "$1")
	eventually "${3-20}" saw "$2" "$log" "${4-1}"
}

# qmp SOCKET COMMAND: sends one QMP command, prints all that comes back within a moment.
qmp() {
	{
		printf '{"execute":"qmp_capabilities"}\n{"execute":"%s"}\n' "$2"
		sleep 0.3
	} | socat -t 1 - "UNIX-CONNECT:$1"
}
