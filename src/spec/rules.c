/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/rules.h"

#include <string.h>

#include "base/macros.h"
#include "spec/scalar.h"

#define PATH_WORD_BYTES 32

/* --- paths --------------------------------------------------------------------------------- */

struct place_in_tree {
	const struct node *node; /* NULL: not given */
	const struct node *last; /* the last node of the path that is there */
	const struct key *row;
};

/* Cuts the first word off a path. */
static const char *cut_word(const char *path, char word[PATH_WORD_BYTES])
{
	size_t length = strcspn(path, ".");
	size_t kept = length < PATH_WORD_BYTES ? length : PATH_WORD_BYTES - 1;
	memcpy(word, path, kept);
	word[kept] = '\0';
	return path + length + (path[length] == '.');
}

/* One step down: a plain value is its short form's key. */
static const struct node *step(const struct key *above, const struct node *node, const char *word)
{
	if (!node || node->kind == NODE_MAPPING)
		return node_get(node, word);
	bool stands_for = above && above->scalar_for && strcmp(above->scalar_for, word) == 0;
	return node->kind == NODE_SCALAR && stands_for ? node : NULL;
}

/* Goes down a path without "*" from a node of that row (NULL: the document, of that table). */
static struct place_in_tree walk_from(const struct node *node, const struct key_table *document,
	const struct key *row, const char *path)
{
	struct place_in_tree at = {.node = node, .last = node, .row = row};
	while (*path) {
		char word[PATH_WORD_BYTES];
		path = cut_word(path, word);
		const struct key_table *table = at.row ? at.row->below : document;
		at.node = step(at.row, at.node, word);
		at.row = key_find(table, word);
		if (at.node)
			at.last = at.node;
	}
	return at;
}

static struct place_in_tree walk(const struct node *document, const struct key_table *table,
	const char *path, const char *part)
{
	const char *star = strchr(path, '*');
	if (!star)
		return walk_from(document, table, NULL, path);
	char parts[PATH_WORD_BYTES];
	cut_word(path, parts);
	struct place_in_tree at = walk_from(document, table, NULL, parts);
	const struct node *node = node_get(at.node, part);
	struct place_in_tree below = walk_from(node, table, at.row, star[1] ? star + 2 : "");
	if (!below.last)
		below.last = at.last;
	return below;
}

const struct node *rules_look_up(const struct node *document, const char *path, const char *part)
{
	return walk(document, &vm_table, path, part).node;
}

/* --- rows ---------------------------------------------------------------------------------- */

/* What a rule is judged on: a document, and one of its parts. */
struct scope {
	const struct node *document;
	const struct key_table *table;
	const struct node *part; /* NULL when the rule is of none */
	const struct key *parts; /* the row that the part is of */
};

static bool holds(const struct condition *condition, const struct scope *scope)
{
	bool on;
	const char *star = scope->part ? strchr(condition->path, '*') : NULL;
	/* Most rules end here: what they are about is not there. */
	if (star && condition->test == TEST_GIVEN && !strchr(star + 2, '.'))
		return step(scope->parts, scope->part, star + 2) != NULL;
	struct place_in_tree at =
		star ? walk_from(scope->part, scope->table, scope->parts, star + 2)
		     : walk_from(scope->document, scope->table, NULL, condition->path);
	const char *value = at.node && at.node->kind == NODE_SCALAR ? at.node->text : NULL;
	if (!at.node && at.row)
		value = at.row->fallback;
	switch (condition->test) {
	case TEST_GIVEN:
		return at.node != NULL;
	case TEST_ABSENT:
		return at.node == NULL;
	case TEST_IS:
		return value && strcmp(value, condition->value) == 0;
	case TEST_IS_NOT:
		return value && strcmp(value, condition->value) != 0;
	case TEST_BEGINS:
		return at.node && value &&
		       strncmp(value, condition->value, strlen(condition->value)) == 0;
	case TEST_ON:
	case TEST_OFF:
		return value && scalar_parse_bool(value, true, &on) == 0 &&
		       on == (condition->test == TEST_ON);
	}
	return false;
}

static const char *last_word(const char *path)
{
	const char *dot = strrchr(path, '.');
	return dot ? dot + 1 : path;
}

/* Shows what else the rule is about, where it was given. */
static void note_others(const struct rule *rule, const struct scope *scope, const char *part,
	const struct place *shown, struct diags *diags)
{
	for (size_t i = 0; i < ARRAY_SIZE(rule->conditions) && rule->conditions[i].path; i++) {
		const struct node *node =
			walk(scope->document, scope->table, rule->conditions[i].path, part).node;
		struct place place = node ? node_key_place(node) : *shown;
		bool same = place.source == shown->source && place.line == shown->line &&
			    place.column == shown->column;
		if (!same)
			diag_add(diags, SEVERITY_NOTE, place, "", NULL, "'%s' is given here",
				last_word(rule->conditions[i].path));
	}
}

static void check_rule(const struct rule *rule, const struct scope *scope, struct diags *diags)
{
	for (size_t i = 0; i < ARRAY_SIZE(rule->conditions); i++)
		if (rule->conditions[i].path && !holds(&rule->conditions[i], scope))
			return;
	const char *part = scope->part ? scope->part->key->text : NULL;
	struct place place =
		node_key_place(walk(scope->document, scope->table, rule->at, part).last);
	diag_add(diags, SEVERITY_ERROR, place, rule->code, rule->hint, "%s", rule->message);
	note_others(rule, scope, part, &place, diags);
}

/* The rows are by what they are of: the parts are looked up where that changes. */
void rules_check_rows(enum kind kind, const struct node *document, struct diags *diags)
{
	const struct rules *rules = rules_of(kind);
	struct scope scope = {.document = document, .table = kind_table(kind)};
	const struct scope whole = scope;
	const struct node *first = NULL;
	const char *found = "";
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->rows[i];
		const char *star = strchr(rule->at, '*');
		if (!star) {
			check_rule(rule, &whole, diags);
			continue;
		}
		if (strncmp(rule->at, found, (size_t)(star - rule->at)) != 0) {
			char word[PATH_WORD_BYTES];
			cut_word(rule->at, word);
			const struct node *parts = node_get(document, word);
			first = parts ? parts->first : NULL;
			scope.parts = key_find(&vm_table, word);
			found = rule->at;
		}
		for (scope.part = first; scope.part; scope.part = scope.part->next)
			check_rule(rule, &scope, diags);
	}
}

struct place rules_place(const struct node *document, const char *path, const char *part)
{
	return node_key_place(walk(document, &vm_table, path, part).last);
}
