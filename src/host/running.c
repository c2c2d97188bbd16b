/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/running.h"

#include <dirent.h>
#include <string.h>

#include "plan/plan.h"

int running_list(struct arena *arena, struct strings *ret_names)
{
	struct strings names = {0};
	DIR *directory = opendir(PLAN_RUNTIME_ROOT);
	int r = 0;
	for (struct dirent *entry; r == 0 && directory && (entry = readdir(directory));) {
		if (!scalar_is_name(entry->d_name, NAME_LENGTH_MAX))
			continue;
		const char *name = arena_dup(arena, entry->d_name, strlen(entry->d_name));
		names.items = arena_grow(arena, names.items, names.count, sizeof(*names.items));
		if (!name || !names.items)
			r = -ENOMEM;
		else
			names.items[names.count++] = name;
	}
	if (directory)
		closedir(directory);
	if (r == 0)
		*ret_names = names;
	return r;
}
