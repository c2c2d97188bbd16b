/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The drop-in that makes vm@NAME.service out of the template vm@.service. */
#pragma once

#include "plan/plan.h"

/* A directive of the template's sandbox that a drop-in opens, and why. */
struct loosening {
	const char *directive;
	const char *value;
	const char *key; /* the spec key that causes it */
	bool (*due)(const struct plan *plan);
};

extern const struct loosening loosenings[];
extern const size_t loosening_count;

/* Writes the drop-in of a whole spec. unit_directory is where the generator writes, and so where
 * the resolved spec will be. Returns -ENOMEM when memory is short, else 0. */
int dropin_emit(const struct plan *plan, const char *source_path, const char *unit_directory,
	struct arena *scratch, struct buf *buf);

/* Adds to a VM's drop-in that an accepted version is in force in place of its spec: because that
 * has errors, or because a person rolled back. */
void dropin_emit_version(const char *name, uint64_t version, bool broken, struct buf *buf);

/* Adds that of vm@NAME.timer, which starts a VM with a start delay. */
void dropin_emit_timer(const struct vm *vm, struct buf *buf);

/* Writes the drop-in of a VM that runs and has no spec any more: it keeps its user until it has
 * stopped, so that no other VM gets its UID. */
void dropin_emit_gone(const char *name, struct buf *buf);

/* Writes the drop-in of a spec that cannot be used: its start says why, and fails. */
void dropin_emit_broken(const char *name, const char *source_path, struct buf *buf);
