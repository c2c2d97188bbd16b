/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/choice.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

const char *choice_name(const struct choices *choices, int value)
{
	assert(value >= 0 && (size_t)value < choices->count);
	return choices->names[value];
}

int choice_parse(const struct choices *choices, const char *name)
{
	for (size_t i = 0; i < choices->count; i++)
		if (choices->names[i][0] == name[0] && strcmp(choices->names[i], name) == 0)
			return (int)i;
	return -EINVAL;
}
