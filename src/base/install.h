/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where things are once installed; the Makefile gives the directories and the version. */
#pragma once

#ifndef INSTALL_BIN_DIR
#define INSTALL_BIN_DIR "/usr/bin"
#endif
#ifndef INSTALL_LIBEXEC_DIR
#define INSTALL_LIBEXEC_DIR "/usr/libexec/vmlet"
#endif
#ifndef INSTALL_UNIT_DIR
#define INSTALL_UNIT_DIR "/usr/lib/systemd/system"
#endif
#ifndef INSTALL_DOC_DIR
#define INSTALL_DOC_DIR "/usr/share/doc/vmlet"
#endif
#ifndef VMLET_VERSION
#define VMLET_VERSION "0.1"
#endif

#define INSTALL_QEMU "/usr/bin/qemu-system-x86_64"
/* Debian, qemu-block-extra; other systems have theirs elsewhere, and get no warning. */
#define INSTALL_QEMU_MODULES "/usr/lib/x86_64-linux-gnu/qemu"
#define INSTALL_QEMU_IMG "/usr/bin/qemu-img"
#define INSTALL_QEMU_STORAGE_DAEMON "/usr/bin/qemu-storage-daemon"
#define INSTALL_SYSTEMCTL "/usr/bin/systemctl"
#define INSTALL_SYSTEMD_RUN "/usr/bin/systemd-run"
#define INSTALL_XZ "/usr/bin/xz"
#define INSTALL_GZIP "/bin/gzip"
#define INSTALL_ZSTD "/usr/bin/zstd"
#define INSTALL_SHA256SUM "/usr/bin/sha256sum"
#define INSTALL_SHA512SUM "/usr/bin/sha512sum"
#define INSTALL_XORRISO "/usr/bin/xorriso"
#define INSTALL_DNSMASQ "/usr/sbin/dnsmasq"
#define INSTALL_PASST "/usr/bin/passt"
#define INSTALL_NFT "/usr/sbin/nft"

/* The spec directories, most important first (systemd.unit(5), "Unit File Load Path"). */
#define INSTALL_SPEC_PATH "/etc/vmlet:/run/vmlet/specs:/usr/lib/vmlet/specs"
