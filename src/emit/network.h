/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The drop-ins of a network: its bridge, its DHCP and DNS server, the host's way to its names. */
#pragma once

#include "plan/set.h"

/* Where vmlet-network keeps what a network was started with, and dnsmasq finds its VMs. */
#define NETWORK_RUNTIME_ROOT "/run/vmlet/network"
#define NETWORK_STATE_ROOT "/var/lib/vmlet/network"

/* An interface as vmlet-network takes it, as one argument of a command line. */
void network_write_nic(const struct plan_nic *nic, struct buf *word);

/* The drop-in that makes vm-network@NAME.service out of its template. */
int network_emit_dropin(
	const struct network_member *member, const struct documents *documents, struct buf *buf);

/* The same of a network that cannot be used: its start says why, and fails. */
void network_emit_broken(const char *name, const char *source_path, struct buf *buf);

/* Whether the network has a server, and whether that has names. */
bool network_has_server(const struct network *network);

/* The drop-in that makes vm-passt@VM.NIC.service, with the VM's user, out of its template. */
int network_emit_passt(const struct plan *plan, const struct plan_nic *nic, const char *source_path,
	struct buf *buf);

/* The drop-ins of vm-dhcp@NAME.service, the server, and of vm-resolve@NAME.service, which tells
 * systemd-resolved of it. */
int network_emit_server(const struct network_member *member, struct buf *buf);
void network_emit_resolve(const struct network_member *member, struct buf *buf);
