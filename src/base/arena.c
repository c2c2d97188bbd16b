/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* A huge page of x86-64. */
#define HUGE_CHUNK_BYTES ((size_t)2 * 1024 * 1024)

#ifndef ARENA_CHUNK_BYTES
#define ARENA_CHUNK_BYTES ((size_t)16 * 1024)
#define ARENA_CHUNK_BYTES_MAX HUGE_CHUNK_BYTES
#endif

/* Enough for pointers and 64-bit numbers: nothing here is larger. */
#define ALIGNMENT _Alignof(uint64_t)

struct arena_chunk {
	struct arena_chunk *previous;
	size_t used;
	size_t size;
	_Alignas(ALIGNMENT) char data[];
};

static size_t round_up(size_t size)
{
	const size_t mask = ALIGNMENT - 1;
	return (size + mask) & ~mask;
}

/* Has the kernel map a large chunk at once: a fault for each page takes several times as long
 * (madvise(2)). A kernel that cannot takes the faults. */
static void *allocate(size_t size)
{
	if (size != HUGE_CHUNK_BYTES)
		return malloc(size);
	void *chunk = aligned_alloc(HUGE_CHUNK_BYTES, size);
	if (chunk)
		madvise(chunk, size, MADV_HUGEPAGE);
	return chunk;
}

/* Chunks double up to a huge page: few objects take little, and many few calls. */
static struct arena_chunk *add_chunk(struct arena *arena, size_t need)
{
	size_t size =
		arena->chunk ? 2 * (sizeof(*arena->chunk) + arena->chunk->size) : ARENA_CHUNK_BYTES;
	if (size > ARENA_CHUNK_BYTES_MAX)
		size = ARENA_CHUNK_BYTES_MAX;
	if (size < sizeof(struct arena_chunk) + need)
		size = sizeof(struct arena_chunk) + need;
	struct arena_chunk *chunk = allocate(size);
	if (!chunk)
		return NULL;
	*chunk = (struct arena_chunk){.previous = arena->chunk, .size = size - sizeof(*chunk)};
	arena->chunk = chunk;
	return chunk;
}

static void *take(struct arena *arena, size_t size)
{
	if (size > SIZE_MAX / 2)
		return NULL;
	size_t need = round_up(size);
	struct arena_chunk *chunk = arena->chunk;
	if (!chunk || chunk->size - chunk->used < need)
		chunk = add_chunk(arena, need);
	if (!chunk)
		return NULL;
	void *object = chunk->data + chunk->used;
	chunk->used += need;
	return object;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	void *object = take(arena, size);
	return object ? memset(object, 0, size) : NULL;
}

char *arena_dup(struct arena *arena, const char *text, size_t length)
{
	char *copy = take(arena, length + 1);
	if (!copy)
		return NULL;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

char *arena_vprintf(struct arena *arena, const char *format, va_list arguments)
{
	va_list again;
	va_copy(again, arguments);
	int length = vsnprintf(NULL, 0, format, arguments);
	char *text = length >= 0 ? take(arena, (size_t)length + 1) : NULL;
	if (text)
		vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	char *text = arena_vprintf(arena, format, arguments);
	va_end(arguments);
	return text;
}

char *arena_join_list(struct arena *arena, va_list parts)
{
	va_list measured;
	size_t length = 0;
	va_copy(measured, parts);
	for (const char *part; (part = va_arg(measured, const char *));)
		length += strlen(part);
	va_end(measured);
	char *text = take(arena, length + 1);
	if (!text)
		return NULL;
	char *end = text;
	for (const char *part; (part = va_arg(parts, const char *));)
		end = stpcpy(end, part);
	*end = '\0';
	return text;
}

char *arena_join(struct arena *arena, ...)
{
	va_list parts;
	va_start(parts, arena);
	char *text = arena_join_list(arena, parts);
	va_end(parts);
	return text;
}

void *arena_grow(struct arena *arena, void *array, size_t count, size_t element_size)
{
	/* It failed before, and nobody looked. */
	if (count && !array)
		return NULL;
	if (count > 0 && (count & (count - 1)) != 0)
		return array;
	size_t capacity = count ? 2 * count : 1;
	char *larger = arena_alloc(arena, capacity * element_size);
	if (larger && count)
		memcpy(larger, array, count * element_size);
	return larger;
}

void arena_reset(struct arena *arena)
{
	while (arena->chunk && arena->chunk->previous) {
		struct arena_chunk *previous = arena->chunk->previous;
		free(arena->chunk);
		arena->chunk = previous;
	}
	if (arena->chunk)
		arena->chunk->used = 0;
}

void arena_done(struct arena *arena)
{
	arena_reset(arena);
	free(arena->chunk);
	arena->chunk = NULL;
}
