/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A spec file's text as the VMs that it describes. */
#pragma once

#include "spec/vm.h"

/* A VM as far as its document could be read. */
struct loaded_vm {
	struct vm vm;
	bool broken; /* has errors: the name is all that may be used, and NULL when it cannot be
			told */
	size_t first_diag; /* its diagnostics: the first, and the one behind the last */
	size_t end_diag;
};

struct loaded {
	struct loaded_vm *items;
	size_t count;
};

/* Reads every document of a source. The VMs live in the arena; the source must outlive them.
 * default_name is the first document's name when it gives none (the file's name without ".yaml").
 * The scratch arena is emptied. Returns -ENOMEM when memory is short, else 0. */
int load_source(struct arena *arena, struct arena *scratch, const struct source *source,
	const char *default_name, struct diags *diags, struct loaded *ret_loaded);
