/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The VLANs of a bridge's port, by rtnetlink(7). */
#pragma once

#include <stdbool.h>

#include "host/netlink.h"

#define VLAN_COUNT 4096

/* Which VLANs a port is in. */
struct vlans {
	bool tagged[VLAN_COUNT];
	unsigned untagged; /* 0: none */
};

/* Brings a port from what it has to what it shall have. */
int vlans_change(struct netlink *netlink, int index, const char *name, const struct vlans *wanted,
	struct error *error);
