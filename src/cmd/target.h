/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The VM that a command works on: as it was booted while it runs, else as its spec has it. */
#pragma once

#include "cmd/collect.h"
#include "cmd/resolved-plan.h"

struct target {
	const struct log *log;
	const char *name;
	struct collection collection;
	const struct member *member; /* of the spec; NULL when it is gone or broken */
	const struct plan *plan;     /* as it is: of the booted spec or of the spec */
	bool running;
	struct resolved_plan booted; /* while it runs */
};

/* Finds it and says what is wrong. Returns 0, or a negative errno after a message. The caller ends
 * it with target_close() in any case. */
int target_open(struct target *target, const struct log *log, const char *name);
void target_close(struct target *target);

/* Says "NAME runs: stop it first" and returns -EBUSY when it does. */
int target_need_stopped(const struct target *target, const char *what);

/* The disk of the plan with that name; NULL after a message. */
const struct plan_disk *target_disk(
	const struct target *target, const struct plan *plan, const char *name);

/* Whether the VM writes to it and it is a file of its own. */
bool disk_is_kept(const struct plan_disk *disk);
