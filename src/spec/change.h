/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What differs between a VM as it was booted and as its spec has it, key by key. */
#pragma once

#include "base/arena.h"
#include "spec/key.h"

/* One key, or one part (a disk, a nic) that has come or gone. */
struct change {
	const char *path; /* "disks.data.size" */
	const struct key *key;
	enum change_class class; /* never CHANGE_GROW */
	const char *before;	 /* as YAML writes it; NULL when it had none, or for a part */
	const char *after;
	/* the structs that the key is of; of a part that comes or goes, those that hold the parts
	 */
	void *values_before;
	const void *values_after;
	const struct part *part_before; /* the part it is of; NULL when it is of none, or is new */
	const struct part *part_after;	/* the same; NULL when it has gone */
	/* by who makes it */
	bool done;
	const char *waits_because; /* why it is not live after all */
};

struct changes {
	struct change *items; /* in the order of the table */
	size_t count;
};

/* The words for a class: "live", "restart", "recreate", "forbidden". */
extern const struct choices change_class_names;

/* Compares two structs of one table, such as struct vm. All texts are in the arena. Returns -ENOMEM
 * when memory is short, else 0. */
int changes_find(struct arena *arena, const struct key_table *table, void *before,
	const void *after, struct changes *ret_changes);

/* Makes a change in the struct before: one that was done while the VM runs. Texts stay those of the
 * other. Those of values come first, as parts that come and go move others. Returns -ENOMEM when
 * memory is short, else 0. */
int change_adopt(struct arena *arena, const struct change *change);
