/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Diagnostics: what is wrong with the user's text, where, and how to mend it.
 * A list owns its messages; the sources that the places point into must outlive it.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"

/* A text as it was read. */
struct source {
	const char *file; /* as diagnostics name it */
	const char *text;
	size_t length;
	size_t index; /* among the files that are read together */
};

/* A span on one line. Lines and columns count from 1, columns in characters; line 0 is the file
 * as a whole. */
struct place {
	const struct source *source;
	uint32_t line;
	uint32_t column;
	uint32_t end_column; /* the first column behind the span */
};

enum severity {
	SEVERITY_ERROR,
	SEVERITY_WARNING,
	SEVERITY_NOTE, /* belongs to the diagnostic before it */
};

struct diag {
	enum severity severity;
	struct place place;
	const char *code; /* stable, documented; "" for a note */
	const char *message;
	const char *hint; /* how to mend it, or NULL */
};

struct diags {
	struct arena arena;
	struct diag *items;
	size_t count;
	size_t errors;
	bool out_of_memory;
};

/* Adds one. The hint may be NULL; both texts are copied. */
void diag_add(struct diags *diags, enum severity severity, struct place place, const char *code,
	const char *hint, const char *format, ...) PRINTF_LIKE(6, 7);

/* "file:line:column: error: message (hint)", without a newline. */
void diag_write_line(const struct diag *diag, struct buf *buf);

/* The same, then the source line with a caret under the span, then the hint. With colour as
 * ECMA-48 sequences. */
void diag_write_full(const struct diag *diag, bool colour, struct buf *buf);

/* The diagnostics as a person reads them: by file, line and column, notes behind what they belong
 * to. The array has as many as there are and lives in the arena; NULL when memory is short. */
const struct diag **diags_in_order(const struct diags *diags, struct arena *arena);

const char *severity_name(enum severity severity);

void diags_done(struct diags *diags);
