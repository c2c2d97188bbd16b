/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * QEMU's command line as options in order, each a flag and, mostly, a value. It borrows flags and
 * owns its values through an arena.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

struct option {
	const char *flag;
	const char *value; /* NULL when the flag has none */
};

struct options {
	struct arena *arena;
	struct option *items;
	size_t count;
	bool failed; /* memory was short */
};

/* Adds a flag, or any argument by itself, that outlives the options. */
void options_add_flag(struct options *options, const char *flag);

/* Adds a flag and its formatted value. Values that a user wrote go through option_escape(). */
void options_add(struct options *options, const char *flag, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* Doubles each comma: inside an option's value a single one would begin the next property (QEMU's
 * "Syntax of QEMU options"). Returns text itself when it has none. */
const char *option_escape(struct options *options, const char *text);
