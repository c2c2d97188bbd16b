/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How fast packets may pass a tap, by queueing disciplines (tc(8)) over rtnetlink(7). */
#pragma once

#include <stdint.h>

#include "host/netlink.h"

/* Limits what a guest receives, which its tap sends, and what it sends, in bits a second; 0 takes
 * the limit away. mtu is the largest packet that may pass, in bytes. */
void qdisc_limit(struct netlink *netlink, int index, const char *name, uint64_t inbound,
	uint64_t outbound, unsigned mtu);
