/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define PRINTF_GUESS ((size_t)128)

/* Makes room for extra bytes and a NUL. */
static bool reserve(struct buf *buf, size_t extra)
{
	if (buf->failed || extra > SIZE_MAX / 4 - buf->length)
		return false;
	size_t need = buf->length + extra + 1;
	if (need <= buf->capacity)
		return true;
	size_t capacity = buf->capacity ? buf->capacity : 512;
	while (capacity < need)
		capacity *= 2;
	char *data = realloc(buf->data, capacity);
	if (!data) {
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->capacity = capacity;
	return true;
}

void buf_add(struct buf *buf, const char *data, size_t length)
{
	if (!reserve(buf, length))
		return;
	if (length)
		memcpy(buf->data + buf->length, data, length);
	buf->length += length;
	buf->data[buf->length] = '\0';
}

void buf_putc(struct buf *buf, char byte)
{
	buf_add(buf, &byte, 1);
}

void buf_number(struct buf *buf, uint64_t number)
{
	char digits[20];
	size_t first = sizeof(digits);
	do {
		digits[--first] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	buf_add(buf, digits + first, sizeof(digits) - first);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list arguments;
	if (!reserve(buf, PRINTF_GUESS))
		return;
	/* Most texts fit into what is there: formatted once then, else twice. */
	size_t room = buf->capacity - buf->length;
	va_start(arguments, format);
	int length = vsnprintf(buf->data + buf->length, room, format, arguments);
	va_end(arguments);
	if (length >= 0 && (size_t)length >= room) {
		if (!reserve(buf, (size_t)length))
			return;
		va_start(arguments, format);
		vsnprintf(buf->data + buf->length, (size_t)length + 1, format, arguments);
		va_end(arguments);
	}
	if (length < 0)
		buf->failed = true;
	else
		buf->length += (size_t)length;
}

const char *buf_text(const struct buf *buf)
{
	return buf->data ? buf->data : "";
}

int buf_error(const struct buf *buf)
{
	return buf->failed ? -ENOMEM : 0;
}

void buf_reset(struct buf *buf)
{
	buf->length = 0;
	buf->failed = false;
	if (buf->data)
		buf->data[0] = '\0';
}

void buf_done(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){0};
}
