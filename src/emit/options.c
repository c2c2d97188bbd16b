/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "emit/options.h"

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

void options_add(struct options *options, const char *flag, const char *format, ...)
{
	char stack[256];
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(stack, sizeof(stack), format, arguments);
	va_end(arguments);
	char *value = NULL;
	if (length >= 0 && (size_t)length < sizeof(stack)) {
		value = arena_dup(options->arena, stack, (size_t)length);
	} else if (length >= 0) {
		value = arena_alloc(options->arena, (size_t)length + 1);
		va_start(arguments, format);
		if (value)
			vsnprintf(value, (size_t)length + 1, format, arguments);
		va_end(arguments);
	}
	if (!value)
		options->failed = true;
	append(options, flag, value);
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
