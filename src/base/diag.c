/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/diag.h"

#include <stdarg.h>
#include <string.h>

#define SHOWN_COLUMNS 160

static const char *const severity_names[] = {
	[SEVERITY_ERROR] = "error",
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_NOTE] = "note",
};

static const char *const severity_colours[] = {
	[SEVERITY_ERROR] = "\033[1;31m",
	[SEVERITY_WARNING] = "\033[1;33m",
	[SEVERITY_NOTE] = "\033[1;36m",
};

void diag_add(struct diags *diags, enum severity severity, struct place place, const char *code,
	const char *hint, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	char *text = arena_vprintf(&diags->arena, format, arguments);
	va_end(arguments);
	if (severity == SEVERITY_ERROR)
		diags->errors++;
	struct diag *items = arena_grow(&diags->arena, diags->items, diags->count, sizeof(*items));
	char *hint_copy = hint ? arena_dup(&diags->arena, hint, strlen(hint)) : NULL;
	if (!items || !text || (hint && !hint_copy)) {
		diags->out_of_memory = true;
		return;
	}
	diags->items = items;
	items[diags->count++] = (struct diag){
		.severity = severity,
		.place = place,
		.code = code,
		.message = text,
		.hint = hint_copy,
	};
}

/* The bytes of one printable character of UTF-8, or 0 when something else stands there. */
static size_t character_length(const char *text, size_t left)
{
	unsigned char byte = (unsigned char)*text;
	if (byte < 0x80)
		return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
	size_t length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
	if (byte < 0xc2 || byte > 0xf4 || length > left)
		return 0;
	for (size_t i = 1; i < length; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 0;
	/* U+0080..U+009F are control characters, too. */
	return byte == 0xc2 && (unsigned char)text[1] < 0xa0 ? 0 : length;
}

/* Text that a file's author chose must not move a terminal's cursor or begin a line of a log:
 * whatever is not printable becomes '?'. */
static void write_printable(const char *text, size_t length, uint32_t columns_max, struct buf *buf)
{
	uint32_t columns = 0;
	for (size_t i = 0; i < length && columns < columns_max; columns++) {
		size_t character = character_length(text + i, length - i);
		if (character)
			buf_add(buf, text + i, character);
		else
			buf_putc(buf, '?');
		i += character ? character : 1;
	}
}

static void write_text(const char *text, struct buf *buf)
{
	write_printable(text, strlen(text), UINT32_MAX, buf);
}

static void write_place(const struct place *place, struct buf *buf)
{
	if (!place->source)
		return;
	write_text(place->source->file, buf);
	if (place->line)
		buf_printf(buf, ":%u:%u", place->line, place->column);
	buf_puts(buf, ": ");
}

void diag_write_line(const struct diag *diag, struct buf *buf)
{
	write_place(&diag->place, buf);
	buf_printf(buf, "%s: ", severity_names[diag->severity]);
	write_text(diag->message, buf);
	if (!diag->hint)
		return;
	buf_puts(buf, " (");
	write_text(diag->hint, buf);
	buf_putc(buf, ')');
}

/* The line with that number, without its end; NULL when the text has no such line. Lines end as
 * in YAML 1.2: LF, CR LF or CR. */
static const char *find_line(const struct source *source, uint32_t number, size_t *ret_length)
{
	const char *end = source->text + source->length;
	const char *at = source->text;
	for (uint32_t line = 1; line < number; line++) {
		while (at < end && *at != '\n' && *at != '\r')
			at++;
		if (at == end)
			return NULL;
		at += at[0] == '\r' && at + 1 < end && at[1] == '\n' ? 2 : 1;
	}
	size_t length = 0;
	while (at + length < end && at[length] != '\n' && at[length] != '\r')
		length++;
	*ret_length = length;
	return at;
}

/* Spaces up to the column; a tab stays a tab so that the caret stands where the eye looks. */
static void write_padding(const char *line, size_t length, uint32_t column, struct buf *buf)
{
	uint32_t at = 1;
	for (size_t i = 0; i < length && at < column; i++) {
		if (((unsigned char)line[i] & 0xc0) == 0x80)
			continue;
		buf_putc(buf, line[i] == '\t' ? '\t' : ' ');
		at++;
	}
	for (; at < column; at++)
		buf_putc(buf, ' ');
}

static void write_excerpt(const struct diag *diag, const char *on, const char *off, struct buf *buf)
{
	const struct place *place = &diag->place;
	size_t length;
	const char *line = NULL;
	if (place->source && place->line)
		line = find_line(place->source, place->line, &length);
	if (!line || place->column > SHOWN_COLUMNS)
		return;
	buf_printf(buf, "%5u | ", place->line);
	write_printable(line, length, SHOWN_COLUMNS, buf);
	buf_puts(buf, "\n      | ");
	write_padding(line, length, place->column, buf);
	buf_puts(buf, on);
	buf_putc(buf, '^');
	for (uint32_t at = place->column + 1; at < place->end_column && at <= SHOWN_COLUMNS; at++)
		buf_putc(buf, '~');
	buf_puts(buf, off);
	buf_putc(buf, '\n');
}

void diag_write_full(const struct diag *diag, bool colour, struct buf *buf)
{
	const char *on = colour ? severity_colours[diag->severity] : "";
	const char *off = colour ? "\033[0m" : "";
	write_place(&diag->place, buf);
	buf_printf(buf, "%s%s:%s ", on, severity_names[diag->severity], off);
	write_text(diag->message, buf);
	if (*diag->code)
		buf_printf(buf, " [%s]", diag->code);
	buf_putc(buf, '\n');
	write_excerpt(diag, on, off, buf);
	if (!diag->hint)
		return;
	buf_puts(buf, "      = ");
	write_text(diag->hint, buf);
	buf_putc(buf, '\n');
}

const char *severity_name(enum severity severity)
{
	return severity_names[severity];
}

/* --- order --------------------------------------------------------------------------------- */

struct rank {
	const struct diag *diag;
	const struct diag *head; /* what a note belongs to, or itself */
};

static int compare_numbers(size_t left, size_t right)
{
	return (left > right) - (left < right);
}

static int compare_ranks(const void *a, const void *b)
{
	const struct rank *left = a;
	const struct rank *right = b;
	const struct place *left_place = &left->head->place;
	const struct place *right_place = &right->head->place;
	int order = 0;
	if (left_place->source && right_place->source)
		order = compare_numbers(left_place->source->index, right_place->source->index);
	if (!order)
		order = compare_numbers(left_place->line, right_place->line);
	if (!order)
		order = compare_numbers(left_place->column, right_place->column);
	if (!order)
		order = (left->head > right->head) - (left->head < right->head);
	return order ? order : (left->diag > right->diag) - (left->diag < right->diag);
}

const struct diag **diags_in_order(const struct diags *diags, struct arena *arena)
{
	const struct diag **ordered = arena_alloc(arena, diags->count * sizeof(struct diag *));
	struct rank *ranks = arena_alloc(arena, diags->count * sizeof(*ranks));
	if (!ordered || !ranks)
		return NULL;
	for (size_t i = 0; i < diags->count; i++) {
		ranks[i].diag = ranks[i].head = &diags->items[i];
		if (diags->items[i].severity == SEVERITY_NOTE && i)
			ranks[i].head = ranks[i - 1].head;
	}
	if (diags->count)
		qsort(ranks, diags->count, sizeof(*ranks), compare_ranks);
	for (size_t i = 0; i < diags->count; i++)
		ordered[i] = ranks[i].diag;
	return ordered;
}

void diags_done(struct diags *diags)
{
	arena_done(&diags->arena);
	*diags = (struct diags){0};
}
