/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables for people: cells of text, in columns as wide as they need. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define TABLE_COLUMNS_MAX 16

struct table {
	const char *const *titles;
	int columns;
	size_t rows;
	/* Writes one cell; one that is left empty is shown as "-". */
	void (*cell)(const void *context, size_t row, int column, struct buf *buf);
	/* The colour of a cell, as an escape sequence, or ""; NULL for none at all. */
	const char *(*colour)(const void *context, size_t row, int column);
	const void *context;
};

/* Prints it to standard output. */
void table_print(const struct table *table);
