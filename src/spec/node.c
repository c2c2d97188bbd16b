/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/node.h"

#include <string.h>
#include <yaml.h>

struct builder {
	yaml_parser_t parser;
	struct arena *arena;
	const struct source *source;
	struct diags *diags;
	struct stream stream;
	struct node *last_document;
	struct node *stack[SPEC_DEPTH_MAX];
	size_t depth;
	size_t nodes;
	struct node *key; /* read, and still without its value */
	size_t begin;	  /* of the text, behind a byte order mark */
};

static struct place place_of(const struct builder *builder, yaml_mark_t start, yaml_mark_t end)
{
	struct place place = {
		.source = builder->source,
		.line = (uint32_t)start.line + 1,
		.column = (uint32_t)start.column + 1,
		.end_column = (uint32_t)start.column + 2,
	};
	if (end.line == start.line && end.column > start.column)
		place.end_column = (uint32_t)end.column + 1;
	return place;
}

static void refuse(struct builder *builder, struct place place, const char *code, const char *hint,
	const char *message)
{
	diag_add(builder->diags, SEVERITY_ERROR, place, code, hint, "%s", message);
}

/* libyaml's reader names a byte offset only. */
static struct place place_of_offset(const struct builder *builder, size_t offset)
{
	struct place place = {.source = builder->source, .line = 1, .column = 1};
	for (size_t i = 0; i < offset && i < builder->source->length; i++) {
		unsigned char byte = (unsigned char)builder->source->text[i];
		if (byte == '\n') {
			place.line++;
			place.column = 1;
		} else if ((byte & 0xc0) != 0x80) {
			place.column++;
		}
	}
	place.end_column = place.column + 1;
	return place;
}

/* How long a byte order mark at the beginning is. libyaml takes it for a column, so that the second
 * line would be indented less than the first. */
static size_t byte_order_mark(const struct source *source)
{
	static const char mark[] = "\xef\xbb\xbf";
	const size_t length = sizeof(mark) - 1;
	return source->length >= length && memcmp(source->text, mark, length) == 0 ? length : 0;
}

/* A mark's index counts characters. */
static bool is_tab(const struct builder *builder, yaml_mark_t mark)
{
	const struct source *source = builder->source;
	size_t character = 0;
	for (size_t i = builder->begin; i < source->length; i++) {
		if (((unsigned char)source->text[i] & 0xc0) == 0x80)
			continue;
		if (character++ == mark.index)
			return source->text[i] == '\t';
	}
	return false;
}

/* How to mend what libyaml says, by the words that it says it in. */
static const char *syntax_hint(const char *problem)
{
	static const char *const hints[][2] = {
		{"mapping values are not allowed", "quote a value that holds ': '"},
		{"did not find expected key", "indent the keys of one mapping alike"},
		{"did not find expected '-' indicator", "indent the items of one list alike"},
		{"did not find expected ',' or",
			"a comma or a closing bracket is missing before it"},
		{"found unexpected end of stream", "a quote is not closed"},
		{"found character that cannot start any token", "quote a value that begins so"},
		{"could not find expected ':'", "a key is followed by a colon and a blank"},
		{"found unknown escape character",
			"use single quotes, or write the backslash twice"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(hints); i++)
		if (strncmp(problem, hints[i][0], strlen(hints[i][0])) == 0)
			return hints[i][1];
	return NULL;
}

static void report_parser_error(struct builder *builder)
{
	const yaml_parser_t *parser = &builder->parser;
	if (parser->error == YAML_READER_ERROR) {
		bool control = strcmp(parser->problem, "control characters are not allowed") == 0;
		refuse(builder, place_of_offset(builder, parser->problem_offset),
			control ? "control-character" : "bad-utf8", "write plain UTF-8 text",
			control ? "a control character is not allowed in YAML"
				: "this is not valid UTF-8");
		return;
	}
	struct place place = place_of(builder, parser->problem_mark, parser->problem_mark);
	if (is_tab(builder, parser->problem_mark)) {
		refuse(builder, place, "tab", "indent with spaces", "a tab cannot indent YAML");
		return;
	}
	diag_add(builder->diags, SEVERITY_ERROR, place, "yaml-syntax", syntax_hint(parser->problem),
		"YAML: %s%s%s", parser->problem, parser->context ? " " : "",
		parser->context ? parser->context : "");
}

static struct node *find_key(const struct node *mapping, const struct node *key)
{
	for (struct node *value = mapping->first; value; value = value->next)
		if (value->key->length == key->length &&
			memcmp(value->key->text, key->text, key->length) == 0)
			return value;
	return NULL;
}

/* Returns false when the key must not stand there. */
static bool accept_key(struct builder *builder, const struct node *mapping, struct node *key)
{
	if (key->kind != NODE_SCALAR) {
		refuse(builder, key->place, "complex-key", "keys are plain words",
			"a list or mapping cannot be a key");
		return false;
	}
	if (key->plain && strcmp(key->text, "<<") == 0) {
		refuse(builder, key->place, "merge-key", "use 'profiles' for what VMs share",
			"merge keys (<<) are not part of the spec language");
		return false;
	}
	if (mapping->count >= SPEC_KEYS_MAX) {
		refuse(builder, key->place, "too-large", NULL,
			"more than 1024 keys in one mapping");
		return false;
	}
	const struct node *earlier = find_key(mapping, key);
	if (!earlier)
		return true;
	diag_add(builder->diags, SEVERITY_ERROR, key->place, "duplicate-key", "keep one of the two",
		"key '%s' is repeated", key->text);
	diag_add(builder->diags, SEVERITY_NOTE, earlier->key->place, "", NULL,
		"'%s' stands here first", key->text);
	return true;
}

void node_append(struct node *parent, struct node *node)
{
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
	parent->count++;
}

/* Puts a new node where the parser stands. Returns false when parsing cannot go on. */
static bool place_node(struct builder *builder, struct node *node)
{
	if (builder->depth == 0) {
		if (builder->last_document)
			builder->last_document->next = node;
		else
			builder->stream.first = node;
		builder->last_document = node;
		return true;
	}
	struct node *parent = builder->stack[builder->depth - 1];
	if (parent->kind == NODE_SEQUENCE) {
		node_append(parent, node);
		return true;
	}
	if (!builder->key) {
		builder->key = node;
		return accept_key(builder, parent, node);
	}
	node->key = builder->key;
	builder->key = NULL;
	node_append(parent, node);
	return true;
}

static struct node *new_node(
	struct builder *builder, const yaml_event_t *event, enum node_kind kind)
{
	struct place place = place_of(builder, event->start_mark, event->end_mark);
	if (++builder->nodes > SPEC_NODES_MAX) {
		refuse(builder, place, "too-large", NULL, "more than 20000 values in one file");
		return NULL;
	}
	struct node *node = arena_alloc(builder->arena, sizeof(*node));
	if (!node) {
		builder->diags->out_of_memory = true;
		return NULL;
	}
	node->kind = (uint8_t)kind;
	node->place = place;
	return node;
}

/* The tags of YAML's core schema (YAML 1.2, 10.3) say what a value is anyway; "!" says nothing. */
static bool is_core_tag(const char *tag)
{
	static const char prefix[] = "tag:yaml.org,2002:";
	static const char *const names[] = {"bool", "float", "int", "map", "null", "seq", "str"};
	if (strncmp(tag, prefix, sizeof(prefix) - 1) != 0)
		return strcmp(tag, "!") == 0;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(tag + sizeof(prefix) - 1, names[i]) == 0)
			return true;
	return false;
}

static bool accept_decoration(struct builder *builder, const yaml_event_t *event,
	const unsigned char *anchor, const unsigned char *tag)
{
	struct place place = place_of(builder, event->start_mark, event->end_mark);
	if (anchor) {
		refuse(builder, place, "anchor", "use 'profiles' for what VMs share",
			"anchors are not part of the spec language");
		return false;
	}
	if (tag && !is_core_tag((const char *)tag)) {
		refuse(builder, place, "tag", "remove the tag",
			"this tag is not part of YAML's core");
		return false;
	}
	return true;
}

static bool take_scalar(struct builder *builder, const yaml_event_t *event)
{
	if (!accept_decoration(builder, event, event->data.scalar.anchor, event->data.scalar.tag))
		return false;
	struct node *node = new_node(builder, event, NODE_SCALAR);
	if (!node)
		return false;
	const char *text = (const char *)event->data.scalar.value;
	node->length = event->data.scalar.length;
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	if (memchr(text, '\0', node->length)) {
		refuse(builder, node->place, "control-character", NULL,
			"a value cannot hold a NUL");
		return false;
	}
	node->text = arena_dup(builder->arena, text, node->length);
	if (!node->text) {
		builder->diags->out_of_memory = true;
		return false;
	}
	return place_node(builder, node);
}

static bool take_start(struct builder *builder, const yaml_event_t *event, enum node_kind kind)
{
	bool sequence = kind == NODE_SEQUENCE;
	if (!accept_decoration(builder, event,
		    sequence ? event->data.sequence_start.anchor : event->data.mapping_start.anchor,
		    sequence ? event->data.sequence_start.tag : event->data.mapping_start.tag))
		return false;
	struct node *node = new_node(builder, event, kind);
	if (!node)
		return false;
	if (builder->depth == SPEC_DEPTH_MAX) {
		refuse(builder, node->place, "too-deep", NULL, "nested deeper than 64 levels");
		return false;
	}
	if (!place_node(builder, node))
		return false;
	builder->stack[builder->depth++] = node;
	return true;
}

static bool take_alias(struct builder *builder, const yaml_event_t *event)
{
	refuse(builder, place_of(builder, event->start_mark, event->end_mark), "alias",
		"use 'profiles' for what VMs share", "aliases are not part of the spec language");
	return false;
}

/* Returns false when parsing ends here. */
static bool take_event(struct builder *builder, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return take_scalar(builder, event);
	case YAML_SEQUENCE_START_EVENT:
		return take_start(builder, event, NODE_SEQUENCE);
	case YAML_MAPPING_START_EVENT:
		return take_start(builder, event, NODE_MAPPING);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		builder->depth--;
		return true;
	case YAML_ALIAS_EVENT:
		return take_alias(builder, event);
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
	case YAML_NO_EVENT:
		return true;
	case YAML_STREAM_END_EVENT:
		return false;
	}
	return false;
}

static void build(struct builder *builder)
{
	size_t errors = builder->diags->errors;
	for (;;) {
		yaml_event_t event;
		if (!yaml_parser_parse(&builder->parser, &event)) {
			if (builder->parser.error == YAML_MEMORY_ERROR)
				builder->diags->out_of_memory = true;
			else
				report_parser_error(builder);
			builder->stream.incomplete = true;
			return;
		}
		bool last = event.type == YAML_STREAM_END_EVENT;
		bool go_on = take_event(builder, &event);
		yaml_event_delete(&event);
		if (go_on && builder->diags->errors - errors < SPEC_ERRORS_MAX)
			continue;
		builder->stream.incomplete = !last;
		return;
	}
}

int node_parse(struct arena *arena, const struct source *source, struct diags *diags,
	struct stream *ret_stream)
{
	struct builder builder = {.arena = arena, .source = source, .diags = diags};
	if (source->length > SPEC_BYTES_MAX) {
		struct place whole = {.source = source};
		refuse(&builder, whole, "too-large", NULL, "larger than 1 MiB");
		*ret_stream = (struct stream){.incomplete = true};
		return 0;
	}
	if (!yaml_parser_initialize(&builder.parser))
		return -ENOMEM;
	yaml_parser_set_encoding(&builder.parser, YAML_UTF8_ENCODING);
	builder.begin = byte_order_mark(source);
	yaml_parser_set_input_string(&builder.parser,
		(const unsigned char *)source->text + builder.begin,
		source->length - builder.begin);
	build(&builder);
	yaml_parser_delete(&builder.parser);
	if (diags->out_of_memory)
		return -ENOMEM;
	*ret_stream = builder.stream;
	return 0;
}

const struct node *node_get(const struct node *mapping, const char *key)
{
	if (!mapping || mapping->kind != NODE_MAPPING)
		return NULL;
	for (const struct node *value = mapping->first; value; value = value->next)
		if (value->key->text[0] == key[0] && strcmp(value->key->text, key) == 0)
			return value;
	return NULL;
}

struct place node_key_place(const struct node *node)
{
	return node->key ? node->key->place : node->place;
}

static bool is_one_of(const struct node *node, const char *const *words, size_t count)
{
	if (node->kind != NODE_SCALAR || !node->plain)
		return false;
	for (size_t i = 0; i < count; i++)
		if (words[i][0] == node->text[0] && strcmp(words[i], node->text) == 0)
			return true;
	return false;
}

bool node_is_null(const struct node *node)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};
	return is_one_of(node, words, ARRAY_SIZE(words));
}

bool node_is_bool(const struct node *node)
{
	static const char *const words[] = {"true", "True", "TRUE", "false", "False", "FALSE"};
	return is_one_of(node, words, ARRAY_SIZE(words));
}

static const char *skip_digits(const char *text)
{
	return text + strspn(text, "0123456789");
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool is_decimal(const char *text)
{
	text += *text == '-' || *text == '+';
	const char *end = skip_digits(text);
	bool digits = end > text;
	if (*end == '.') {
		const char *fraction = skip_digits(end + 1);
		digits |= fraction > end + 1;
		end = fraction;
	}
	if (!digits)
		return false;
	if (*end != 'e' && *end != 'E')
		return *end == '\0';
	end++;
	end += *end == '-' || *end == '+';
	return *end && *skip_digits(end) == '\0';
}

bool node_is_number(const struct node *node)
{
	static const char *const words[] = {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF",
		"-.inf", "-.Inf", "-.INF", ".nan", ".NaN", ".NAN"};
	if (node->kind != NODE_SCALAR || !node->plain)
		return false;
	const char *text = node->text;
	if (text[0] == '0' && (text[1] == 'o' || text[1] == 'x')) {
		const char *digits = text[1] == 'o' ? "01234567" : "0123456789abcdefABCDEF";
		return text[2] && text[2 + strspn(text + 2, digits)] == '\0';
	}
	return is_decimal(text) || is_one_of(node, words, ARRAY_SIZE(words));
}
