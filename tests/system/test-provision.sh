# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 120
#
# What a guest is told: the seed's files, Ignition's configuration, credentials. No secret of it is to be seen
# in a unit, on a command line or by anyone else.

mkdir -p /etc/vmlet/secrets /etc/credstore
chmod 0700 /etc/vmlet/secrets
printf '#cloud-config\n# secret-user-data\n' >/etc/vmlet/secrets/user-data
printf '{"ignition": "secret-ignition"}' >/etc/vmlet/secrets/ignition
printf 'secret\0binary\n' >/etc/vmlet/secrets/token
printf secret-store >/etc/credstore/web.store
chmod 0600 /etc/vmlet/secrets/* /etc/credstore/web.store
trap 'rm -r /etc/credstore/web.store' EXIT

told() {
	linux told vmlet.sh "cloud-init:" "  user-data-file: /etc/vmlet/secrets/user-data" "$@" \
		"ssh-keys: ['ssh-ed25519 AAAA me@home']" "ignition: /etc/vmlet/secrets/ignition" \
		"credentials:" "  plain: secret-plain" "  token: {credential: /etc/vmlet/secrets/token}" \
		"  store: {credential: web.store}"
}
told
systemctl start vm@told
table=$(guest told 'strings /sys/firmware/dmi/tables/DMI | grep io.systemd')
assert_eq "$(sort <<<"$table")" "io.systemd.credential.binary:plain=$(printf secret-plain | base64)
io.systemd.credential.binary:store=$(printf secret-store | base64)
io.systemd.credential.binary:token=$(base64 </etc/vmlet/secrets/token)"
assert_eq "$(guest told 'cat /sys/firmware/qemu_fw_cfg/by_name/opt/com.coreos/config/raw')" '{"ignition": "secret-ignition"}'

# seed FILE: what a file of the seed says.
seed() {
	rm -f /var/tmp/seed-file
	xorriso -osirrox on -indev /var/lib/vmlet/vm/told/seed.iso -extract "/$1" /var/tmp/seed-file 2>/dev/null
	cat /var/tmp/seed-file
}
assert_contains "$(seed user-data)" "# secret-user-data"
assert_eq "$(seed meta-data)" 'instance-id: told
local-hostname: told
public-keys:
- "ssh-ed25519 AAAA me@home"'

pid=$(main_pid told)
for text in "$(systemctl cat vm@told)" "$(tr '\0' '\n' <"/proc/$pid/cmdline")" "$(tr '\0' '\n' <"/proc/$pid/environ")" \
	"$(journal -u vm@told)"; do
	assert_not_contains "$text" secret-
	assert_not_contains "$text" "$(printf secret-plain | base64)"
done
assert_eq "$(find -L /run/vmlet/vm/told /var/lib/vmlet/vm/told -type f -perm /077)" ""
assert_eq "$(stat -c %a /run/systemd/generator/vmlet/told.yaml)" 600
systemctl stop vm@told

# A new instance only when asked for.
sed -i 's/# secret-user-data/# other-user-data/' /etc/vmlet/secrets/user-data
systemctl start vm@told
assert_contains "$(seed user-data)" "# other-user-data"
assert_contains "$(seed meta-data)" "instance-id: told
"
systemctl stop vm@told
told "  reprovision: 7"
systemctl start vm@told
assert_contains "$(seed meta-data)" "instance-id: told-7"
systemctl stop vm@told

# A file that is not there.
rm /etc/vmlet/secrets/ignition
vmlet check told >/var/tmp/check 2>&1 || true
assert_contains "$(</var/tmp/check)" "there is no file /etc/vmlet/secrets/ignition"
assert_fails systemctl start vm@told 2>/dev/null
