# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 60
#
# The generator at early boot: whatever is missing, it exits 0 and runs nothing. And autostart.

generator=/usr/lib/systemd/system-generators/vmlet-generator
$generator /run/none /run/none /run/none
rm -rf /etc/vmlet
$generator /run/none /run/none /run/none
assert_fails test -e /run/none
assert_eq "$(vmlet apply --all 2>&1)" ""

# What a link leads to is watched, be there a spec or not.
mkdir /srv/specs
ln -s /srv/specs /etc/vmlet
$generator /run/linked /run/linked /run/linked
assert_contains "$(cat /run/linked/vmlet-apply.path.d/*.conf)" "PathChanged=/srv/specs"
assert_eq "$(vmlet apply --all 2>&1)" ""
rm -r /etc/vmlet /srv/specs /run/linked

# With nothing but the root file system, read-only, and no /proc.
mini web "autostart: yes"
mini db
unshare --mount bash -c '
	mount -t tmpfs tmpfs /var && mount -t tmpfs tmpfs /run && umount -l /proc
	mount --bind -o ro / /mnt && mount -t tmpfs tmpfs /mnt/run
	exec chroot /mnt '$generator' /run/out /run/out /run/out'

# An output that cannot be written is an error in the log, not in systemd's eyes.
SYSTEMD_LOG_TARGET=console $generator /proc/none 2>&1 | grep -q "cannot make /proc/none"
strace -f -o /tmp/trace -e trace=execve,fork,vfork,clone,clone3,connect,socket $generator /run/out
assert_eq "$(grep -v -e ' +++ exited' -e 'execve("/usr/lib/systemd/system-generators' /tmp/trace || true)" ""

# Autostart is a link that boot follows.
assert_eq "$(readlink /run/systemd/generator/vms.target.wants/vm@web.service)" \
	/usr/lib/systemd/system/vm@.service
assert_eq "$(readlink /run/systemd/generator/multi-user.target.wants/vms.target)" \
	/usr/lib/systemd/system/vms.target
assert_fails test -e /run/systemd/generator/vms.target.wants/vm@db.service
systemctl start vms.target
eventually 10 is_state web active
assert_eq "$(state db)" inactive

# What a directory higher up says replaces the file of the same name as a whole.
mkdir -p /run/vmlet/specs /usr/lib/vmlet/specs
echo "description: from run" >/run/vmlet/specs/web.yaml
echo "description: from usr" >/usr/lib/vmlet/specs/vendor.yaml
echo "description: from run" >/run/vmlet/specs/vendor.yaml
systemctl daemon-reload
assert_eq "$(unit_prop vm@vendor Description)" "from run"
assert_not_contains "$(unit_prop vm@web Description)" "from run"
ln -s /dev/null /etc/vmlet/vendor.yaml
systemctl daemon-reload
assert_eq "$(unit_prop vm@vendor Description)" "Virtual machine vendor"
rm -rf /usr/lib/vmlet/specs /run/vmlet/specs
