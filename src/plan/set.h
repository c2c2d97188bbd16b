/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All VMs of a host together: what must be unique among them. */
#pragma once

#include "plan/plan.h"
#include "spec/load.h"

/* One VM of the host, from one document of one file. */
struct member {
	struct loaded_vm *loaded;
	struct plan plan; /* when the spec is whole */
	const struct source *source;
};

struct set {
	struct member *items; /* by name once checked; unnamed ones last */
	size_t count;
};

/* Adds the documents of one file to the set. */
int set_add(struct arena *arena, struct set *set, const struct source *source,
	const struct loaded *loaded);

/* Sorts by name (then file, then place), plans each VM that is whole, and refuses the later of two
 * that share a VM name, MAC address or tap name. Diagnostics name both places. Returns -ENOMEM when
 * memory is short, else 0. */
int set_check(struct arena *arena, struct set *set, struct diags *diags);

/* The member with that name, whole or not; NULL when there is none. Of several with one name, the
 * first. */
const struct member *set_find(const struct set *set, const char *name);
