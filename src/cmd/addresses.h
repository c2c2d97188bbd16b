/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The addresses of guests, as far as this host can tell: who gave or saw them. */
#pragma once

#include "plan/set.h"
#include "spec/address.h"

enum address_source {
	ADDRESS_LEASE,	   /* the network's DHCP gave it */
	ADDRESS_NEIGHBOUR, /* the host's kernel spoke with it */
	ADDRESS_AGENT,	   /* the guest says so itself */
	ADDRESS_SOURCE_COUNT,
};

extern const struct choices address_source_names;

struct found_address {
	char mac[MAC_TEXT_BYTES];
	char text[ADDRESS_TEXT_BYTES];
	enum address_source source;
};

/* All that were found. What is in the arena dies with it. */
struct found_addresses {
	struct arena *arena;
	struct found_address *items;
	size_t count;
	bool failed; /* memory was short */
};

/* Looks for the addresses of the VMs for which is_running says so: leases first, then the kernel's
 * neighbours, and of VMs that neither knows the agents in them are asked. What cannot be read is
 * left out. */
void addresses_collect(const struct set *set,
	bool (*is_running)(const struct member *member, void *context), void *context,
	struct found_addresses *found);

/* The addresses of an interface one by one, all of one source: the first that knows any. Begin with
 * an index of 0; NULL behind the last. */
const struct found_address *addresses_next(
	const struct found_addresses *found, const char *mac, size_t *index);
