/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a qcow2 file loses when who writes to it is killed while a snapshot is taken or forgotten:
 * space, which a repair gives back. A file in the state directory, ".repair", says that it is due.
 */
#pragma once

#include "base/error.h"
#include "plan/plan.h"

/* Marks and unmarks a VM, for root: the first before the disks are worked on, the other when all
 * went well. */
int repair_mark(const char *vm, struct error *error);
void repair_unmark(const char *vm);

/* Repairs the disks of a VM that does not run, where that is due, as its user. */
int repair_finish(
	const struct plan *plan, const char *directory, int directory_fd, struct error *error);
