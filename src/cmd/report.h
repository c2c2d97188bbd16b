/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Diagnostics, to people and to programs. */
#pragma once

#include "cmd/collect.h"

struct report {
	bool json; /* one array of objects on standard output, instead of text on standard error */
	bool strict; /* warnings are errors */
};

/* Tells diagnostics in order: the errors of the VMs with these names, all when there are none, and
 * every warning. Returns how many errors there are, or -ENOMEM. */
int report_diags(const struct report *report, struct collection *collection, char *const *names,
	size_t count);

/* "no spec named web; known: app, db", and the like of other kinds. */
void report_write_unknown(
	const struct documents *documents, enum kind kind, const char *name, struct buf *buf);
