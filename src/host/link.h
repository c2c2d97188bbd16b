/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Network links by rtnetlink(7): bridges, and taps as their ports. */
#pragma once

#include "base/error.h"

struct nl_sock;

/* Opens a route netlink socket in the network namespace that the thread is in. */
int links_open(struct nl_sock **ret_socket, struct error *error);
void links_close(struct nl_sock **socket);

/* The index and MTU of a bridge. A bridge that does not exist is created, marked with the alias
 * "vmlet" as one of ours, and brought up; one that exists is left as it is. -EMEDIUMTYPE when the
 * name belongs to another kind of link, which is left untouched. */
int link_ensure_bridge(struct nl_sock *socket, const char *name, int *ret_index, unsigned *ret_mtu,
	struct error *error);

/* Makes an interface a port of a bridge with the bridge's MTU, without addresses of its own, under
 * a second, longer name (ip-link(8), altname; NULL for none), and brings it up. */
int link_attach_port(struct nl_sock *socket, const char *name, const char *altname,
	int bridge_index, unsigned mtu, struct error *error);
