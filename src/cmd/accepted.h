/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The specs of each VM that 'vmlet apply' has accepted, resolved, as numbered versions: in
 * /var/lib/vmlet/accepted, for root alone. The newest is in force where the spec has errors; an
 * earlier one where a person rolled back to it, for as long as the spec stays what it was then.
 */
#pragma once

#include "cmd/collect.h"
#include "cmd/resolved-plan.h"

/* How many are kept. */
#define ACCEPTED_VERSIONS 20

struct accepted_version {
	uint64_t number;
	uint64_t usec; /* CLOCK_REALTIME when it was accepted */
};

struct accepted_versions {
	struct accepted_version *items; /* the newest last */
	size_t count;
};

/* Lists the versions of a VM; none is no error. */
int accepted_list(struct arena *arena, const char *vm, struct accepted_versions *ret_versions,
	struct error *error);

/* Reads and plans one. The caller ends it with resolved_plan_done() in any case. */
int accepted_read(struct resolved_plan *ret, const char *vm, uint64_t number, struct error *error);

/* Adds a resolved spec unless it is the newest already, and forgets the oldest. */
int accepted_add(const char *vm, const struct buf *spec, struct error *error);

/* Whether the newest version is this one. */
bool accepted_is_newest(const char *vm, const struct buf *spec);

/* Puts a version in force as long as the resolved spec is this one. */
int accepted_roll_back(
	const char *vm, uint64_t number, const struct buf *spec, struct error *error);

/* The spec counts again; no error when it did. */
int accepted_roll_forward(const char *vm, struct error *error);

/* Forgets all versions of a VM: another of its name is another VM. */
void accepted_forget(const char *vm);

/* Puts versions in force: see above. What cannot be read is as if it were not there. Returns
 * -ENOMEM when memory is short, else 0. */
int accepted_put_in_force(struct collection *collection);
