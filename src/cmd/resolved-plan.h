/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plan of one VM from its resolved spec, which systemd hands over as the credential "spec". */
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
};

/* Reads and plans. The caller ends it with resolved_plan_done() in any case. */
int resolved_plan_load(struct resolved_plan *ret, const char *name, struct error *error);
void resolved_plan_done(struct resolved_plan *resolved);
