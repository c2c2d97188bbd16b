/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two mappings of one key table into one: how profiles and VMs are put together. */
#pragma once

#include "spec/key.h"
#include "spec/node.h"

/* Lays one mapping over another: mappings are merged deeply, short forms counting as what they are
 * short for; values and lists of the upper one stand in place of the lower one's. Every node keeps
 * its place. The result lives in the arena and borrows from both. Each value that is looked at is
 * taken off the budget. Returns -ENOMEM when memory is short, -E2BIG when the budget is, else 0. */
int merge_mappings(struct arena *arena, const struct key_table *table, const struct node *lower,
	const struct node *upper, size_t *budget, const struct node **ret_merged);
