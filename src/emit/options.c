/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "emit/options.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void append(struct options *options, const char *flag, const char *value)
{
	options->items =
		arena_grow(options->arena, options->items, options->count, sizeof(*options->items));
	if (!options->items) {
		options->failed = true;
		options->count = 0;
		return;
	}
	options->items[options->count++] = (struct option){flag, value};
}

void options_add_flag(struct options *options, const char *flag)
{
	append(options, flag, NULL);
}

void options_add_fixed(struct options *options, const char *flag, const char *value)
{
	append(options, flag, value);
}

void options_add(struct options *options, const char *flag, ...)
{
	va_list parts;
	va_start(parts, flag);
	const char *value = arena_join_list(options->arena, parts);
	va_end(parts);
	if (!value)
		options->failed = true;
	append(options, flag, value);
}

const char *option_number(uint64_t number, char text[OPTION_NUMBER_BYTES])
{
	snprintf(text, OPTION_NUMBER_BYTES, "%" PRIu64, number);
	return text;
}

const char *option_escape(struct options *options, const char *text)
{
	if (!strchr(text, ','))
		return text;
	char *escaped = arena_alloc(options->arena, 2 * strlen(text) + 1);
	if (!escaped) {
		options->failed = true;
		return "";
	}
	char *out = escaped;
	for (; *text; text++) {
		*out++ = *text;
		if (*text == ',')
			*out++ = ',';
	}
	return escaped;
}
