/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Composition: a VM's keys laid over those of the profiles that it names. */
#pragma once

#include "spec/document.h"

#define PROFILE_DEFAULT "default"
#define PROFILE_DEPTH_MAX 64

/* So many values may be merged for the documents of one file: a few lines that take up large
 * profiles many times over must not fill the memory of a host that boots. */
#define PROFILE_BUDGET_MIN ((size_t)256 * 1024)
#define PROFILE_BUDGET_PER_BYTE 4

/* Sets the document's merged tree: the profile named default first, then those it names in order,
 * each with its own, then its own keys. A profile that is missing, is broken or takes up itself
 * breaks the document, with an error where it is named. Profiles must have been decoded. Returns
 * -ENOMEM when memory is short, else 0. */
int profile_compose(struct arena *arena, const struct documents *documents,
	struct document *document, struct diags *diags);
