# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The file tree that test hosts run: Debian with systemd, QEMU and the libraries of vmlet.

# host_tree [PACKAGE...]: makes $new/tree, with further packages.
host_tree() {
	local unit tree=$new/tree packages="
		systemd systemd-sysv systemd-container dbus udev libnss-systemd
		qemu-system-x86 qemu-utils ipxe-qemu seabios xorriso
		libyaml-0-2 libsystemd0 libnl-3-200 libjansson4 libcurl4 openssl xz-utils zstd
		nftables dnsmasq-base systemd-resolved iproute2 iputils-ping passt procps strace util-linux mount e2fsprogs
		socat kmod jq python3 git openssh-client ansible-core polkitd pkexec $*
	"
	debootstrap "$packages" "$tree" \
		--dpkgopt='path-exclude=/usr/share/i18n/*' \
		--dpkgopt='path-exclude=/usr/share/zoneinfo/*'

	echo vmlet-test >"$tree/etc/hostname"
	: >"$tree/etc/fstab"
	# A fixed identity: without one systemd takes each start for a first boot and applies all presets.
	echo 7661c2f0a3d04f6f9d0b1f3f6a5e4d21 >"$tree/etc/machine-id"
	# No resolver runs but in a test of it.
	rm -f "$tree/etc/resolv.conf"
	: >"$tree/etc/resolv.conf"
	mkdir -p "$tree/etc/vmlet" "$tree/usr/lib/vmlet-test"

	# Nobody logs in, nothing expires, and the network is what a test makes.
	for unit in getty.target console-getty.service systemd-networkd.service systemd-networkd.socket \
		systemd-timesyncd.service systemd-resolved.service systemd-logind.service \
		e2scrub_all.timer e2scrub_reap.service fstrim.timer systemd-tmpfiles-clean.timer \
		dpkg-db-backup.timer systemd-update-utmp.service systemd-pcrphase.service; do
		ln -sf /dev/null "$tree/etc/systemd/system/$unit"
	done
}
