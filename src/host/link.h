/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Network links by rtnetlink(7): bridges, their ports, macvtaps. Changes are added to a batch. */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "host/netlink.h"

/* The alias of each link that vmlet made: others are used as they are, and left. */
#define LINK_ALIAS "vmlet"

struct link {
	int index;
	char name[IFNAMSIZ];
	char kind[IFNAMSIZ]; /* "bridge", "tun", ...; empty for a device */
	bool ours;
	bool up;
	int master; /* 0: none */
	unsigned mtu;
	bool stp; /* of a bridge, this and the next */
	bool vlan_filtering;
};

/* Looks a link up by its name. -ENODEV, with the error filled in, when there is none. */
int link_find(
	struct netlink *netlink, const char *name, struct link *ret_link, struct error *error);

/* Hands each link of the namespace over, until the function returns other than 0. */
int links_each(struct netlink *netlink, int (*take)(const struct link *link, void *context),
	void *context, struct error *error);

struct bridge_settings {
	const uint8_t *mac; /* six bytes; NULL: the kernel's choice */
	bool stp;
	uint64_t forward_delay_usec;
	uint64_t ageing_usec;
	bool vlan_filtering;
	bool multicast_snooping;
	bool ipv6; /* it has an address on its link, as routers need */
};

/* Makes a bridge of ours, down, without addresses of its own. altname may be NULL. */
void link_add_bridge(struct netlink *netlink, const char *name, const char *altname,
	const struct bridge_settings *settings);

/* Gives a bridge of ours other settings. */
void link_change_bridge(
	struct netlink *netlink, const struct link *bridge, const struct bridge_settings *settings);

/* Makes a macvtap of ours on a link, with queues; mode is the kernel's (MACVLAN_MODE_BRIDGE). */
void link_add_macvtap(struct netlink *netlink, const char *name, const struct link *lower,
	const uint8_t mac[6], unsigned mode, unsigned queues);

/* Removes a link; one that is not there is removed already. */
void link_delete(struct netlink *netlink, const char *name);

void link_add_altname(struct netlink *netlink, int index, const char *name, const char *altname);
void link_set_up(struct netlink *netlink, int index, const char *name, bool up);
void link_set_mtu(struct netlink *netlink, int index, const char *name, unsigned mtu);

/* Makes a link a port of a bridge, or of none (0). A port of ours has no addresses of its own: the
 * host does not speak on a guest's wire. */
void link_set_master(
	struct netlink *netlink, int index, const char *name, int bridge, bool ours, unsigned mtu);

/* Whether frames pass from this port to others that are isolated, too (ip-link(8), isolated). */
void link_set_isolated(struct netlink *netlink, int index, const char *name, bool isolated);
