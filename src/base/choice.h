/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of an enum's values, from 0 without gaps. */
#pragma once

#include <stddef.h>

struct choices {
	const char *const *names;
	size_t count;
};

/* Defines a table of names; each enum value has exactly one. */
#define DEFINE_CHOICES(table, value_count, ...) \
	static const char *const table##_names[] = {__VA_ARGS__}; \
	_Static_assert(sizeof(table##_names) / sizeof(table##_names[0]) == (value_count), \
		"a name for each value of " #table); \
	const struct choices table = {table##_names, (value_count)}

/* Returns the name of a value that is in the table. */
const char *choice_name(const struct choices *choices, int value);

/* Returns the value with that name, or -EINVAL. */
int choice_parse(const struct choices *choices, const char *name);
