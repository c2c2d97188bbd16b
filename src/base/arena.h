/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An arena owns many small objects that die together. Nothing in it is freed on its own.
 * A zeroed struct arena is an empty one.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "base/macros.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *chunk; /* the newest; each knows the one before it */
};

/* Returns size zeroed bytes, aligned for pointers and 64-bit numbers, or NULL when memory is short.
 */
void *arena_alloc(struct arena *arena, size_t size);

/* Copies length bytes of text and ends them with a NUL. NULL when memory is short. */
char *arena_dup(struct arena *arena, const char *text, size_t length);

/* Formats into the arena. NULL when memory is short. */
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
char *arena_vprintf(struct arena *arena, const char *format, va_list arguments) PRINTF_LIKE(2, 0);

/* Joins strings, up to a NULL, into one. NULL when memory is short. */
char *arena_join(struct arena *arena, ...) __attribute__((sentinel));
char *arena_join_list(struct arena *arena, va_list parts);

/* Makes room for one more element of an arena-owned array that holds count elements; the array
 * doubles at each power of two. Returns the array, moved or not, or NULL when memory is short. */
void *arena_grow(struct arena *arena, void *array, size_t count, size_t element_size);

/* Forgets every object but keeps one chunk for reuse. */
void arena_reset(struct arena *arena);

/* Frees everything; the arena is empty and usable again. */
void arena_done(struct arena *arena);
