/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/table.h"

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "cmd/verbs.h"

static void write_cell(const struct table *table, size_t row, int column, struct buf *cell)
{
	buf_reset(cell);
	table->cell(table->context, row, column, cell);
	if (!cell->length)
		buf_putc(cell, '-');
}

static void measure(const struct table *table, size_t widths[TABLE_COLUMNS_MAX])
{
	struct buf cell CLEANUP(buf_done) = {0};
	for (int column = 0; column < table->columns; column++) {
		widths[column] = strlen(table->titles[column]);
		for (size_t row = 0; row < table->rows; row++) {
			write_cell(table, row, column, &cell);
			if (cell.length > widths[column])
				widths[column] = cell.length;
		}
	}
}

static void print_cell(const struct table *table, const char *text, int column,
	const size_t widths[TABLE_COLUMNS_MAX], const char *colour)
{
	/* The last column ends the line: no blanks behind it. */
	int width = column < table->columns - 1 ? (int)widths[column] : 0;
	printf("%s%s%-*s%s", column ? "  " : "", colour, width, text, *colour ? "\033[0m" : "");
}

void table_print(const struct table *table)
{
	struct buf cell CLEANUP(buf_done) = {0};
	size_t widths[TABLE_COLUMNS_MAX];
	bool colours = wants_colour(STDOUT_FILENO);
	measure(table, widths);
	for (int column = 0; column < table->columns; column++)
		print_cell(table, table->titles[column], column, widths, colours ? "\033[1m" : "");
	putchar('\n');
	for (size_t row = 0; row < table->rows; row++) {
		for (int column = 0; column < table->columns; column++) {
			const char *colour = colours && table->colour
						     ? table->colour(table->context, row, column)
						     : "";
			write_cell(table, row, column, &cell);
			print_cell(table, buf_text(&cell), column, widths, colour);
		}
		putchar('\n');
	}
}
