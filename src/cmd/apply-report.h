/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps, to people and to programs. */
#pragma once

#include "cmd/steps.h"

/* How many VMs are not as their specs say. */
size_t apply_report_count(const struct steps *steps);

/* For how many of these there is something to do, or was. */
size_t apply_report_todo(const struct steps *steps);

/* Each VM that is not, with each key: what vmlet diff prints. */
void apply_report_changes(const struct steps *steps);

/* One line of what will be done to a VM, or (done) was; nothing for one with nothing to tell. */
void apply_report_step(const struct step *step, bool done);

/* All of it as one array; planned says that nothing was done yet. */
void apply_report_json(const struct steps *steps, bool planned);
