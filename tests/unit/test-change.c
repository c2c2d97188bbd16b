/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What differs between two specs, and what a change means for a VM that runs. */
#include "test.h"

#include "spec/change.h"
#include "spec/encode.h"

struct pair {
	struct fixture before;
	struct fixture after;
	struct vm *old;
	const struct vm *new;
	struct changes changes;
};

static void compare(struct pair *pair, const char *before, const char *after)
{
	*pair = (struct pair){0};
	fixture_vm(&pair->before, before);
	pair->new = fixture_vm(&pair->after, after);
	pair->old = pair->before.documents.items[0]->vm;
	assert_int_equal(pair->before.diags.errors + pair->after.diags.errors, 0);
	assert_int_equal(
		changes_find(&pair->before.arena, &vm_table, pair->old, pair->new, &pair->changes),
		0);
}

static void pair_done(struct pair *pair)
{
	fixture_done(&pair->before);
	fixture_done(&pair->after);
}

static void none(void **state)
{
	(void)state;
	struct pair pair;
	/* Order, notation and what is the default anyway. */
	compare(&pair, "memory: 1GiB\ndisks: {a: 1GiB, b: 2GiB}\n",
		"# nothing\ndisks: {b: {size: 2048MiB}, a: {size: 1GiB, format: qcow2}}\nrestart: "
		"on-failure\n");
	assert_int_equal(pair.changes.count, 0);
	pair_done(&pair);
}

static void expect(const struct pair *pair, size_t index, const char *path, enum change_class class,
	const char *before, const char *after)
{
	assert_true(index < pair->changes.count);
	const struct change *change = &pair->changes.items[index];
	assert_string_equal(change->path, path);
	assert_int_equal(change->class, class);
	if (before)
		assert_string_equal(change->before, before);
	else
		assert_null(change->before);
	if (after)
		assert_string_equal(change->after, after);
	else
		assert_null(change->after);
}

static void classes(void **state)
{
	(void)state;
	struct pair pair;
	compare(&pair, "disks: {a: 1GiB, b: 2GiB, c: {size: 1GiB, lazy-refcounts: yes}}\n",
		"description: x\nmachine: pc\ndisks: {a: 2GiB, b: 1GiB, c: {size: 1GiB, "
		"lazy-refcounts: no}}\n");
	assert_int_equal(pair.changes.count, 5);
	expect(&pair, 0, "description", CHANGE_LIVE, NULL, "\"x\"");
	expect(&pair, 1, "machine", CHANGE_RESTART, "q35", "pc");
	expect(&pair, 2, "disks.a.size", CHANGE_LIVE, "1GiB", "2GiB");
	expect(&pair, 3, "disks.b.size", CHANGE_FORBIDDEN, "2GiB", "1GiB");
	expect(&pair, 4, "disks.c.lazy-refcounts", CHANGE_RECREATE, "yes", "no");
	pair_done(&pair);
}

static void parts(void **state)
{
	(void)state;
	struct pair pair;
	compare(&pair, "disks: {a: 1GiB, b: 2GiB}\nnics: {lan: br0}\n",
		"disks: {b: 2GiB, c: 3GiB}\nnics: {lan: {bridge: br0, link: down}}\n");
	assert_int_equal(pair.changes.count, 3);
	expect(&pair, 0, "disks.a", CHANGE_LIVE, NULL, NULL);
	assert_null(pair.changes.items[0].part_after);
	expect(&pair, 1, "disks.c", CHANGE_LIVE, NULL, NULL);
	assert_null(pair.changes.items[1].part_before);
	expect(&pair, 2, "nics.lan.link", CHANGE_LIVE, "up", "down");
	pair_done(&pair);
}

/* What was adopted is no difference any more. */
static void adopting(void **state)
{
	(void)state;
	struct pair pair;
	struct changes left;
	compare(&pair,
		"disks: {a: 1GiB, b: 2GiB, d: 1GiB}\nservice: {CPUWeight: 10}\nmachine: q35\n",
		"disks: {d: 4GiB, b: 3GiB, c: 3GiB}\nservice: {CPUWeight: 20}\nmachine: pc\n");
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < pair.changes.count; i++) {
			const struct change *change = &pair.changes.items[i];
			if (change->class == CHANGE_LIVE &&
				(change->key->type == KEY_PARTS) == pass)
				assert_int_equal(change_adopt(&pair.before.arena, change), 0);
		}
	assert_int_equal(changes_find(&pair.before.arena, &vm_table, pair.old, pair.new, &left), 0);
	assert_int_equal(left.count, 1);
	assert_string_equal(left.items[0].path, "machine");
	pair_done(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none),
		cmocka_unit_test(classes),
		cmocka_unit_test(parts),
		cmocka_unit_test(adopting),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
