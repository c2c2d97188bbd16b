/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is to be done to several disks together: written down first, so that who was killed in the
 * middle is finished by the next start. Each step can be done twice.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "plan/plan.h"

/* Adds a step: a file takes another's name, whatever that was; or all disks go back to a snapshot.
 */
void journal_add_rename(struct buf *journal, const char *from, const char *to);
void journal_add_revert(struct buf *journal, const char *tag);

/* Writes the steps down in the state directory, and does them; the journal is used up. */
int journal_commit(const struct plan *plan, const char *directory, int directory_fd,
	struct buf *journal, struct error *error);

/* Does what was written down and not finished, if there is anything. */
int journal_finish(
	const struct plan *plan, const char *directory, int directory_fd, struct error *error);
