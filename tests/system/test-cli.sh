# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 60
#
# The command as a person meets it: help, exit codes, colours on a terminal and none in a pipe, the
# console and its way out.

# ends_with CODE COMMAND...
ends_with() {
	local expected=$1 code=0
	shift
	"$@" >/dev/null 2>&1 || code=$?
	assert_eq "$* ended with $code" "$* ended with $expected"
}

libexec=/usr/libexec/vmlet
for program in vmlet $libexec/vmlet-network $libexec/vmlet-run $libexec/vmlet-stop \
	/usr/lib/systemd/system-generators/vmlet-generator; do
	assert_contains "$($program --help)" "Usage: ${program##*/}"
	assert_eq "$($program --version)" "${program##*/} $(vmlet --version | cut -d' ' -f2)"
done
for verb in check list show console stop reset generate; do
	assert_contains "$(vmlet $verb --help)" "Usage: vmlet $verb"
	ends_with 2 vmlet $verb --no-such-option
done
ends_with 2 vmlet
ends_with 2 vmlet nothing

# check: 0 and silent when all is well; 1 and every error of every file when not.
mkdir -p /etc/vmlet
assert_eq "$(vmlet check 2>&1)" ""
NO_RELOAD=1 spec one <<<"memroy: 1GiB
cpus: 0"
NO_RELOAD=1 spec two <<<"machine: none"
NO_RELOAD=1 spec good <<<"nics: {lan: br0}"
report=$(vmlet check 2>&1) && fail "errors, and exit code 0"
assert_contains "$report" "    1 | memroy: 1GiB
      | ^~~~~~
      = did you mean 'memory'?"
assert_contains "$report" "3 errors"
assert_not_contains "$report" $'\033'
vmlet check good
vmlet check /etc/vmlet/good.yaml
assert_fails vmlet check two 2>/dev/null
assert_fails vmlet check /etc/vmlet/one.yaml 2>/dev/null
assert_fails vmlet check none 2>/dev/null
assert_fails vmlet check good /etc/vmlet/good.yaml 2>/dev/null

# show, list and generate tell the same whether systemd has read the specs or not.
assert_contains "$(vmlet show good)" "ExecStart=/usr/libexec/vmlet/vmlet-run good -- "
assert_contains "$(vmlet show good --resolved)" "memory: 1GiB"
assert_eq "$(vmlet show good --argv | head -n 1)" /usr/bin/qemu-system-x86_64
assert_fails vmlet show one 2>/dev/null
assert_fails vmlet generate /run/units 2>/dev/null
test -s /run/units/vm@good.service.d/10-vmlet.conf
assert_eq "$(vmlet list | tail -n +2 | tr -s ' ' | cut -d' ' -f1-3)" "good inactive good
one inactive broken
two inactive broken"
rm /etc/vmlet/one.yaml /etc/vmlet/two.yaml

# On a terminal there are colours, unless NO_COLOR asks for none.
on_terminal() {
	script --quiet --return --command "$1" /dev/null </dev/null
}
assert_contains "$(on_terminal "vmlet list")" $'\033[1mNAME'
assert_not_contains "$(on_terminal "NO_COLOR=1 vmlet list")" $'\033'
assert_not_contains "$(vmlet list)" $'\033'

# The console is raw: keys go to the guest, Ctrl-C too; Ctrl-] leaves, says so and mends the terminal.
linux term ""
systemctl start vm@term
cat >/tmp/type.py <<'EOF'
import os, pty, select, sys, termios, time
pid, fd = pty.fork()
if pid == 0:
    os.execlp("vmlet", "vmlet", "console", "term")
seen = b""
def expect(text, seconds=60):
    global seen
    end = time.monotonic() + seconds
    while text not in seen:
        if time.monotonic() > end or not select.select([fd], [], [], 1)[0] and time.monotonic() > end:
            sys.exit(f"no {text} in {seen}")
        if select.select([fd], [], [], 0.1)[0]:
            seen += os.read(fd, 4096)
before = termios.tcgetattr(fd)
expect(b"Ctrl-] leaves")
expect(b"guest-linux: up")
os.write(fd, b"cat\r\x03echo back-$((40 + 2))\r")
expect(b"back-42")
os.write(fd, b"\x1d")
expect(b"Left.")
assert os.waitpid(pid, 0)[1] == 0
EOF
python3 /tmp/type.py
assert_eq "$(state term)" active
assert_fails vmlet console good </dev/null 2>/dev/null
assert_fails vmlet console ../term </dev/null 2>/dev/null

# When the VM ends, so does the console.
(sleep 1; systemctl stop vm@term) &
# Its input may end before.
vmlet console term </dev/null >/tmp/ended
wait
assert_contains "$(cat /tmp/ended)" "guest-linux: power button"
assert_eq "$(state term)" inactive
