/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What there is to do for each VM: how it runs against what its spec says. */
#pragma once

#include "cmd/collect.h"
#include "cmd/resolved-plan.h"
#include "spec/change.h"

enum action {
	ACTION_NOTHING,
	ACTION_CHANGE, /* while it runs */
	ACTION_START,
	ACTION_RESTART,
	ACTION_STOP,
	ACTION_COUNT,
};
extern const struct choices action_names;

struct step {
	const char *name;
	const struct member *member; /* NULL when its spec has gone */
	bool running;
	bool failed;		      /* it does not run, because it failed */
	bool moves;		      /* it runs, but starts or stops just now */
	struct resolved_plan *booted; /* when it runs and its spec is not what it was booted with */
	struct changes changes;	      /* since then */
	size_t pending;		      /* of these wait for a restart */
	enum action action;
	const char *why;     /* why nothing is done, in spite of all; NULL for no reason */
	bool refused;	     /* that is a failure */
	const char *problem; /* what went wrong; NULL for nothing */
	bool accept;	     /* the spec is not the newest version that was accepted */
	struct buf spec;     /* what is in force, resolved */
};

struct steps {
	struct arena arena;
	struct collection collection;
	struct step *items; /* by name */
	size_t count;
};

/* Reads specs, units and booted specs. names limits it to some VMs; count 0 is all, with those
 * whose spec has gone. The caller ends it with steps_done() in any case. Errors are of the host: a
 * broken spec is none. */
int steps_read(struct steps *steps, char *const *names, size_t count, struct error *error);
void steps_done(struct steps *steps);

/* Whether a VM runs with another spec than is in force; false, too, for who may not know. */
bool member_is_pending(const struct member *member);

/* The changes of a step that are made while it runs. */
bool change_is_live(const struct change *change);
