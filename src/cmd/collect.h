/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From spec files to a checked set of documents: the way that every program begins. */
#pragma once

#include "host/specdir.h"
#include "plan/set.h"

struct resolved_plan;

struct collection {
	struct arena arena;
	struct diags diags;
	struct documents documents;
	struct set set;
	struct resolved_plan *versions; /* in force in place of specs; see record.h */
};

/* Reads the spec directories: $VMLET_PATH when set, else the installed ones. Returns -ENOMEM when
 * memory is short, else 0 with all mistakes in diags. */
int collect_directories(struct collection *collection);

/* The same with one more spec, which is in no file yet. The source must outlive the collection. */
int collect_with(struct collection *collection, const struct source *source, const char *name);

/* Reads these files only; "-" is the standard input. */
int collect_files(struct collection *collection, char *const *paths, size_t count);

/* Reads the spec directories with one file, or "-", as if it stood there as NAME.yaml: in the place
 * of one that does. Diagnostics are those of that file; what it refers to and is not there yet is a
 * warning. */
int collect_as(struct collection *collection, const char *path, const char *name);

void collection_done(struct collection *collection);
