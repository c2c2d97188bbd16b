/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The leases that a network's dnsmasq gave, as it keeps them (dnsmasq(8), --dhcp-leasefile). */
#pragma once

#include <stdint.h>

#include "base/error.h"

struct lease {
	uint64_t expires_sec; /* CLOCK_REALTIME; 0 for never */
	const char *mac;
	const char *address;
	const char *name; /* NULL when the guest has none */
};

/* Hands over each IPv4 lease of a network. Returns -ENOENT when it never gave any, -EACCES for
 * those who may not read them: root may. */
int leases_each(
	const char *network, void (*take)(const struct lease *lease, void *context), void *context);
