/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's addresses, its default routes and what it knows of its neighbours, by rtnetlink(7). */
#pragma once

#include "host/netlink.h"
#include "spec/address.h"

/* Hands over each address that was given to a link; those that IPv6 makes itself (link-local ones)
 * are none. */
int addresses_each(struct netlink *netlink,
	int (*take)(int index, const struct subnet *subnet, void *context), void *context,
	struct error *error);

/* Adds one, with a route to its subnet; one that is there is kept. */
void address_add(struct netlink *netlink, int index, const char *name, const struct subnet *subnet);
void address_delete(
	struct netlink *netlink, int index, const char *name, const struct subnet *subnet);

/* Hands over the index of each link that a default route leads to; from_router is true for a route
 * that a router's advertisement made. */
int default_routes_each(struct netlink *netlink,
	int (*take)(int index, bool from_router, void *context), void *context,
	struct error *error);

/* Hands over each neighbour with a MAC address, reachable or of late. */
int neighbours_each(struct netlink *netlink,
	int (*take)(int index, const struct address *address, const uint8_t mac[6], void *context),
	void *context, struct error *error);
