/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A growable buffer of text. A failed allocation is remembered: later additions do nothing, and
 * buf_error() tells once at the end. A zeroed struct buf is an empty one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/macros.h"

struct buf {
	char *data; /* NUL-terminated once anything was added */
	size_t length;
	size_t capacity;
	bool failed;
};

void buf_add(struct buf *buf, const char *data, size_t length);
static inline void buf_puts(struct buf *buf, const char *text)
{
	/* Of a literal the compiler knows the length. */
	buf_add(buf, text, strlen(text));
}
void buf_putc(struct buf *buf, char byte);
/* A number in decimal, without printf(3). */
void buf_number(struct buf *buf, uint64_t number);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

/* The text so far; "" when there is none. Owned by the buffer. */
const char *buf_text(const struct buf *buf);

/* Returns -ENOMEM when an addition was lost, else 0. */
int buf_error(const struct buf *buf);

/* Empties the buffer but keeps its memory for reuse. */
void buf_reset(struct buf *buf);

void buf_done(struct buf *buf);
