/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What could refuse the start of a network, looked at before anything is touched. */
#pragma once

#include "host/network.h"

/* What the host has, when a network is to be started. */
struct scene {
	const struct network_config *config;
	char *const *words; /* that it was read from; NULL-terminated */
	bool bridge_is_there;
	struct link bridge;
	struct link uplink;
	struct error *error;
};

/* Finds the bridge, where there is one, and the uplink. -EMEDIUMTYPE for a bridge that is none,
 * -EEXIST for one of somebody else's that would have to be changed, -ENODEV or -EBUSY for an uplink
 * that is not there or not free, -EADDRINUSE for a subnet that the host is on already. */
int network_check(struct netlink *netlink, struct scene *scene);

bool network_has_ipv6(const struct network_config *config);
