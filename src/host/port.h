/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's end of a guest's interface: a tap that is a bridge's port, or a macvtap. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "host/link.h"

#define PORT_QUEUES_MAX 8

/* How one is to be, as the unit's command line says it. Texts are borrowed; NULL for none. */
struct port {
	const char *nic; /* the interface's name in the spec */
	const char *vm;
	const char *tap; /* the link's name */
	const char *altname;
	const char *bridge;
	const char *link; /* of a macvtap, this and the next */
	const char *mode;
	const char *mac;
	const char *vhost; /* "yes", "no" */
	const char *trunk; /* "10+20-29" */
	const char *address;
	const char *prefixes; /* "fd00:1::1/64+fd00:2::1/64" */
	const char *network;
	const char *host; /* its name for DHCP and DNS */
	uint64_t mtu;
	uint64_t queues; /* 0: one */
	uint64_t vlan;
	uint64_t inbound; /* bits a second, this and the next */
	uint64_t outbound;
	bool isolated;
	bool mac_filter;
	bool ip_filter;
};

static inline size_t port_queues(const struct port *port)
{
	return port->queues ? port->queues : 1;
}

/* Makes the link, with a descriptor for each queue in fds: a tap attached to its bridge, which is
 * created when it is not of a network and not there, or a macvtap. A tap lives as long as one of
 * the descriptors. -EBUSY when an interface with that name exists. */
int port_open(struct netlink *netlink, const struct port *port, int fds[PORT_QUEUES_MAX],
	struct error *error);

/* Brings a tap that is there to what its port shall be: MTU, VLANs, isolation, rate. */
int port_change(struct netlink *netlink, const struct port *port, const struct link *tap,
	const struct link *bridge, struct error *error);

/* Removes a macvtap, which outlives its descriptors. */
int port_close(struct netlink *netlink, const struct port *port, struct error *error);

/* The six bytes of a MAC address. -EINVAL when the text is none. */
int port_parse_mac(const char *text, uint8_t mac[6]);
