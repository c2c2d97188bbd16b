/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/rules.h"

#include <inttypes.h>
#include <string.h>

#include "base/macros.h"
#include "spec/scalar.h"

#define QEMU_ARGS_BYTES_MAX ((size_t)128 * 1024)
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

void rules_check_rows(enum kind kind, const struct node *document, struct diags *diags)
{
	const struct rules *rules = rules_of(kind);
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->rows[i];
		struct scope scope = {.document = document, .table = kind_table(kind)};
		if (!strchr(rule->at, '*')) {
			check_rule(rule, &scope, diags);
			continue;
		}
		char word[PATH_WORD_BYTES];
		cut_word(rule->at, word);
		const struct node *parts = node_get(document, word);
		scope.part = parts ? parts->first : NULL;
		scope.parts = key_find(&vm_table, word);
		for (; scope.part; scope.part = scope.part->next)
			check_rule(rule, &scope, diags);
	}
}

/* --- what is no row ------------------------------------------------------------------------ */

static struct place place_at(const struct node *document, const char *path, const char *part)
{
	return node_key_place(walk(document, &vm_table, path, part).last);
}

static void check_topology(const struct vm *vm, const struct node *document, struct diags *diags)
{
	const struct topology *topology = &vm->cpus.topology;
	uint64_t product = topology->sockets * topology->cores * topology->threads;
	if (product && product != vm->cpus.count)
		diag_add(diags, SEVERITY_ERROR, place_at(document, "cpus.topology", NULL),
			"topology-count", NULL,
			"sockets * cores * threads is %" PRIu64 ", and 'count' is %" PRIu64,
			product, vm->cpus.count);
}

/* systemd refuses lines of more than 1 MiB; escaped and with all else, twice this is far from it.
 * Linux refuses single arguments of more than this (MAX_ARG_STRLEN, execve(2)). */
static void check_qemu_args(const struct vm *vm, const struct node *document, struct diags *diags)
{
	size_t total = 0;
	for (size_t i = 0; i < vm->qemu_args.count; i++)
		total += strlen(vm->qemu_args.items[i]) + 1;
	if (total > QEMU_ARGS_BYTES_MAX)
		diag_add(diags, SEVERITY_ERROR, place_at(document, "qemu-args", NULL),
			"qemu-args-long", "systemd takes no longer lines",
			"'qemu-args' hold more than 128 KiB");
}

static void check_part_names(const struct node *document, struct diags *diags)
{
	const struct node *nics = node_get(document, "nics");
	const struct node *disks = node_get(document, "disks");
	for (const struct node *nic = nics ? nics->first : NULL; nic; nic = nic->next)
		if (node_get(disks, nic->key->text))
			diag_add(diags, SEVERITY_ERROR, nic->key->place, "part-name",
				"rename one: boot.order and QEMU's ids need one name each",
				"'%s' is the name of a disk, too", nic->key->text);
}

static bool stands_before(const struct node *first, const struct node *item)
{
	for (; first != item; first = first->next)
		if (strcmp(first->text, item->text) == 0)
			return true;
	return false;
}

static void check_order(const struct node *document, struct diags *diags)
{
	const struct node *order = rules_look_up(document, "boot.order", NULL);
	const struct node *disks = node_get(document, "disks");
	const struct node *nics = node_get(document, "nics");
	for (const struct node *item = order ? order->first : NULL; item; item = item->next) {
		if (!node_get(disks, item->text) && !node_get(nics, item->text))
			diag_add(diags, SEVERITY_ERROR, item->place, "unknown-part",
				"name one of 'disks' or 'nics'", "there is no '%s' to boot from",
				item->text);
		else if (stands_before(order->first, item))
			diag_add(diags, SEVERITY_ERROR, item->place, "duplicate-part",
				"keep one of the two", "'%s' is in the boot order twice",
				item->text);
	}
}

static void check_trunks(const struct vm *vm, const struct node *document, struct diags *diags)
{
	for (size_t i = 0; i < vm->nics.count; i++) {
		const struct nic *nic = vm_nic(vm, i);
		for (size_t j = 0; nic->vlan && j < nic->trunk.count; j++) {
			unsigned first;
			unsigned last;
			if (scalar_parse_vlans(nic->trunk.items[j], &first, &last) < 0 ||
				nic->vlan < first || nic->vlan > last)
				continue;
			diag_add(diags, SEVERITY_ERROR,
				place_at(document, "nics.*.trunk", nic->part.name), "trunk-vlan",
				"a VLAN is tagged or not: take it out of one",
				"'trunk' contains %" PRIu64 ", which 'vlan' says is untagged",
				nic->vlan);
		}
	}
}

void rules_check_vm(const struct vm *vm, const struct node *document, struct diags *diags)
{
	rules_check_rows(KIND_VM, document, diags);
	check_trunks(vm, document, diags);
	check_part_names(document, diags);
	check_order(document, diags);
	check_topology(vm, document, diags);
	check_qemu_args(vm, document, diags);
}
