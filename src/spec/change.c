/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/change.h"

#include <string.h>

#include "spec/encode.h"

DEFINE_CHOICES(change_class_names,
	CHANGE_CLASS_COUNT, [CHANGE_RESTART] = "restart", [CHANGE_LIVE] = "live",
	[CHANGE_GROW] = "live", [CHANGE_RECREATE] = "recreate", [CHANGE_FORBIDDEN] = "forbidden");

/* Two structs of one table, and the parts that they are of. */
struct pair {
	void *before;
	const void *after;
	const struct part *part_before;
	const struct part *part_after;
};

struct finder {
	struct arena *arena;
	struct changes *changes;
	struct buf before;
	struct buf after;
	bool failed;
};

static const void *field(const struct key *key, const void *values)
{
	return (const char *)values + key->offset;
}

static const char *join(struct finder *finder, const char *above, const char *name)
{
	const char *path = arena_printf(finder->arena, "%s%s%s", above, *above ? "." : "", name);
	finder->failed |= !path;
	return path ? path : "";
}

static struct change *add(
	struct finder *finder, const char *path, const struct key *key, const struct pair *pair)
{
	struct changes *changes = finder->changes;
	struct change *items =
		arena_grow(finder->arena, changes->items, changes->count, sizeof(*changes->items));
	if (!items) {
		finder->failed = true;
		return NULL;
	}
	changes->items = items;
	items[changes->count] = (struct change){
		.path = path,
		.key = key,
		.class = key->change,
		.values_before = pair->before,
		.values_after = pair->after,
		.part_before = pair->part_before,
		.part_after = pair->part_after,
	};
	return &items[changes->count++];
}

/* --- values -------------------------------------------------------------------------------- */

static enum change_class class_of(
	const struct key *key, const struct pair *pair, bool had, bool has)
{
	if (key->change != CHANGE_GROW)
		return key->change;
	/* What the spec says no more stays as it is. */
	if (!has)
		return CHANGE_RECREATE;
	const uint64_t *before = field(key, pair->before);
	const uint64_t *after = field(key, pair->after);
	return had && *after < *before ? CHANGE_FORBIDDEN : CHANGE_LIVE;
}

static const char *keep(struct finder *finder, const struct buf *text)
{
	const char *at = buf_text(text);
	size_t length = text->length;
	while (length && (*at == ' ' || *at == '\n')) {
		at++;
		length--;
	}
	const char *kept = arena_dup(finder->arena, at, length);
	finder->failed |= !kept;
	return kept;
}

static void compare_values(
	struct finder *finder, const struct key *key, const struct pair *pair, const char *above)
{
	buf_reset(&finder->before);
	buf_reset(&finder->after);
	bool had = encode_value_of(key, pair->before, &finder->before);
	bool has = encode_value_of(key, pair->after, &finder->after);
	finder->failed |= buf_error(&finder->before) < 0 || buf_error(&finder->after) < 0;
	if (had == has && finder->before.length == finder->after.length &&
		memcmp(buf_text(&finder->before), buf_text(&finder->after), finder->after.length) ==
			0)
		return;
	struct change *change = add(finder, join(finder, above, key->name), key, pair);
	if (!change)
		return;
	change->class = class_of(key, pair, had, has);
	change->before = had ? keep(finder, &finder->before) : NULL;
	change->after = has ? keep(finder, &finder->after) : NULL;
}

/* --- mappings ------------------------------------------------------------------------------ */

static void compare_tables(struct finder *finder, const struct key_table *table,
	const struct pair *pair, const char *above);

static const struct part *find_part(
	const struct parts *parts, const struct key_table *below, const char *name)
{
	for (size_t i = 0; i < parts->count; i++) {
		const struct part *part = part_at(parts, below, i);
		if (strcmp(part->name, name) == 0)
			return part;
	}
	return NULL;
}

static void compare_parts(
	struct finder *finder, const struct key *key, const struct pair *pair, const char *above)
{
	const struct parts *before = field(key, pair->before);
	const struct parts *after = field(key, pair->after);
	const char *path = join(finder, above, key->name);
	for (size_t i = 0; i < before->count; i++) {
		struct part *old = part_at(before, key->below, i);
		const struct part *new = find_part(after, key->below, old->name);
		const struct pair parts = {old, new, old, new};
		const char *below = join(finder, path, old->name);
		const struct pair gone = {pair->before, pair->after, old, NULL};
		if (new)
			compare_tables(finder, key->below, &parts, below);
		else
			add(finder, below, key, &gone);
	}
	for (size_t i = 0; i < after->count; i++) {
		const struct part *new = part_at(after, key->below, i);
		const struct pair come = {pair->before, pair->after, NULL, new};
		if (!find_part(before, key->below, new->name))
			add(finder, join(finder, path, new->name), key, &come);
	}
}

static void compare_groups(
	struct finder *finder, const struct key *key, const struct pair *pair, const char *above)
{
	const struct pair groups = {(char *)pair->before + key->offset, field(key, pair->after),
		pair->part_before, pair->part_after};
	const char *path = join(finder, above, key->name);
	if (key->empty && *(const bool *)groups.before != *(const bool *)groups.after)
		add(finder, path, key, pair);
	else
		compare_tables(finder, key->below, &groups, path);
}

static void compare_tables(struct finder *finder, const struct key_table *table,
	const struct pair *pair, const char *above)
{
	for (size_t i = 0; i < table->count && !finder->failed; i++) {
		const struct key *key = &table->keys[i];
		if (key->composing)
			continue;
		if (key->type == KEY_PARTS)
			compare_parts(finder, key, pair, above);
		else if (key->type == KEY_GROUP)
			compare_groups(finder, key, pair, above);
		else
			compare_values(finder, key, pair, above);
	}
}

int changes_find(struct arena *arena, const struct key_table *table, void *before,
	const void *after, struct changes *ret_changes)
{
	struct changes changes = {0};
	struct finder finder = {.arena = arena, .changes = &changes};
	const struct pair pair = {.before = before, .after = after};
	compare_tables(&finder, table, &pair, "");
	buf_done(&finder.before);
	buf_done(&finder.after);
	if (finder.failed)
		return -ENOMEM;
	*ret_changes = changes;
	return 0;
}

/* --- adopting ------------------------------------------------------------------------------ */

static size_t size_of(const struct key *key)
{
	switch (key->type) {
	case KEY_BOOL:
		return sizeof(bool);
	case KEY_CHOICE:
		return sizeof(int);
	case KEY_COUNT:
	case KEY_SIZE:
	case KEY_SPAN:
	case KEY_RATE:
		return sizeof(uint64_t);
	case KEY_LIST:
		return sizeof(struct strings);
	case KEY_SETTINGS:
	case KEY_PORTS:
		return sizeof(struct settings);
	case KEY_PARTS:
		return sizeof(struct parts);
	case KEY_GROUP:
		return key->below->struct_size;
	default:
		return sizeof(const char *);
	}
}

static int add_part(
	struct arena *arena, const struct key *key, struct parts *parts, const struct part *part)
{
	size_t size = key->below->struct_size;
	char *items = arena_alloc(arena, (parts->count + 1) * size);
	if (!items)
		return -ENOMEM;
	if (parts->count)
		memcpy(items, parts->items, parts->count * size);
	memcpy(items + parts->count * size, part, size);
	*parts = (struct parts){items, parts->count + 1};
	return 0;
}

static void remove_part(const struct key *key, struct parts *parts, const char *name)
{
	char *items = parts->items;
	size_t size = key->below->struct_size;
	const struct part *part = find_part(parts, key->below, name);
	size_t index = part ? (size_t)((const char *)part - items) / size : parts->count;
	if (!part)
		return;
	memmove(items + index * size, items + (index + 1) * size,
		(parts->count - index - 1) * size);
	parts->count--;
}

int change_adopt(struct arena *arena, const struct change *change)
{
	const struct key *key = change->key;
	/* The struct is the caller's; only what compares it must not write. */
	char *target = (char *)change->values_before + key->offset;
	if (key->type != KEY_PARTS) {
		memcpy(target, field(key, change->values_after), size_of(key));
		return 0;
	}
	struct parts *parts = (struct parts *)(void *)target;
	if (!change->part_before)
		return add_part(arena, key, parts, change->part_after);
	/* Others that were removed have moved it. */
	remove_part(key, parts, strrchr(change->path, '.') + 1);
	return 0;
}
