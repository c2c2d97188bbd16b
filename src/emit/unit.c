/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "emit/unit.h"

#include <stdio.h>
#include <string.h>

#include "spec/scalar.h"

void unit_begin_section(struct buf *buf, const char *name)
{
	if (buf->length)
		buf_putc(buf, '\n');
	buf_putc(buf, '[');
	buf_puts(buf, name);
	buf_puts(buf, "]\n");
}

void unit_add_raw(struct buf *buf, const char *directive, const char *value)
{
	buf_puts(buf, directive);
	buf_putc(buf, '=');
	buf_puts(buf, value);
	buf_putc(buf, '\n');
}

void unit_add_text(struct buf *buf, const char *directive, const char *value)
{
	buf_puts(buf, directive);
	buf_putc(buf, '=');
	unit_add_value(buf, value);
}

void unit_add_value(struct buf *buf, const char *value)
{
	for (const char *at = value; *at;) {
		size_t run = strcspn(at, "%");
		buf_add(buf, at, run);
		at += run;
		if (*at == '%') {
			buf_puts(buf, "%%");
			at++;
		}
	}
	/* A backslash at the end would join the next line; systemd strips the blank behind it. */
	size_t length = strlen(value);
	if (length && value[length - 1] == '\\')
		buf_putc(buf, ' ');
	buf_putc(buf, '\n');
}

void unit_escape_name(struct buf *buf, const char *text)
{
	for (const char *at = text; *at; at++) {
		bool plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
			     (*at >= '0' && *at <= '9') || *at == ':' || *at == '_' ||
			     (*at == '.' && at != text);
		if (plain)
			buf_putc(buf, *at);
		else
			buf_printf(buf, "\\x%02x", (unsigned char)*at);
	}
}

void unit_add_path(struct buf *buf, const char *directive, const char *path, const char *rest)
{
	buf_puts(buf, directive);
	buf_puts(buf, "=\"");
	for (; *path; path++) {
		if (*path == '"' || *path == '\\')
			buf_putc(buf, '\\');
		if (*path == '%')
			buf_putc(buf, '%');
		buf_putc(buf, *path);
	}
	buf_putc(buf, '"');
	buf_puts(buf, rest);
	buf_putc(buf, '\n');
}

void unit_escape_path(struct buf *buf, const char *path)
{
	char part[PATH_LENGTH_MAX + 1];
	const char *separator = "";
	while (*path == '/') {
		size_t length = strcspn(++path, "/");
		buf_puts(buf, separator);
		snprintf(part, sizeof(part), "%.*s", (int)length, path);
		/* A dot is escaped at the beginning of the whole name only. */
		if (*separator && part[0] == '.')
			buf_putc(buf, '.');
		unit_escape_name(buf, *separator && part[0] == '.' ? part + 1 : part);
		separator = "-";
		path += length;
	}
}

/* The length of an argument that systemd takes as it is: nothing to escape, no quotes, no blank. Of
 * another one 0. */
static size_t plain_length(const char *argument)
{
	static const bool plain[256] = {
		['a' ... 'z'] = true,
		['A' ... 'Z'] = true,
		['+' ... '9'] = true, /* + , - . / and the digits */
		['_'] = true,
		['='] = true,
		[':'] = true,
		['@'] = true,
	};
	const unsigned char *at = (const unsigned char *)argument;
	while (plain[*at])
		at++;
	return *at ? 0 : (size_t)(at - (const unsigned char *)argument);
}

void unit_add_argument(struct buf *buf, const char *argument)
{
	size_t plain = plain_length(argument);
	if (plain) {
		buf_add(buf, argument, plain);
		return;
	}
	buf_putc(buf, '"');
	for (const char *at = argument; *at; at++) {
		size_t run = strcspn(at, "%$\"\\");
		buf_add(buf, at, run);
		at += run;
		if (!*at)
			break;
		if (*at == '%' || *at == '$')
			buf_putc(buf, *at);
		else
			buf_putc(buf, '\\');
		buf_putc(buf, *at);
	}
	buf_putc(buf, '"');
}
