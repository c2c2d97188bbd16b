/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All documents of a host together: what must be there for another, and what one only may have. */
#pragma once

#include "plan/plan.h"

/* One VM of the host. */
struct member {
	struct document *document; /* of the file */
	/* What counts: the document with all others; or, with a version's number, a spec that was
	 * accepted before, with its own. NULL when the document is broken and there is none. */
	const struct document *in_force;
	const struct documents *documents;
	uint64_t version;
	struct plan plan; /* of what is in force */
};

/* One network of the host, with the interfaces that are on it. */
struct network_member {
	struct document *document;
	const struct plan_nic **nics; /* by VM */
	size_t nic_count;
};

struct set {
	const struct documents *documents;
	struct member *items; /* by name; unnamed ones last */
	size_t count;
	struct network_member *networks; /* by name; unnamed ones last */
	size_t network_count;
};

/* Plans each VM of the checked documents that is whole. Refused before that: a network whose
 * bridge, subnet or port is another's already, a VM that refers to a network or VM that is not
 * there, or that depends on itself by way of others; and after it the later of two that share a MAC
 * address, tap name, IP address or port, and a VM that does not fit its network. Where two are
 * concerned, diagnostics name both places. The documents must outlive the set. Returns -ENOMEM when
 * memory is short, else 0. */
int set_check(struct arena *arena, const struct documents *documents, struct diags *diags,
	struct set *ret_set);

/* Tells each network of the interfaces on it, of what is in force: set_check() does, and who puts
 * something else in force does again. Returns -ENOMEM when memory is short, else 0. */
int set_join_networks(struct arena *arena, struct set *set);

/* The member with that name, whole or not; NULL when there is none. Of several with one name, the
 * first. */
const struct member *set_find(const struct set *set, const char *name);

/* The same of networks. */
const struct network_member *set_find_network(const struct set *set, const char *name);
