/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Packet filters through nft(8), in two tables of vmlet's own: "bridge vmlet" keeps a guest from
 * using addresses that are not its own, "inet vmlet" is the NAT of networks. A change is one
 * transaction, and may be repeated.
 */
#pragma once

#include "host/port.h"

/* Removes what filters of ports left when there is none any more. */
int filter_sweep(struct error *error);

/* Filters what comes from a tap, as its port says; does nothing for one that asks for nothing. */
int filter_add_port(const struct port *port, struct error *error);

/* Brings the filters of taps that are there to what their ports say, at once. */
int filter_change_ports(const struct port *const ports[], size_t count, struct error *error);

/* Takes that away again, and the table when no port is left in it. */
int filter_remove_port(const struct port *port, struct error *error);

/* Lets an address through that DHCP gave to a MAC address, or no more. */
int filter_change_lease(bool add, const char *mac, const char *address, struct error *error);

struct nat {
	const char *network; /* its name */
	const char *bridge;
	const char *const *addresses; /* "10.1.0.1/24" */
	size_t address_count;
	const char *const *ports; /* "tcp/8080:10.1.0.5:80" */
	size_t port_count;
	bool isolate_ports;
};

int filter_add_nat(const struct nat *nat, struct error *error);

/* last: no other network has NAT, so the table goes, too. */
int filter_remove_nat(const char *network, bool last, struct error *error);
