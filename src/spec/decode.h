/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one generic decoder: a mapping of nodes into a struct, by its key table. */
#pragma once

#include "spec/key.h"
#include "spec/node.h"

/* Fills the zeroed struct at out by the table; what is absent gets its row's fallback. Strings
 * are those of the nodes, or live in the arena. Mistakes go to diags, all of them, and leave their
 * values unset. In a partial mapping (a profile) required keys may be absent. Returns -ENOMEM when
 * memory is short, else 0. */
int decode_mapping(struct arena *arena, struct diags *diags, const struct key_table *table,
	const struct node *mapping, bool partial, void *out);
