/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/encode.h"

#include <inttypes.h>
#include <string.h>

#include "spec/scalar.h"

#define INDENT 2
#define KEY_LINE_BYTES 128 /* tables are a few levels deep, and keys are short */

static const void *field(const struct key *key, const void *values)
{
	return (const char *)values + key->offset;
}

static void indent(unsigned depth, struct buf *buf)
{
	static const char blanks[] = "                                ";
	for (unsigned left = depth * INDENT; left;) {
		unsigned run = left < sizeof(blanks) - 1 ? left : (unsigned)sizeof(blanks) - 1;
		buf_add(buf, blanks, run);
		left -= run;
	}
}

/* The length of a character that YAML would not keep as it is inside double quotes, else 0: what
 * is not printable, and what YAML 1.1 takes for a line break. */
static size_t special_length(const unsigned char *at)
{
	if (at[0] < 0x20 || at[0] == 0x7f)
		return 1;
	if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f)
		return 2;
	if (at[0] == 0xe2 && at[1] == 0x80 && (at[2] == 0xa8 || at[2] == 0xa9))
		return 3;
	if (at[0] == 0xef && at[1] == 0xbb && at[2] == 0xbf)
		return 3;
	if (at[0] == 0xef && at[1] == 0xbf && (at[2] == 0xbe || at[2] == 0xbf))
		return 3;
	return 0;
}

/* How much of the text stands inside double quotes as it is. */
static size_t plain_length(const unsigned char *text)
{
	const unsigned char *at = text;
	while (*at && *at != '"' && *at != '\\' && !special_length(at))
		at++;
	return (size_t)(at - text);
}

static unsigned code_point(const unsigned char *at, size_t length)
{
	if (length == 1)
		return at[0];
	if (length == 2)
		return (at[0] & 0x1fU) << 6 | (at[1] & 0x3fU);
	return (at[0] & 0x0fU) << 12 | (at[1] & 0x3fU) << 6 | (at[2] & 0x3fU);
}

static void encode_quoted(const char *text, struct buf *buf)
{
	const unsigned char *at = (const unsigned char *)text;
	buf_putc(buf, '"');
	while (*at) {
		size_t plain = plain_length(at);
		buf_add(buf, (const char *)at, plain);
		at += plain;
		if (!*at)
			break;
		size_t special = special_length(at);
		if (*at == '\n')
			buf_puts(buf, "\\n");
		else if (special)
			buf_printf(buf, "\\u%04x", code_point(at, special));
		else
			buf_add(buf, (const char[]){'\\', (char)*at}, 2);
		at += special ? special : 1;
	}
	buf_putc(buf, '"');
}

/* Whether a literal block says exactly this text: several lines of plain text, the first one not
 * indented, and one line break at the end. */
static bool fits_block(const char *text)
{
	size_t length = strlen(text);
	if (length < 2 || text[length - 1] != '\n' || text[length - 2] == '\n')
		return false;
	if (text[0] == ' ' || text[0] == '\n')
		return false;
	for (const unsigned char *at = (const unsigned char *)text; *at; at++)
		if (*at != '\n' && special_length(at))
			return false;
	return true;
}

static void encode_block(const char *text, unsigned depth, struct buf *buf)
{
	buf_putc(buf, '\n');
	while (*text) {
		size_t length = strcspn(text, "\n");
		if (length) {
			indent(depth + 1, buf);
			buf_add(buf, text, length);
		}
		text += length + 1;
		if (*text)
			buf_putc(buf, '\n');
	}
}

static void encode_strings(const struct strings *strings, struct buf *buf)
{
	buf_putc(buf, '[');
	for (size_t i = 0; i < strings->count; i++) {
		if (i)
			buf_puts(buf, ", ");
		encode_quoted(strings->items[i], buf);
	}
	buf_putc(buf, ']');
}

/* --- origins ------------------------------------------------------------------------------- */

/* Where a value is from: what it was decoded from, or a row's fallback. */
struct origin {
	bool shown;
	const struct node *node; /* NULL: nobody gave it */
};

static struct origin origin_below(
	const struct origin *origin, const char *name, const char *scalar_for)
{
	struct origin below = {.shown = origin->shown, .node = node_get(origin->node, name)};
	if (origin->node && origin->node->kind == NODE_SCALAR && scalar_for &&
		strcmp(scalar_for, name) == 0)
		below.node = origin->node;
	return below;
}

static void write_origin(const struct origin *origin, struct buf *buf)
{
	if (!origin->shown)
		return;
	if (!origin->node)
		buf_puts(buf, "  # default");
	else
		buf_printf(buf, "  # %s:%u", origin->node->place.source->file,
			origin->node->place.line);
}

/* --- collections --------------------------------------------------------------------------- */

static void encode_table(const struct key_table *table, const char *scalar_for, const void *values,
	const struct origin *origin, unsigned depth, struct buf *buf);

static size_t same_name_run(const struct settings *settings, size_t from)
{
	size_t end = from + 1;
	while (end < settings->count &&
		strcmp(settings->items[end].name, settings->items[from].name) == 0)
		end++;
	return end - from;
}

static void encode_settings(const struct settings *settings, const struct origin *origin,
	unsigned depth, struct buf *buf)
{
	for (size_t i = 0; i < settings->count;) {
		size_t run = same_name_run(settings, i);
		buf_putc(buf, '\n');
		indent(depth + 1, buf);
		buf_puts(buf, settings->items[i].name);
		buf_puts(buf, ": [");
		for (size_t j = 0; j < run; j++) {
			if (j)
				buf_puts(buf, ", ");
			encode_quoted(settings->items[i + j].value, buf);
		}
		buf_putc(buf, ']');
		struct origin below = origin_below(origin, settings->items[i].name, NULL);
		write_origin(&below, buf);
		i += run;
	}
}

static void encode_ports(
	const struct settings *ports, const struct origin *origin, unsigned depth, struct buf *buf)
{
	for (size_t i = 0; i < ports->count; i++) {
		buf_putc(buf, '\n');
		indent(depth + 1, buf);
		buf_printf(buf, "%s: %s", ports->items[i].name, ports->items[i].value);
		struct origin below = origin_below(origin, ports->items[i].name, NULL);
		write_origin(&below, buf);
	}
}

static void encode_parts(const struct key *key, const struct parts *parts,
	const struct origin *origin, unsigned depth, struct buf *buf)
{
	for (size_t i = 0; i < parts->count; i++) {
		const struct part *part = part_at(parts, key->below, i);
		buf_putc(buf, '\n');
		indent(depth + 1, buf);
		if (key->names == KEY_CREDENTIAL)
			encode_quoted(part->name, buf);
		else
			buf_puts(buf, part->name);
		buf_putc(buf, ':');
		struct origin below = origin_below(origin, part->name, NULL);
		encode_table(key->below, key->scalar_for, part, &below, depth + 2, buf);
	}
}

static bool is_set(const struct key *key, const void *values);

/* Whether a mapping has anything to say; without what it must have, it was not given. */
static bool any_set(const struct key_table *table, const void *values)
{
	bool any = false;
	for (size_t i = 0; i < table->count; i++) {
		bool set = is_set(&table->keys[i], values);
		if (!set && table->keys[i].required)
			return false;
		any |= set;
	}
	return any;
}

static bool is_set(const struct key *key, const void *values)
{
	const void *value = field(key, values);
	switch (key->type) {
	case KEY_BOOL:
	case KEY_CHOICE:
		return true;
	case KEY_COUNT:
	case KEY_SIZE:
	case KEY_RATE:
		return *(const uint64_t *)value != 0;
	case KEY_SPAN:
		return key->fallback || *(const uint64_t *)value != 0;
	case KEY_NAME:
	case KEY_LINE:
	case KEY_TEXT:
	case KEY_PATH:
	case KEY_MAC:
	case KEY_INTERFACE:
	case KEY_CPU_MODEL:
	case KEY_SUBNET:
	case KEY_ADDRESS:
	case KEY_ADDRESSES:
	case KEY_VLANS:
	case KEY_ENDPOINT:
	case KEY_URI:
	case KEY_CREDENTIAL:
	case KEY_URL:
	case KEY_DIGEST:
		return *(const char *const *)value != NULL;
	case KEY_LIST:
		return ((const struct strings *)value)->count > 0;
	case KEY_SETTINGS:
	case KEY_PORTS:
		return ((const struct settings *)value)->count > 0;
	case KEY_PARTS:
		return ((const struct parts *)value)->count > 0;
	case KEY_GROUP:
		return key->empty ? *(const bool *)value : any_set(key->below, value);
	case KEY_TYPE_COUNT:
		break;
	}
	return false;
}

static void encode_text(
	const char *text, const struct origin *origin, unsigned depth, struct buf *buf)
{
	if (fits_block(text)) {
		buf_puts(buf, " |");
		write_origin(origin, buf);
		encode_block(text, depth, buf);
		return;
	}
	buf_putc(buf, ' ');
	encode_quoted(text, buf);
	write_origin(origin, buf);
}

static void encode_value(const struct key *key, const void *values, const struct origin *origin,
	unsigned depth, struct buf *buf)
{
	const void *value = field(key, values);
	switch (key->type) {
	case KEY_BOOL:
		buf_puts(buf, *(const bool *)value ? " yes" : " no");
		break;
	case KEY_CHOICE:
		buf_putc(buf, ' ');
		buf_puts(buf, choice_name(key->choices, *(const int *)value));
		break;
	case KEY_COUNT:
		buf_putc(buf, ' ');
		buf_number(buf, *(const uint64_t *)value);
		break;
	case KEY_SIZE:
		buf_putc(buf, ' ');
		scalar_write_size(*(const uint64_t *)value, buf);
		break;
	case KEY_SPAN:
		buf_putc(buf, ' ');
		scalar_write_span(*(const uint64_t *)value, buf);
		break;
	case KEY_RATE:
		buf_putc(buf, ' ');
		scalar_write_rate(*(const uint64_t *)value, buf);
		break;
	case KEY_LIST:
		buf_putc(buf, ' ');
		encode_strings(value, buf);
		break;
	case KEY_NAME:
	case KEY_LINE:
	case KEY_TEXT:
	case KEY_PATH:
	case KEY_MAC:
	case KEY_INTERFACE:
	case KEY_CPU_MODEL:
	case KEY_SUBNET:
	case KEY_ADDRESS:
	case KEY_ADDRESSES:
	case KEY_VLANS:
	case KEY_ENDPOINT:
	case KEY_URI:
	case KEY_CREDENTIAL:
	case KEY_URL:
	case KEY_DIGEST:
		encode_text(*(const char *const *)value, origin, depth, buf);
		return;
	case KEY_SETTINGS:
		encode_settings(value, origin, depth, buf);
		return;
	case KEY_PORTS:
		encode_ports(value, origin, depth, buf);
		return;
	case KEY_PARTS:
		encode_parts(key, value, origin, depth, buf);
		return;
	case KEY_GROUP:
		if (!any_set(key->below, value))
			buf_puts(buf, " {}");
		encode_table(key->below, key->scalar_for, value, origin, depth + 1, buf);
		return;
	case KEY_TYPE_COUNT:
		return;
	}
	write_origin(origin, buf);
}

/* A key, and a short value where it has one (else ""), in one piece, as there are many. */
static void begin_key(const char *name, unsigned depth, const char *value, struct buf *buf)
{
	char line[KEY_LINE_BYTES];
	size_t blanks = (size_t)depth * INDENT;
	size_t length = strlen(name);
	size_t more = strlen(value);
	if (1 + blanks + length + 2 + more + 1 > sizeof(line)) {
		buf->failed = true;
		return;
	}
	char *at = line;
	*at++ = '\n';
	memset(at, ' ', blanks);
	at += blanks;
	/* With its NUL, in whose place the colon comes. */
	memcpy(at, name, length + 1);
	at += length;
	*at++ = ':';
	if (more) {
		*at++ = ' ';
		memcpy(at, value, more + 1);
		at += more;
	}
	buf_add(buf, line, (size_t)(at - line));
}

/* The value of a key that is one word of a few, as most defaults are; "" for another. */
static const char *word_of(const struct key *key, const void *values)
{
	const void *value = field(key, values);
	if (key->type == KEY_CHOICE)
		return choice_name(key->choices, *(const int *)value);
	if (key->type == KEY_BOOL)
		return *(const bool *)value ? "yes" : "no";
	return "";
}

/* Each key begins a new line, so that a table of a group goes on behind its key's colon. */
static void encode_table(const struct key_table *table, const char *scalar_for, const void *values,
	const struct origin *origin, unsigned depth, struct buf *buf)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct key *key = &table->keys[i];
		if (key->composing || !is_set(key, values))
			continue;
		const char *word = origin->shown ? "" : word_of(key, values);
		begin_key(key->name, depth, word, buf);
		if (*word)
			continue;
		struct origin below = {0};
		if (origin->shown)
			below = origin_below(origin, key->name, scalar_for);
		encode_value(key, values, &below, depth, buf);
	}
}

void encode_mapping(
	const struct key_table *table, const void *values, const struct node *tree, struct buf *buf)
{
	const struct origin origin = {.shown = tree != NULL, .node = tree};
	buf_puts(buf, "---");
	encode_table(table, NULL, values, &origin, 0, buf);
	buf_putc(buf, '\n');
}

bool encode_value_of(const struct key *key, const void *values, struct buf *buf)
{
	const struct origin none = {0};
	if (!is_set(key, values))
		return false;
	encode_value(key, values, &none, 0, buf);
	return true;
}

/* --- trees --------------------------------------------------------------------------------- */

#define TREE_PATH_BYTES 1024

struct tree_writer {
	bool (*skip)(const char *path, const void *context);
	const void *context;
	struct buf *buf;
};

static void write_node(const struct tree_writer *writer, const struct node *node, const char *path,
	unsigned depth);

static void write_tree_scalar(
	const struct tree_writer *writer, const struct node *node, unsigned depth)
{
	static const struct origin none = {0};
	if (node->plain) {
		buf_putc(writer->buf, ' ');
		buf_puts(writer->buf, node->text);
	} else {
		encode_text(node->text, &none, depth, writer->buf);
	}
}

static void write_tree_key(const struct tree_writer *writer, const struct node *key)
{
	if (key->plain)
		buf_puts(writer->buf, key->text);
	else
		encode_quoted(key->text, writer->buf);
}

static void write_tree_items(
	const struct tree_writer *writer, const struct node *node, const char *path, unsigned depth)
{
	for (const struct node *item = node->first; item; item = item->next) {
		char below[TREE_PATH_BYTES];
		size_t length = strlen(path);
		if (node->kind == NODE_MAPPING && length + item->key->length + 2 < sizeof(below)) {
			memcpy(below, path, length);
			below[length] = '.';
			memcpy(below + length + (length > 0), item->key->text,
				item->key->length + 1);
			if (writer->skip(below, writer->context))
				continue;
		} else {
			below[0] = '\0';
		}
		/* At the top, where nothing stands before it, no line ends. */
		if (writer->buf->length)
			buf_putc(writer->buf, '\n');
		indent(depth, writer->buf);
		if (node->kind == NODE_MAPPING) {
			write_tree_key(writer, item->key);
			buf_putc(writer->buf, ':');
		} else {
			buf_putc(writer->buf, '-');
		}
		write_node(writer, item, below, depth + 1);
	}
}

static void write_node(
	const struct tree_writer *writer, const struct node *node, const char *path, unsigned depth)
{
	if (node->kind == NODE_SCALAR)
		write_tree_scalar(writer, node, depth - 1);
	else if (!node->first)
		buf_puts(writer->buf, node->kind == NODE_MAPPING ? " {}" : " []");
	else
		write_tree_items(writer, node, path, depth);
}

void encode_tree(const struct node *tree, bool (*skip)(const char *path, const void *context),
	const void *context, struct buf *buf)
{
	const struct tree_writer writer = {skip, context, buf};
	write_tree_items(&writer, tree, "", 0);
	buf_putc(buf, '\n');
}
