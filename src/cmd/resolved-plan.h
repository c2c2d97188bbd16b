/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plan of one VM from a resolved spec: what systemd hands over as the credential "spec", what
 * the VM was booted with, or a version that was accepted. */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "plan/plan.h"

struct resolved_plan {
	struct arena arena;
	struct buf text; /* of the resolved spec */
	struct source source;
	struct documents documents;
	struct plan plan;
	struct resolved_plan *next; /* of a list */
};

/* Reads the credential and plans. The caller ends it with resolved_plan_done() in any case. */
int resolved_plan_load(struct resolved_plan *ret, const char *name, struct error *error);

/* The same from a file of a directory; -ENOENT when there is none. */
int resolved_plan_read(struct resolved_plan *ret, const char *directory, const char *file,
	const char *name, struct error *error);

/* The same of what a VM runs with: -ENOENT when it does not run, -EACCES for who is not root. */
int resolved_plan_booted(struct resolved_plan *ret, const char *name, struct error *error);

/* The document that the plan is of. */
const struct document *resolved_plan_document(const struct resolved_plan *resolved);
void resolved_plan_done(struct resolved_plan *resolved);
