/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "emit/schema.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/macros.h"
#include "spec/rules.h"
#include "spec/scalar.h"
#include "spec/uri.h"

/* The end of the text: Python's $ also stands before a last line break. */
#define END "$(?!\\n)"

/* What no line holds (scalar_is_line()), for a class of characters: control characters, line
 * separators, noncharacters. */
#define NO_LINE \
	"\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\ufdd0-\\ufdef\\ufffe\\uffff" \
	"\U0001fffe\U0001ffff\U0002fffe\U0002ffff\U0003fffe\U0003ffff\U0004fffe\U0004ffff" \
	"\U0005fffe\U0005ffff\U0006fffe\U0006ffff\U0007fffe\U0007ffff\U0008fffe\U0008ffff" \
	"\U0009fffe\U0009ffff\U000afffe\U000affff\U000bfffe\U000bffff\U000cfffe\U000cffff" \
	"\U000dfffe\U000dffff\U000efffe\U000effff\U000ffffe\U000fffff\U0010fffe\U0010ffff"

#define NUMBER_BYTES 24
#define NAME_PATTERN "^[a-z][a-z0-9-]*" END
#define DIRECTIVE_PATTERN "^[A-Z][A-Za-z0-9-]*" END
#define LINE_PATTERN "^[^" NO_LINE "]*" END
/* A directive's value: a backslash at its end would continue the line. */
#define VALUE_PATTERN "^([^" NO_LINE "]*[^\\\\" NO_LINE "])?" END
#define PATH_PATTERN "^(/(?!\\.{1,2}(/|" END "))[^/" NO_LINE "]+)+" END
#define MAC_PATTERN "^(?!00([:-]00){5}" END ")[0-9A-Fa-f][02468ACEace]([:-][0-9A-Fa-f]{2}){5}" END
#define INTERFACE_PATTERN "^(?!-|\\.{1,2}" END ")[!#$&()+.0-9;-\\[\\]-~-]{1,15}" END
#define CPU_MODEL_PATTERN "^[A-Za-z0-9_.,+=][A-Za-z0-9_.,+=-]*" END
#define SPAN_NUMBER "(0|[1-9][0-9]*)"
#define SPAN_UNIT \
	"(usec|us|\u00b5s|msec|ms|seconds|second|sec|s|minutes|minute|min|m|hours|hour|hr|h|days|" \
	"day|d|" \
	"weeks|week|w)"
#define SPAN_TERM SPAN_NUMBER "(\\.[0-9]+)? *" SPAN_UNIT
#define SPAN_PATTERN "(" SPAN_NUMBER "|" SPAN_TERM "( *" SPAN_TERM ")*)" END

#define RATE_PATTERN "^[1-9][0-9]{0,5}[GMk]bit" END
/* 1 to 65535 and 1 to 4094. */
#define PORT_NUMBER \
	"([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
#define VLAN_NUMBER "([1-9][0-9]{0,2}|[1-3][0-9]{3}|40[0-8][0-9]|409[0-4])"
#define VLANS_PATTERN "^" VLAN_NUMBER "(-" VLAN_NUMBER ")?" END
#define PORT_PATTERN "^(tcp|udp)/" PORT_NUMBER END
#define ENDPOINT_PATTERN "^[a-z][a-z0-9-]{0,47}:" PORT_NUMBER END
#define OCTET "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
#define IPV4 OCTET "(\\." OCTET "){3}"
#define GROUP "[0-9A-Fa-f]{1,4}"
/* RFC 4291, 2.2: eight groups, or fewer around "::". */
#define IPV6 \
	"((" GROUP ":){7}" GROUP "|(" GROUP ":){1,7}:|(" GROUP ":){1,6}:" GROUP "|(" GROUP \
	":){1,5}(:" GROUP "){1,2}|(" GROUP ":){1,4}(:" GROUP "){1,3}|(" GROUP ":){1,3}(:" GROUP \
	"){1,4}|(" GROUP ":){1,2}(:" GROUP "){1,5}|" GROUP ":(:" GROUP "){1,6}|:(:" GROUP \
	"){1,7}|::)"
#define SUBNET_PATTERN \
	"^(" IPV4 "/([1-9]|[12][0-9]|3[0-2])|" IPV6 "/([1-9]|[1-9][0-9]|1[01][0-9]|12[0-8]))" END
#define ADDRESS_PATTERN "^" IPV4 END
#define ADDRESSES_PATTERN "^" IPV4 "-" IPV4 END

#define URI_NAME "[A-Za-z0-9._~-]"
#define URI_PATH "(/" URI_NAME "+)+"
#define URI_HOST "([A-Za-z0-9][A-Za-z0-9.-]*|\\[[0-9A-Fa-f:]+\\])"
#define URI_WORD "[A-Za-z0-9._-]+"
#define URI_PATTERN \
	"^(nbd://" URI_HOST "(:" PORT_NUMBER \
	")?(/[A-Za-z0-9._~/-]*)?|nbd\\+unix:///[A-Za-z0-9._~/-]*" \
	"\\?socket=" URI_PATH "|iscsi://" URI_HOST "(:" PORT_NUMBER \
	")?/[A-Za-z0-9.:-]+/(0|[1-9][0-9]{0,3})" \
	"|nfs://" URI_HOST URI_PATH "|rbd://" URI_WORD "/" URI_WORD "(\\?user=" URI_WORD ")?)" END
#define URL_PATTERN \
	"^(file://" URI_PATH "|https?://" URI_HOST "(:" PORT_NUMBER \
	")?(/[A-Za-z0-9._~:/?#\\[\\]@!$&'()*+,;=%-]*)?)" END
#define CREDENTIAL_NAME "[A-Za-z0-9_][A-Za-z0-9._-]{0,127}"

static json_t *table_schema(const struct key_table *table, enum kind kind);

/* --- numbers as text ----------------------------------------------------------------------- */

static uint64_t power_of_ten(unsigned exponent)
{
	uint64_t power = 1;
	while (exponent-- > 0)
		power *= 10;
	return power;
}

/* Numbers from one to another that differ in their last digits only, those from 0 to 9. */
static void add_run(struct buf *buf, uint64_t first, uint64_t last)
{
	char low[NUMBER_BYTES];
	char high[NUMBER_BYTES];
	unsigned any = 0;
	snprintf(low, sizeof(low), "%" PRIu64, first);
	snprintf(high, sizeof(high), "%" PRIu64, last);
	for (size_t i = 0; low[i]; i++) {
		if (low[i] == high[i])
			buf_putc(buf, low[i]);
		else if (low[i] == '0' && high[i] == '9')
			any++;
		else
			buf_printf(buf, "[%c-%c]", low[i], high[i]);
	}
	if (any == 1)
		buf_puts(buf, "[0-9]");
	else if (any)
		buf_printf(buf, "[0-9]{%u}", any);
}

/* The last number of the longest such run that begins at first. */
static uint64_t run_end(uint64_t first, uint64_t last)
{
	uint64_t end = first;
	for (unsigned digits = 0; digits < 18; digits++) {
		uint64_t power = power_of_ten(digits);
		if (first % power != 0)
			break;
		/* The digit above the free ones goes as far as it can. */
		uint64_t digit = first / power % 10;
		uint64_t base = first - digit * power;
		for (uint64_t d = digit; d <= 9; d++) {
			uint64_t candidate = base + d * power + (power - 1);
			if (candidate > last)
				break;
			end = candidate > end ? candidate : end;
		}
	}
	return end;
}

static void add_range(struct buf *buf, uint64_t first, uint64_t last)
{
	const char *separator = "";
	buf_putc(buf, '(');
	while (first <= last) {
		uint64_t end = run_end(first, last);
		buf_puts(buf, separator);
		add_run(buf, first, end);
		separator = "|";
		first = end + 1;
	}
	buf_putc(buf, ')');
}

static void add_size_pattern(struct buf *buf, const struct key *key)
{
	static const struct {
		const char *names;
		unsigned shift;
	} units[] = {{"K(iB)?", 10}, {"M(iB)?", 20}, {"G(iB)?", 30}, {"T(iB)?", 40}};
	const char *separator = "";
	buf_puts(buf, "^(");
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		uint64_t first = key->min ? ((key->min - 1) >> units[i].shift) + 1 : 1;
		uint64_t last = key->max >> units[i].shift;
		if (first > last)
			continue;
		buf_puts(buf, separator);
		add_range(buf, first, last);
		buf_puts(buf, units[i].names);
		separator = "|";
	}
	buf_puts(buf, ")" END);
}

/* --- values -------------------------------------------------------------------------------- */

static json_t *text_schema(const char *pattern, uint64_t length_max)
{
	json_t *schema = json_pack("{s:s, s:s}", "type", "string", "pattern", pattern);
	if (length_max)
		json_object_set_new(schema, "maxLength", json_integer((json_int_t)length_max));
	return schema;
}

/* Free text may be what YAML takes for a number or a truth value. */
static json_t *free_text_schema(const char *pattern, uint64_t length_max)
{
	json_t *schema = text_schema(pattern, length_max);
	json_object_set_new(schema, "type", json_pack("[s, s, s]", "string", "number", "boolean"));
	return schema;
}

static json_t *choice_schema(const struct choices *choices)
{
	json_t *names = json_array();
	for (size_t i = 0; i < choices->count; i++)
		json_array_append_new(names, json_string(choices->names[i]));
	return json_pack("{s:o}", "enum", names);
}

static json_t *count_schema(const struct key *key)
{
	return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum", (json_int_t)key->min,
		"maximum", (json_int_t)key->max);
}

static json_t *span_schema(const struct key *key)
{
	/* More than nothing: some digit is not 0. */
	const char *pattern = key->min ? "^(infinity" END "|(?=.*[1-9])" SPAN_PATTERN ")"
				       : "^(infinity" END "|" SPAN_PATTERN ")";
	return json_pack("{s:[{s:s, s:s}, {s:s, s:i}]}", "oneOf", "type", "string", "pattern",
		pattern, "type", "integer", "minimum", key->min ? 1 : 0);
}

static json_t *size_schema(const struct key *key)
{
	struct buf pattern CLEANUP(buf_done) = {0};
	add_size_pattern(&pattern, key);
	return text_schema(buf_text(&pattern), 0);
}

static json_t *settings_schema(void)
{
	return json_pack("{s:s, s:{s:s}, s:{s:[o, {s:s, s:o}]}}", "type", "object", "propertyNames",
		"pattern", DIRECTIVE_PATTERN, "additionalProperties", "oneOf",
		free_text_schema(VALUE_PATTERN, 0), "type", "array", "items",
		free_text_schema(VALUE_PATTERN, 0));
}

static json_t *value_schema(const struct key *key, enum kind kind);

static json_t *list_schema(const struct key *key, enum kind kind)
{
	const struct key item = {.type = key->item};
	json_t *schema =
		json_pack("{s:s, s:o}", "type", "array", "items", value_schema(&item, kind));
	if (key->max)
		json_object_set_new(schema, "maxItems", json_integer((json_int_t)key->max));
	if (key->single)
		return json_pack("{s:[o, o]}", "oneOf", value_schema(&item, kind), schema);
	return schema;
}

static json_t *ports_schema(const struct key *key, enum kind kind)
{
	const struct key target = {.type = key->item, .min = 1, .max = PORT_MAX};
	return json_pack("{s:s, s:o, s:I, s:o}", "type", "object", "propertyNames",
		text_schema(PORT_PATTERN, 0), "maxProperties", (json_int_t)key->max,
		"additionalProperties",
		key->item == KEY_COUNT ? value_schema(&target, kind)
				       : text_schema(ENDPOINT_PATTERN, 0));
}

static json_t *digest_schema(uint64_t digits)
{
	struct buf pattern CLEANUP(buf_done) = {0};
	buf_printf(&pattern, "^[0-9a-f]{%" PRIu64 "}" END, digits);
	return text_schema(buf_text(&pattern), 0);
}

/* One VLAN ID is a number, too. */
static json_t *vlans_schema(void)
{
	return json_pack("{s:[o, {s:s, s:i, s:i}]}", "oneOf", text_schema(VLANS_PATTERN, 0), "type",
		"integer", "minimum", 1, "maximum", VLAN_MAX);
}

/* A mapping, or the value that stands for its main key. */
static json_t *group_schema(const struct key *key, enum kind kind)
{
	json_t *mapping = table_schema(key->below, kind);
	if (!key->scalar_for)
		return mapping;
	const struct key *main_key = key_find(key->below, key->scalar_for);
	return json_pack("{s:[o, o]}", "oneOf", value_schema(main_key, kind), mapping);
}

static json_t *parts_schema(const struct key *key, enum kind kind)
{
	return json_pack("{s:s, s:o, s:I, s:o}", "type", "object", "propertyNames",
		key->names == KEY_CREDENTIAL ? text_schema("^" CREDENTIAL_NAME END, 0)
					     : text_schema(NAME_PATTERN, PART_NAME_LENGTH_MAX),
		"maxProperties", (json_int_t)key->max, "additionalProperties",
		group_schema(key, kind));
}

static json_t *value_schema(const struct key *key, enum kind kind)
{
	switch (key->type) {
	case KEY_BOOL:
		return json_pack("{s:[b, b, s, s, s, s]}", "enum", 1, 0, "yes", "no", "on", "off");
	case KEY_COUNT:
		return count_schema(key);
	case KEY_SIZE:
		return size_schema(key);
	case KEY_SPAN:
		return span_schema(key);
	case KEY_CHOICE:
		return choice_schema(key->choices);
	case KEY_NAME:
		return text_schema(NAME_PATTERN, key->max ? key->max : NAME_LENGTH_MAX);
	case KEY_LINE:
		return free_text_schema(LINE_PATTERN, key->max);
	case KEY_TEXT:
		return free_text_schema("^[^\\u0000]*$", key->max);
	case KEY_PATH:
		return text_schema(PATH_PATTERN, PATH_LENGTH_MAX);
	case KEY_MAC:
		return text_schema(MAC_PATTERN, 0);
	case KEY_INTERFACE:
		return text_schema(INTERFACE_PATTERN, 0);
	case KEY_CPU_MODEL:
		return text_schema(CPU_MODEL_PATTERN, key->max);
	case KEY_RATE:
		return text_schema(RATE_PATTERN, 0);
	case KEY_SUBNET:
		return text_schema(SUBNET_PATTERN, 0);
	case KEY_ADDRESS:
		return text_schema(ADDRESS_PATTERN, 0);
	case KEY_ADDRESSES:
		return text_schema(ADDRESSES_PATTERN, 0);
	case KEY_VLANS:
		return vlans_schema();
	case KEY_ENDPOINT:
		return text_schema(ENDPOINT_PATTERN, 0);
	case KEY_URI:
		return text_schema(URI_PATTERN, URI_LENGTH_MAX);
	case KEY_CREDENTIAL:
		return json_pack("{s:[o, o]}", "oneOf", text_schema("^" CREDENTIAL_NAME END, 0),
			text_schema(PATH_PATTERN, PATH_LENGTH_MAX));
	case KEY_URL:
		return text_schema(URL_PATTERN, URL_LENGTH_MAX);
	case KEY_DIGEST:
		return digest_schema(key->max);
	case KEY_PORTS:
		return ports_schema(key, kind);
	case KEY_LIST:
		return list_schema(key, kind);
	case KEY_SETTINGS:
		return settings_schema();
	case KEY_GROUP:
		return group_schema(key, kind);
	case KEY_PARTS:
		return parts_schema(key, kind);
	case KEY_TYPE_COUNT:
		break;
	}
	return NULL;
}

/* A value as JSON: what the resolved form of the text is to YAML's core schema. */
static json_t *plain_value(const struct key *key, const char *text)
{
	uint64_t count;
	bool flag;
	if (key->type == KEY_COUNT && scalar_parse_count(text, &count) == 0)
		return json_integer((json_int_t)count);
	if (key->type == KEY_BOOL && scalar_parse_bool(text, true, &flag) == 0)
		return json_boolean(flag);
	return json_string(text);
}

static bool is_scalar(const struct key *key)
{
	return key->type != KEY_LIST && key->type != KEY_SETTINGS && key->type != KEY_PORTS &&
	       key->type != KEY_GROUP && key->type != KEY_PARTS;
}

static json_t *key_schema(const struct key *key, enum kind kind)
{
	json_t *schema = strcmp(key->name, "kind") == 0
				 ? json_pack("{s:s}", "const", choice_name(&kind_names, (int)kind))
				 : value_schema(key, kind);
	json_object_set_new(schema, "description", json_string(key->summary));
	/* A list or mapping is no example when it is only its text. */
	if (is_scalar(key) && key->type != KEY_TEXT)
		json_object_set_new(
			schema, "examples", json_pack("[o]", plain_value(key, key->example)));
	if (key->fallback)
		json_object_set_new(schema, "default", plain_value(key, key->fallback));
	return schema;
}

static json_t *table_schema(const struct key_table *table, enum kind kind)
{
	json_t *properties = json_object();
	json_t *required = json_array();
	for (size_t i = 0; i < table->count; i++) {
		const struct key *key = &table->keys[i];
		json_object_set_new(properties, key->name, key_schema(key, kind));
		/* A profile may leave to others what a whole mapping needs. */
		if (key->required && kind != KIND_PROFILE)
			json_array_append_new(required, json_string(key->name));
	}
	json_t *schema = json_pack("{s:s, s:o, s:b}", "type", "object", "properties", properties,
		"additionalProperties", 0);
	if (json_array_size(required))
		json_object_set(schema, "required", required);
	json_decref(required);
	return schema;
}

/* --- rules --------------------------------------------------------------------------------- */

static json_t *negate(json_t *schema)
{
	return json_pack("{s:o}", "not", schema);
}

/* A mapping that has the key, and under it what the schema says; NULL for anything. */
static json_t *has_key(const char *name, json_t *schema)
{
	return json_pack("{s:s, s:[s], s:{s:o}}", "type", "object", "required", name, "properties",
		name, schema ? schema : json_true());
}

/* What a value must be for the condition to hold where the key is given. */
static json_t *test_schema(const struct condition *condition)
{
	char pattern[64];
	switch (condition->test) {
	case TEST_GIVEN:
	case TEST_ABSENT:
		return json_true();
	case TEST_IS:
		return json_pack("{s:s}", "const", condition->value);
	case TEST_IS_NOT:
		return negate(json_pack("{s:s}", "const", condition->value));
	case TEST_BEGINS:
		snprintf(pattern, sizeof(pattern), "^%s", condition->value);
		return json_pack("{s:s, s:s}", "type", "string", "pattern", pattern);
	case TEST_ON:
		return json_pack("{s:[b, s, s]}", "enum", 1, "yes", "on");
	case TEST_OFF:
		return json_pack("{s:[b, s, s]}", "enum", 0, "no", "off");
	}
	return NULL;
}

/* Whether the condition holds where the key is not given, thanks to its fallback. */
static bool holds_by_default(const struct condition *condition, const struct key *key)
{
	bool on = false;
	switch (condition->test) {
	case TEST_ON:
	case TEST_OFF:
		return key->fallback && scalar_parse_bool(key->fallback, true, &on) == 0 &&
		       on == (condition->test == TEST_ON);
	case TEST_ABSENT:
		return true;
	case TEST_IS:
		return key->fallback && strcmp(key->fallback, condition->value) == 0;
	case TEST_IS_NOT:
		return key->fallback && strcmp(key->fallback, condition->value) != 0;
	case TEST_GIVEN:
	case TEST_BEGINS:
		break;
	}
	return false;
}

/* The condition on the rest of a path, of values of the row above; "key.key" at most. */
static json_t *condition_schema(const struct condition *condition, const struct key_table *table,
	const struct key *above, const char *path)
{
	char name[32];
	size_t length = strcspn(path, ".");
	snprintf(name, sizeof(name), "%.*s", (int)length, path);
	const struct key *key = key_find(table, name);
	bool last = path[length] == '\0';
	json_t *below = last ? test_schema(condition)
			     : condition_schema(condition, key->below, key, path + length + 1);
	bool by_default = last ? holds_by_default(condition, key) : condition->test == TEST_ABSENT;
	json_t *given = condition->test == TEST_ABSENT && last ? NULL : has_key(name, below);
	if (!given)
		json_decref(below);
	json_t *schema = given;
	if (by_default) {
		json_t *absent = negate(has_key(name, NULL));
		schema = given ? json_pack("{s:[o, o]}", "anyOf", absent, given) : absent;
	}
	/* A plain value is its short form's key. */
	if (above && above->scalar_for && strcmp(above->scalar_for, name) == 0) {
		json_t *scalar = json_pack("{s:o}", "not", json_pack("{s:s}", "type", "object"));
		if (condition->test == TEST_ABSENT)
			schema = json_pack("{s:[o, {s:s}]}", "allOf", schema, "type", "object");
		else
			schema = json_pack("{s:[o, {s:[o, o]}]}", "anyOf", schema, "allOf", scalar,
				test_schema(condition));
		if (condition->test == TEST_ABSENT)
			json_decref(scalar);
	}
	return schema;
}

/* What a document that does not break the rule is. */
static json_t *rule_schema(const struct rule *rule, const struct key_table *table)
{
	json_t *of_part = json_array();
	json_t *of_vm = json_array();
	const struct key *parts = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(rule->conditions) && rule->conditions[i].path; i++) {
		const struct condition *condition = &rule->conditions[i];
		const char *star = strchr(condition->path, '*');
		if (!star) {
			json_array_append_new(
				of_vm, condition_schema(condition, table, NULL, condition->path));
			continue;
		}
		char name[32];
		snprintf(name, sizeof(name), "%.*s", (int)(star - condition->path - 1),
			condition->path);
		parts = key_find(table, name);
		json_array_append_new(
			of_part, condition_schema(condition, parts->below, parts, star + 2));
	}
	if (!parts) {
		json_decref(of_part);
		return negate(json_pack("{s:o}", "allOf", of_vm));
	}
	json_t *whole = json_pack("{s:{s:{s:o}}}", "properties", parts->name,
		"additionalProperties", negate(json_pack("{s:o}", "allOf", of_part)));
	if (json_array_size(of_vm))
		return json_pack(
			"{s:o, s:o}", "if", json_pack("{s:o}", "allOf", of_vm), "then", whole);
	json_decref(of_vm);
	return whole;
}

/* The rules of a kind. Those that something is missing for hold only where no profile is named. */
static void add_rules(json_t *schema, enum kind kind)
{
	const struct rules *rules = rules_of(kind);
	json_t *always = json_array();
	json_t *alone = json_array();
	for (size_t i = 0; i < rules->count; i++)
		json_array_append_new(rules->rows[i].fillable ? alone : always,
			rule_schema(&rules->rows[i], kind_table(kind)));
	if (json_array_size(alone))
		json_array_append_new(
			always, json_pack("{s:o, s:{s:O}}", "if", negate(has_key("profiles", NULL)),
					"then", "allOf", alone));
	json_object_set_new(schema, "allOf", always);
	json_decref(alone);
}

/* --- kinds --------------------------------------------------------------------------------- */

static json_t *kind_schema(enum kind kind)
{
	json_t *schema = table_schema(kind_table(kind), kind);
	json_object_set_new(schema, "title", json_string(choice_name(&kind_names, (int)kind)));
	json_object_set_new(schema, "description", json_string(kind_summary(kind)));
	if (kind != KIND_PROFILE)
		add_rules(schema, kind);
	return schema;
}

static json_t *reference_to(enum kind kind)
{
	char path[32];
	snprintf(path, sizeof(path), "#/$defs/%s", choice_name(&kind_names, (int)kind));
	return json_pack("{s:s}", "$ref", path);
}

/* A document is judged by its kind only, so that what is told of it is to the point. */
static json_t *by_kind(void)
{
	json_t *schema = reference_to(KIND_VM);
	for (int kind = KIND_VM + 1; kind < KIND_COUNT; kind++)
		schema = json_pack("{s:o, s:o, s:o}", "if",
			has_key("kind",
				json_pack("{s:s}", "const", choice_name(&kind_names, kind))),
			"then", reference_to((enum kind)kind), "else", schema);
	return schema;
}

char *schema_write(void)
{
	json_t *kinds = json_object();
	for (int kind = 0; kind < KIND_COUNT; kind++)
		json_object_set_new(
			kinds, choice_name(&kind_names, kind), kind_schema((enum kind)kind));
	json_t *schema = json_pack("{s:s, s:s, s:s, s:s}", "$schema",
		"https://json-schema.org/draft/2020-12/schema", "title", "vmlet spec",
		"description", "A document of a spec file of vmlet; see vmlet.yaml(5).", "type",
		"object");
	json_t *choice = by_kind();
	json_object_update(schema, choice);
	json_decref(choice);
	json_object_set_new(schema, "$defs", kinds);
	char *text = json_dumps(schema, JSON_INDENT(1));
	json_decref(schema);
	char *line = text ? realloc(text, strlen(text) + 2) : NULL;
	if (line)
		strcat(line, "\n");
	else
		free(text);
	return line;
}
