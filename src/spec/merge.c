/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/merge.h"

#include <string.h>

struct merger {
	struct arena *arena;
	size_t budget;
	int error; /* the first; nothing is done after it */
};

static struct node *copy_node(struct merger *merger, const struct node *node)
{
	struct node *copy = arena_alloc(merger->arena, sizeof(*copy));
	if (!copy) {
		merger->error = -ENOMEM;
		return NULL;
	}
	*copy = *node;
	copy->next = NULL;
	return copy;
}

static struct node *empty_mapping(struct merger *merger, const struct node *like)
{
	struct node *mapping = copy_node(merger, like);
	if (!mapping)
		return NULL;
	mapping->kind = NODE_MAPPING;
	mapping->first = mapping->last = NULL;
	mapping->count = 0;
	return mapping;
}

static void append(struct node *mapping, struct node *value)
{
	if (mapping && value)
		node_append(mapping, value);
}

/* "20GiB" as "{size: 20GiB}". */
static const struct node *long_form(
	struct merger *merger, const struct key *row, const struct node *node)
{
	if (node->kind != NODE_SCALAR || !row->scalar_for || node_is_null(node))
		return node;
	struct node *mapping = empty_mapping(merger, node);
	struct node *value = copy_node(merger, node);
	struct node *key = copy_node(merger, node);
	if (!mapping || !value || !key)
		return node;
	key->text = row->scalar_for;
	key->length = strlen(row->scalar_for);
	value->key = key;
	append(mapping, value);
	return mapping;
}

static struct node *merge_each(struct merger *merger, const struct key_table *table,
	const struct key *part, const struct node *lower, const struct node *upper);

static struct node *merge_values(struct merger *merger, const struct key *row,
	const struct node *lower, const struct node *upper)
{
	if (row && row->type == KEY_GROUP) {
		lower = long_form(merger, row, lower);
		upper = long_form(merger, row, upper);
	}
	if (!row || lower->kind != NODE_MAPPING || upper->kind != NODE_MAPPING)
		return copy_node(merger, upper);
	if (row->type == KEY_GROUP)
		return merge_each(merger, row->below, NULL, lower, upper);
	if (row->type == KEY_SETTINGS || row->type == KEY_PORTS)
		return merge_each(merger, NULL, NULL, lower, upper);
	if (row->type != KEY_PARTS)
		return copy_node(merger, upper);
	struct key part = *row;
	part.type = KEY_GROUP;
	return merge_each(merger, NULL, &part, lower, upper);
}

/* What both have is merged by its row in the table, or by the one that all parts share, or is the
 * upper one's where there is neither. */
static struct node *merge_each(struct merger *merger, const struct key_table *table,
	const struct key *part, const struct node *lower, const struct node *upper)
{
	size_t cost = (size_t)lower->count + upper->count;
	if (cost > merger->budget)
		merger->error = -E2BIG;
	if (merger->error)
		return NULL;
	merger->budget -= cost;
	struct node *merged = empty_mapping(merger, upper);
	for (const struct node *value = lower->first; value; value = value->next) {
		const char *name = value->key->text;
		const struct node *over = node_get(upper, name);
		append(merged, over ? merge_values(merger, table ? key_find(table, name) : part,
					      value, over)
				    : copy_node(merger, value));
	}
	for (const struct node *value = upper->first; value; value = value->next)
		if (!node_get(lower, value->key->text))
			append(merged, copy_node(merger, value));
	return merged;
}

int merge_mappings(struct arena *arena, const struct key_table *table, const struct node *lower,
	const struct node *upper, size_t *budget, const struct node **ret_merged)
{
	struct merger merger = {.arena = arena, .budget = *budget};
	const struct node *merged = merge_each(&merger, table, NULL, lower, upper);
	*budget = merger.budget;
	if (merger.error)
		return merger.error;
	*ret_merged = merged;
	return 0;
}
