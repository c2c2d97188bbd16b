/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * QEMU's command line as options in order, each a flag and, mostly, a value. It borrows flags and
 * owns its values through an arena.
 */
#pragma once

#include <stdint.h>

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

/* Adds a flag and its value: the strings up to a NULL, joined. What a user wrote goes through
 * option_escape() where commas separate. */
void options_add(struct options *options, const char *flag, ...) __attribute__((sentinel));

/* Adds a flag and a value that outlive the options. */
void options_add_fixed(struct options *options, const char *flag, const char *value);

/* A number as text, for options_add(). */
#define OPTION_NUMBER_BYTES 24
const char *option_number(uint64_t number, char text[OPTION_NUMBER_BYTES]);

/* Doubles each comma: inside an option's value a single one would begin the next property (QEMU's
 * "Syntax of QEMU options"). Returns text itself when it has none. */
const char *option_escape(struct options *options, const char *text);
