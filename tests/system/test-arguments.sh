# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 60
#
# Whatever a value holds, systemd passes exactly those bytes as one argument, and no directive comes
# out of it.

spec quote <<'EOF'
description: "50% off; $HOME \\ 'x' \"y\""
accel: tcg
boot:
  kernel: /srv/a b,c%d$e.img
  cmdline: "a=\"1 2\" b='3' c=$HOME d=${PATH} e=%n f=\\n g=\\ ; h=# é \\"
qemu-args: ["-name", "", " ", "%%", "$$", "\\x41", ";", "-x", "\"", "'", "a\\"]
unit: {X-Note: "100%% \\ sure"}
EOF
assert_eq "$(unit_prop vm@quote Description)" "50% off; \$HOME \\ 'x' \"y\""

# systemd's own parser says what it will run; vmlet says what it meant.
busctl --json=short get-property org.freedesktop.systemd1 \
	/org/freedesktop/systemd1/unit/vm_40quote_2eservice \
	org.freedesktop.systemd1.Service ExecStart >/tmp/exec.json
vmlet show quote --argv >/tmp/argv
python3 - <<'EOF'
import json, sys
commands = json.load(open("/tmp/exec.json"))["data"]
assert len(commands) == 1, commands
argv = commands[0][1]
# systemd shows arguments before it expands variables: "$$" is then one dollar (systemd.service(5)).
argv = [word.replace("$$", "$") for word in argv]
meant = open("/tmp/argv").read().split("\n")[:-1]
assert argv[:3] == ["/usr/libexec/vmlet/vmlet-run", "quote", "--"], argv
assert argv[3:] == meant, [(a, b) for a, b in zip(argv[3:], meant) if a != b]
for value in ["", " ", "%%", "$$", "\\x41", ";", "-x", '"', "'", "a\\", "/srv/a b,c%d$e.img",
              "a=\"1 2\" b='3' c=$HOME d=${PATH} e=%n f=\\n g=\\ ; h=# é \\"]:
    assert value in argv, value
EOF
