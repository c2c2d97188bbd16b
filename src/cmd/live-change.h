/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The changes of a spec that are made while the VM runs. */
#pragma once

#include "cmd/steps.h"

/* Why a change of class live cannot be made to this VM, so that it waits for a restart; NULL when
 * it can. */
const char *live_change_why_not(const struct step *step, const struct change *change);

/* Makes all changes of a step that can be made and are not done, and notes them in what the VM was
 * booted with. Those that fail wait for a restart, too: the first reason is the error. */
int live_changes_make(struct steps *steps, struct step *step, struct error *error);
