/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/decode.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "spec/address.h"
#include "spec/scalar.h"
#include "spec/uri.h"

#define QUOTED_LENGTH_MAX 60

struct decoder {
	struct arena *arena;
	struct diags *diags;
	bool partial;
};

static void decode_table(struct decoder *decoder, const struct key_table *table,
	const struct node *mapping, void *out);
static void decode_scalar(
	struct decoder *decoder, const struct key *key, const struct node *node, void *out);

static void *field(const struct key *key, void *out)
{
	return (char *)out + key->offset;
}

static const char *keep(struct decoder *decoder, const char *text, size_t length)
{
	const char *copy = arena_dup(decoder->arena, text, length);
	if (!copy)
		decoder->diags->out_of_memory = true;
	return copy;
}

/* The text of a buffer, for a message that is not told without it. */
static const char *words(struct decoder *decoder, struct buf *buf)
{
	decoder->diags->out_of_memory |= buf_error(buf) < 0;
	return buf_text(buf);
}

/* --- what is wrong with a value ------------------------------------------------------------ */

/* What a key takes, in words. */
static void write_expectation(const struct key *key, struct buf *buf)
{
	/* Whoever gets a short form wrong meant the short form. */
	if (key->type == KEY_GROUP && key->scalar_for)
		key = key_find(key->below, key->scalar_for);
	if (key->type != KEY_CHOICE) {
		buf_puts(buf, key_type_expects(key->type));
		return;
	}
	for (size_t i = 0; i < key->choices->count; i++) {
		const char *separator = i + 1 < key->choices->count ? ", " : " or ";
		buf_printf(buf, "%s%s", i ? separator : "", key->choices->names[i]);
	}
}

static void wrong_value(
	struct decoder *decoder, const struct key *key, const struct node *node, const char *hint)
{
	struct buf expected CLEANUP(buf_done) = {0};
	write_expectation(key, &expected);
	int shown = node->length > QUOTED_LENGTH_MAX ? QUOTED_LENGTH_MAX : (int)node->length;
	diag_add(decoder->diags, SEVERITY_ERROR, node->place, "bad-value", hint,
		"'%s' takes %s, not '%.*s%s'", key->name, words(decoder, &expected), shown,
		node->text, shown < (int)node->length ? "..." : "");
}

static void wrong_kind(struct decoder *decoder, const struct key *key, const struct node *node)
{
	static const char *const kinds[] = {
		[NODE_SCALAR] = "a single value",
		[NODE_SEQUENCE] = "a list",
		[NODE_MAPPING] = "a mapping",
	};
	struct buf expected CLEANUP(buf_done) = {0};
	write_expectation(key, &expected);
	if (node_is_null(node))
		diag_add(decoder->diags, SEVERITY_ERROR, node_key_place(node), "no-value",
			"give it a value or remove the key", "'%s' has no value: it takes %s",
			key->name, words(decoder, &expected));
	else
		diag_add(decoder->diags, SEVERITY_ERROR, node->place, "wrong-type", NULL,
			"'%s' takes %s, not %s", key->name, words(decoder, &expected),
			kinds[node->kind]);
}

static void out_of_bounds(struct decoder *decoder, const struct key *key, const struct node *node,
	const char *bound, uint64_t value)
{
	struct buf text CLEANUP(buf_done) = {0};
	if (key->type == KEY_SIZE)
		scalar_write_size(value, &text);
	else if (key->type == KEY_SPAN)
		scalar_write_span(value, &text);
	else
		buf_printf(&text, "%" PRIu64, value);
	diag_add(decoder->diags, SEVERITY_ERROR, node->place, "out-of-bounds", NULL,
		"'%s' is %s %s", key->name, bound, words(decoder, &text));
}

static void too_many(struct decoder *decoder, const struct key *key, const struct node *node)
{
	diag_add(decoder->diags, SEVERITY_ERROR, node->place, "out-of-bounds", NULL,
		"'%s' has %" PRIu32 " entries; at most %" PRIu64 " are possible", key->name,
		node->count, key->max);
}

/* --- scalars ------------------------------------------------------------------------------- */

static bool within_bounds(
	struct decoder *decoder, const struct key *key, const struct node *node, uint64_t value)
{
	/* A span's least is the least that there is. */
	if (key->type == KEY_SPAN && key->min && value < key->min) {
		out_of_bounds(decoder, key, node, "more than", 0);
		return false;
	}
	if (key->min && value < key->min) {
		out_of_bounds(decoder, key, node, "at least", key->min);
		return false;
	}
	if (key->max && value > key->max) {
		out_of_bounds(decoder, key, node, "at most", key->max);
		return false;
	}
	return true;
}

static const char *number_hint(enum key_type type, const char *text)
{
	if (text[0] == '0' && text[1] >= '0' && text[1] <= '9')
		return "write it without the leading zero";
	uint64_t count;
	if (type == KEY_SIZE && scalar_parse_count(text, &count) == 0)
		return "add a unit, such as MiB or GiB";
	if (type == KEY_RATE)
		return "a whole number of at most six digits and kbit, Mbit or Gbit";
	if (type == KEY_SPAN && text[0] >= '0' && text[0] <= '9')
		return "each number of several has a unit: ms, s, min, h, d";
	return NULL;
}

static void decode_number(
	struct decoder *decoder, const struct key *key, const struct node *node, void *out)
{
	uint64_t value = 0;
	int r;
	if (key->type == KEY_SIZE)
		r = scalar_parse_size(node->text, &value);
	else if (key->type == KEY_SPAN)
		r = scalar_parse_span(node->text, &value);
	else if (key->type == KEY_RATE)
		r = scalar_parse_rate(node->text, &value);
	else
		r = scalar_parse_count(node->text, &value);
	if (r == -ERANGE)
		value = UINT64_MAX - 1;
	else if (r < 0) {
		wrong_value(decoder, key, node, number_hint(key->type, node->text));
		return;
	}
	if (r == -ERANGE && !key->max)
		wrong_value(decoder, key, node, "that is more than a 64-bit number holds");
	else if (within_bounds(decoder, key, node, value))
		*(uint64_t *)field(key, out) = value;
}

static void decode_bool(
	struct decoder *decoder, const struct key *key, const struct node *node, void *out)
{
	bool ignored;
	if (scalar_parse_bool(node->text, node->plain, field(key, out)) == 0)
		return;
	bool quoted = scalar_parse_bool(node->text, true, &ignored) == 0;
	wrong_value(decoder, key, node, quoted ? "write it without quotes" : NULL);
}

static void decode_choice(
	struct decoder *decoder, const struct key *key, const struct node *node, void *out)
{
	int value = choice_parse(key->choices, node->text);
	if (value >= 0)
		*(int *)field(key, out) = value;
	else
		wrong_value(decoder, key, node, NULL);
}

/* The words that -cpu takes (qemu-system-x86_64 -cpu help): a model, then +flag, -flag, flag=on. */
static bool is_cpu_model(const char *text)
{
	return text[0] && text[0] != '-' &&
	       text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				 "_.,+=-")] == '\0';
}

/* Whether a text is of the type; the MAC's normal form goes to mac. */
static bool text_matches(enum key_type type, const char *text, char mac[MAC_TEXT_BYTES])
{
	struct subnet subnet;
	struct address_range range;
	struct uri uri;
	unsigned first;
	unsigned last;
	size_t length;
	switch (type) {
	case KEY_NAME:
		return scalar_is_name(text, NAME_LENGTH_MAX);
	case KEY_LINE:
		return scalar_is_line(text);
	case KEY_PATH:
		return scalar_is_path(text);
	case KEY_MAC:
		return scalar_parse_mac(text, mac) == 0;
	case KEY_INTERFACE:
		return scalar_is_interface(text);
	case KEY_CPU_MODEL:
		return is_cpu_model(text);
	case KEY_SUBNET:
		return subnet_parse(text, &subnet) == 0;
	case KEY_ADDRESS:
		return address_parse_ipv4(text, &subnet.address) == 0;
	case KEY_ADDRESSES:
		return address_range_parse(text, &range) == 0;
	case KEY_VLANS:
		return scalar_parse_vlans(text, &first, &last) == 0;
	case KEY_ENDPOINT:
		return scalar_parse_endpoint(text, &length, &first) == 0;
	case KEY_URI:
		return uri_parse(text, &uri) == 0;
	case KEY_CREDENTIAL:
		return scalar_is_credential(text) || scalar_is_path(text);
	case KEY_URL:
		return url_is_valid(text);
	case KEY_DIGEST:
		return text[strspn(text, "0123456789abcdef")] == '\0';
	case KEY_TEXT:
		return true;
	case KEY_BOOL:
	case KEY_COUNT:
	case KEY_SIZE:
	case KEY_SPAN:
	case KEY_RATE:
	case KEY_CHOICE:
	case KEY_LIST:
	case KEY_SETTINGS:
	case KEY_PORTS:
	case KEY_GROUP:
	case KEY_PARTS:
	case KEY_TYPE_COUNT:
		break;
	}
	return false;
}

static const char *text_hint(enum key_type type, const char *text)
{
	char mac[MAC_TEXT_BYTES];
	if (type == KEY_NAME && strlen(text) > NAME_LENGTH_MAX)
		return "at most 48 characters";
	if (type == KEY_MAC && scalar_parse_mac(text, mac) == -EADDRNOTAVAIL)
		return "the first byte's lowest bit marks a group address: 52:54:00 is QEMU's "
		       "prefix";
	if (type == KEY_PATH && scalar_length(text) > PATH_LENGTH_MAX)
		return "at most 1023 characters";
	if (type == KEY_INTERFACE && strlen(text) > INTERFACE_LENGTH_MAX)
		return "the kernel takes no longer names";
	if (type == KEY_URL && strchr(text, '@'))
		return "a user name or password in it would be for all to read";
	if (type == KEY_LINE)
		return "line breaks, control characters and noncharacters are not allowed here";
	return NULL;
}

static const char *decode_text(
	struct decoder *decoder, const struct key *key, const struct node *node)
{
	char mac[MAC_TEXT_BYTES];
	bool matches = text_matches(key->type, node->text, mac);
	/* Free text may be a number; a word that names something may not. */
	bool word = key->type != KEY_LINE && key->type != KEY_TEXT && key->type != KEY_VLANS;
	if (matches && word && (node_is_number(node) || node_is_bool(node))) {
		wrong_value(decoder, key, node,
			node_is_bool(node) ? "YAML takes it for a truth value: quote it"
					   : "YAML takes it for a number: quote it");
		return NULL;
	}
	if (!matches) {
		wrong_value(decoder, key, node, text_hint(key->type, node->text));
		return NULL;
	}
	if (key->type == KEY_DIGEST && node->length != key->max) {
		diag_add(decoder->diags, SEVERITY_ERROR, node->place, "bad-value", NULL,
			"'%s' has %" PRIu64 " digits, not %zu", key->name, key->max, node->length);
		return NULL;
	}
	if (key->max && scalar_length(node->text) > key->max) {
		diag_add(decoder->diags, SEVERITY_ERROR, node->place, "out-of-bounds", NULL,
			"'%s' is at most %" PRIu64 " characters long", key->name, key->max);
		return NULL;
	}
	if (key->type == KEY_MAC)
		return keep(decoder, mac, sizeof(mac) - 1);
	return node->text;
}

/* --- collections --------------------------------------------------------------------------- */

static void decode_list(
	struct decoder *decoder, const struct key *key, const struct node *node, void *out)
{
	struct strings *strings = field(key, out);
	if (key->max && node->count > key->max) {
		too_many(decoder, key, node);
		return;
	}
	struct key row = *key;
	row.type = key->item;
	row.max = 0;
	const struct node *first = node->kind == NODE_SCALAR ? node : node->first;
	for (const struct node *item = first; item; item = item == node ? NULL : item->next) {
		if (item->kind != NODE_SCALAR || node_is_null(item)) {
			wrong_kind(decoder, &row, item);
			continue;
		}
		const char *text = decode_text(decoder, &row, item);
		if (!text)
			continue;
		strings->items = arena_grow(
			decoder->arena, strings->items, strings->count, sizeof(*strings->items));
		if (!strings->items) {
			decoder->diags->out_of_memory = true;
			return;
		}
		strings->items[strings->count++] = text;
	}
}

/* A directive's name, as systemd's own are formed: CPUWeight, X-Note. */
static bool is_directive(const char *name)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
	return name[0] >= 'A' && name[0] <= 'Z' && name[strspn(name, letters)] == '\0';
}

static void add_setting(struct decoder *decoder, const char *name, const struct node *node,
	struct settings *settings)
{
	struct key row = {.name = name, .type = KEY_LINE};
	if (node->kind != NODE_SCALAR || node_is_null(node)) {
		wrong_kind(decoder, &row, node);
		return;
	}
	/* The unit file would join the next line to this one. */
	if (node->length && node->text[node->length - 1] == '\\') {
		wrong_value(decoder, &row, node, "a backslash at the end would continue the line");
		return;
	}
	const char *value = decode_text(decoder, &row, node);
	if (!value)
		return;
	settings->items = arena_grow(
		decoder->arena, settings->items, settings->count, sizeof(*settings->items));
	if (!settings->items) {
		decoder->diags->out_of_memory = true;
		return;
	}
	settings->items[settings->count++] = (struct setting){name, value};
}

static void decode_settings(
	struct decoder *decoder, const struct key *key, const struct node *node, void *out)
{
	struct settings *settings = field(key, out);
	for (const struct node *value = node->first; value; value = value->next) {
		const char *name = value->key->text;
		if (!is_directive(name)) {
			diag_add(decoder->diags, SEVERITY_ERROR, value->key->place, "bad-name",
				"a directive of systemd, such as CPUWeight",
				"'%s' in '%s' is not a directive's name", name, key->name);
			continue;
		}
		if (value->kind != NODE_SEQUENCE) {
			add_setting(decoder, name, value, settings);
			continue;
		}
		for (const struct node *item = value->first; item; item = item->next)
			add_setting(decoder, name, item, settings);
	}
}

/* A guest's port is a number, and a VM's is a text. */
static bool is_port_target(
	struct decoder *decoder, const struct key *key, const struct node *node, uint64_t *port)
{
	struct key row = {.name = node->key->text, .type = key->item, .min = 1, .max = PORT_MAX};
	if (node->kind != NODE_SCALAR || node_is_null(node)) {
		wrong_kind(decoder, &row, node);
		return false;
	}
	if (key->item != KEY_COUNT) {
		row.max = 0;
		return decode_text(decoder, &row, node) != NULL;
	}
	decode_scalar(decoder, &row, node, port);
	return *port != 0;
}

static void decode_ports(
	struct decoder *decoder, const struct key *key, const struct node *node, void *out)
{
	struct settings *ports = field(key, out);
	if (key->max && node->count > key->max) {
		too_many(decoder, key, node);
		return;
	}
	ports->items = arena_alloc(decoder->arena, node->count * sizeof(*ports->items));
	if (!ports->items) {
		decoder->diags->out_of_memory = true;
		return;
	}
	for (const struct node *value = node->first; value; value = value->next) {
		bool udp;
		unsigned number;
		uint64_t port = 0;
		if (scalar_parse_port(value->key->text, &udp, &number) < 0)
			diag_add(decoder->diags, SEVERITY_ERROR, value->key->place, "bad-name",
				"tcp/ or udp/ and a number from 1 to 65535, such as tcp/8080",
				"'%.60s' in '%s' is not a port", value->key->text, key->name);
		else if (is_port_target(decoder, key, value, &port))
			ports->items[ports->count++] =
				(struct setting){value->key->text, value->text};
	}
}

static void decode_group(
	struct decoder *decoder, const struct key *key, const struct node *node, void *out);

static bool is_part_name(const struct key *key, const char *name)
{
	return key->names == KEY_CREDENTIAL ? scalar_is_credential(name)
					    : scalar_is_name(name, PART_NAME_LENGTH_MAX);
}

static void decode_parts(
	struct decoder *decoder, const struct key *key, const struct node *node, void *out)
{
	struct parts *parts = field(key, out);
	if (key->max && node->count > key->max) {
		too_many(decoder, key, node);
		return;
	}
	parts->items = arena_alloc(decoder->arena, node->count * key->below->struct_size);
	if (!parts->items) {
		decoder->diags->out_of_memory = true;
		return;
	}
	for (const struct node *value = node->first; value; value = value->next) {
		if (!is_part_name(key, value->key->text)) {
			diag_add(decoder->diags, SEVERITY_ERROR, value->key->place, "bad-name",
				key->names == KEY_CREDENTIAL
					? "a-z, A-Z, 0-9, '.', '_' and '-', as systemd names them"
					: "a-z first, then a-z, 0-9 and -, at most 20 characters",
				"'%s' is not a name for one of '%s'", value->key->text, key->name);
			continue;
		}
		struct part *part = part_at(parts, key->below, parts->count++);
		part->name = value->key->text;
		part->place = value->key->place;
		struct key row = *key;
		row.name = part->name;
		row.type = KEY_GROUP;
		row.offset = 0;
		decode_group(decoder, &row, value, part);
	}
}

/* --- one value ----------------------------------------------------------------------------- */

static void decode_scalar(
	struct decoder *decoder, const struct key *key, const struct node *node, void *out)
{
	switch (key->type) {
	case KEY_BOOL:
		decode_bool(decoder, key, node, out);
		return;
	case KEY_COUNT:
		if (!node->plain) {
			wrong_value(decoder, key, node, "write it without quotes");
			return;
		}
		decode_number(decoder, key, node, out);
		return;
	case KEY_SIZE:
	case KEY_SPAN:
	case KEY_RATE:
		decode_number(decoder, key, node, out);
		return;
	case KEY_CHOICE:
		decode_choice(decoder, key, node, out);
		return;
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
		*(const char **)field(key, out) = decode_text(decoder, key, node);
		return;
	case KEY_LIST:
	case KEY_SETTINGS:
	case KEY_PORTS:
	case KEY_GROUP:
	case KEY_PARTS:
	case KEY_TYPE_COUNT:
		break;
	}
	wrong_kind(decoder, key, node);
}

static void decode_group(
	struct decoder *decoder, const struct key *key, const struct node *node, void *out)
{
	if (node->kind == NODE_MAPPING) {
		decode_table(decoder, key->below, node, field(key, out));
		if (key->empty)
			*(bool *)field(key, out) = true;
		return;
	}
	if (node->kind != NODE_SCALAR || !key->scalar_for || node_is_null(node)) {
		wrong_kind(decoder, key, node);
		return;
	}
	/* "data: 100GiB" is short for "data: {size: 100GiB}". */
	static const struct node no_keys = {.kind = NODE_MAPPING};
	decode_table(decoder, key->below, &no_keys, field(key, out));
	struct key row = *key_find(key->below, key->scalar_for);
	row.name = key->name;
	decode_scalar(decoder, &row, node, field(key, out));
	if (key->empty)
		*(bool *)field(key, out) = true;
}

static void decode_value(
	struct decoder *decoder, const struct key *key, const struct node *node, void *out)
{
	enum node_kind due = NODE_SCALAR;
	if (key->type == KEY_LIST)
		due = key->single && node->kind == NODE_SCALAR ? NODE_SCALAR : NODE_SEQUENCE;
	else if (key->type == KEY_SETTINGS || key->type == KEY_PORTS || key->type == KEY_PARTS)
		due = NODE_MAPPING;
	if (key->type == KEY_GROUP)
		decode_group(decoder, key, node, out);
	else if (node->kind != due || node_is_null(node))
		wrong_kind(decoder, key, node);
	else if (key->type == KEY_LIST)
		decode_list(decoder, key, node, out);
	else if (key->type == KEY_SETTINGS)
		decode_settings(decoder, key, node, out);
	else if (key->type == KEY_PORTS)
		decode_ports(decoder, key, node, out);
	else if (key->type == KEY_PARTS)
		decode_parts(decoder, key, node, out);
	else
		decode_scalar(decoder, key, node, out);
}

/* Whether a fallback is what a struct of zeros says, as most are. */
static bool is_zero(const struct key *key)
{
	if (key->type == KEY_CHOICE)
		return strcmp(key->fallback, key->choices->names[0]) == 0;
	return key->type == KEY_BOOL && strcmp(key->fallback, "no") == 0;
}

static void decode_fallback(struct decoder *decoder, const struct key *key, void *out)
{
	static const struct node no_keys = {.kind = NODE_MAPPING};
	if (key->type == KEY_GROUP) {
		decode_table(decoder, key->below, &no_keys, field(key, out));
		return;
	}
	if (!key->fallback || is_zero(key))
		return;
	struct node node = {
		.kind = NODE_SCALAR,
		.plain = true,
		.text = key->fallback,
		.length = strlen(key->fallback),
	};
	decode_scalar(decoder, key, &node, out);
}

static void unknown_key(
	struct decoder *decoder, const struct key_table *table, const struct node *key)
{
	const char *nearest = key_nearest(table, key->text);
	struct buf hint CLEANUP(buf_done) = {0};
	if (nearest) {
		buf_printf(&hint, "did you mean '%s'?", nearest);
	} else {
		for (size_t i = 0; i < table->count; i++)
			buf_printf(&hint, "%s%s", i ? ", " : "known here: ", table->keys[i].name);
	}
	diag_add(decoder->diags, SEVERITY_ERROR, key->place, "unknown-key", words(decoder, &hint),
		"unknown key '%s'", key->text);
}

static void missing_key(struct decoder *decoder, const struct key *key, const struct node *mapping)
{
	struct buf hint CLEANUP(buf_done) = {0};
	struct place place = node_key_place(mapping);
	/* A whole document has no key: its first line is shown. */
	if (!mapping->key)
		place.end_column = place.column + 1;
	buf_printf(&hint, "such as %s: %s", key->name, key->example);
	diag_add(decoder->diags, SEVERITY_ERROR, place, "missing-key", words(decoder, &hint),
		"'%s' is missing", key->name);
}

static void decode_table(struct decoder *decoder, const struct key_table *table,
	const struct node *mapping, void *out)
{
	uint64_t seen = 0; /* a bit for each row */
	for (const struct node *value = mapping->first; value; value = value->next) {
		const struct key *key = key_find(table, value->key->text);
		if (!key) {
			unknown_key(decoder, table, value->key);
			continue;
		}
		seen |= UINT64_C(1) << (key - table->keys);
		decode_value(decoder, key, value, out);
	}
	for (size_t i = 0; i < table->count; i++) {
		const struct key *key = &table->keys[i];
		if (seen & UINT64_C(1) << i)
			continue;
		if (key->required && mapping->place.source && !decoder->partial)
			missing_key(decoder, key, mapping);
		decode_fallback(decoder, key, out);
	}
}

int decode_mapping(struct arena *arena, struct diags *diags, const struct key_table *table,
	const struct node *mapping, bool partial, void *out)
{
	struct decoder decoder = {.arena = arena, .diags = diags, .partial = partial};
	decode_table(&decoder, table, mapping, out);
	return diags->out_of_memory ? -ENOMEM : 0;
}
