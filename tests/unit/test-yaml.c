/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the text of a spec may be, before any key is looked at. */
#include "test.h"

#include "spec/node.h"

static void repeat(struct buf *buf, const char *text, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_puts(buf, text);
}

static void yaml_as_it_is_written(void **state)
{
	(void)state;
	assert_accepted("memory: 1GiB\n");
	assert_accepted("\xef\xbb\xbfmemory: 1GiB\n");
	assert_accepted("memory: 1GiB\r\ncpus: 2\r\n");
	assert_accepted("%YAML 1.2\n---\nmemory: 1GiB\n...\n");
	assert_accepted("{memory: 1GiB, cpus: {count: 2}}");
	assert_accepted("description: !!str yes\n");
	assert_accepted(
		"disks: !!map {a: !<tag:yaml.org,2002:str> 1GiB}\nqemu-args: !!seq [! x]\n");
	assert_accepted("description:\t'a tab may separate'\n");
	assert_accepted("# only the name\nname: no\n");
}

static void text_that_is_not_yaml(void **state)
{
	(void)state;
	assert_refused("cpus: 2\n\tmemory: 1GiB\n", "tab", 2, 1);
	assert_refused("disks:\n\ta: 1GiB\n", "tab", 2, 1);
	assert_refused("description: \xc3\xa9\ndisks:\n\ta: 1GiB\n", "tab", 3, 1);
	assert_refused("description: \"open\n", "yaml-syntax", 2, 1);
	assert_refused("a: b: c\n", "yaml-syntax", 1, 5);
	assert_refused("description: \xff\n", "bad-utf8", 1, 14);
	assert_refused("cpus: 2\ndescription: \x01\n", "control-character", 2, 14);
	assert_refused_bytes("description: a\0b\n", 17, "control-character", 1, 15);
	assert_refused("description: \"a\\0b\"\n", "control-character", 1, 14);
}

static void yaml_that_specs_do_without(void **state)
{
	(void)state;
	assert_refused("cpus: &a 2\n", "anchor", 1, 7);
	assert_refused("cpus: {count: 2}\nmemory: *a\n", "alias", 2, 9);
	assert_refused("cpus:\n  <<: {count: 2}\n", "merge-key", 2, 3);
	assert_refused("description: !secret x\n", "tag", 1, 14);
	assert_refused("description: !!binary aGk=\n", "tag", 1, 14);
	assert_refused("disks: !!set {a}\n", "tag", 1, 8);
	assert_refused("disks: !!omap [a: 1GiB]\n", "tag", 1, 8);
	assert_refused("[a, b]: c\n", "complex-key", 1, 1);
	assert_refused("? {a: b}\n: c\n", "complex-key", 1, 3);
	assert_refused("cpus: 1\nmemory: 1GiB\ncpus: 2\n", "duplicate-key", 3, 1);
	assert_refused("disks:\n  a: 1GiB\n  \"a\": 2GiB\n", "duplicate-key", 3, 3);
	assert_refused("- a\n", "wrong-type", 1, 1);
	assert_refused("word\n", "wrong-type", 1, 1);
	assert_refused("", "empty", 1, 1);
	assert_refused("# nothing\n", "empty", 1, 1);
	assert_refused("---\n", "empty", 2, 1);
}

static void a_repeated_key_names_the_first(void **state)
{
	(void)state;
	struct fixture fixture = {0};
	fixture_vm(&fixture, "cpus: 1\nmemory: 1GiB\ncpus: 2\n");
	assert_int_equal(fixture.diags.count, 2);
	assert_int_equal(fixture.diags.items[1].severity, SEVERITY_NOTE);
	assert_int_equal(fixture.diags.items[1].place.line, 1);
	fixture_done(&fixture);
}

static void refuse_large(struct buf *text, const char *code, uint32_t line, uint32_t column)
{
	assert_int_equal(buf_error(text), 0);
	assert_refused_bytes(text->data, text->length, code, line, column);
	buf_done(text);
}

static void limits(void **state)
{
	(void)state;
	struct buf text = {0};
	repeat(&text, "[", 5000);
	refuse_large(&text, "too-deep", 1, 65);
	repeat(&text, "{a: ", 5000);
	refuse_large(&text, "too-deep", 1, 4 * 64 + 1);
	buf_puts(&text, "qemu-args: [");
	repeat(&text, "x, ", 30000);
	refuse_large(&text, "too-large", 1, 12 + 3 * 19997 + 1);
	for (int i = 0; i < 1025; i++)
		buf_printf(&text, "key-%d: 1\n", i);
	refuse_large(&text, "too-large", 1025, 1);
	repeat(&text, "# comment\n", 300000);
	refuse_large(&text, "too-large", 0, 0);
	/* Many mistakes: as many are told as a person reads. */
	struct fixture fixture = {0};
	buf_puts(&text, "disks:\n");
	for (int i = 0; i < 10000; i++)
		buf_printf(&text, " - &a%d x\n", i);
	fixture_add(&fixture, "web", text.data, text.length);
	assert_in_range(fixture.diags.errors, 1, SPEC_ERRORS_MAX);
	fixture_done(&fixture);
	buf_done(&text);
}

static void an_alias_bomb_does_nothing(void **state)
{
	(void)state;
	struct buf text = {0};
	buf_puts(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 1000; i++)
		buf_printf(&text, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i,
			i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	refuse_large(&text, "anchor", 1, 5);
}

static void documents(void **state)
{
	(void)state;
	struct fixture fixture = {0};
	static const char text[] = "memory: 1GiB\n---\nname: db\n---\nmemory: 2GiB\n---\n"
				   "name: app\nmemroy: 1GiB\n";
	fixture_add(&fixture, "web", text, sizeof(text) - 1);
	fixture_check(&fixture);
	struct document **items = fixture.documents.items;
	static const char *const names[] = {"app", "db", "web", NULL};
	assert_int_equal(fixture.documents.count, ARRAY_SIZE(names));
	for (size_t k = 0; k < ARRAY_SIZE(names) && names[k]; k++)
		assert_string_equal(items[k]->name, names[k]);
	assert_null(items[3]->name);
	assert_false(items[1]->broken || items[2]->broken);
	assert_true(items[0]->broken && items[3]->broken);
	assert_string_equal(fixture.diags.items[items[3]->first_diag].code, "no-name");
	assert_string_equal(fixture.diags.items[items[0]->first_diag].code, "unknown-key");
	fixture_done(&fixture);
}

static void a_broken_text_keeps_its_name(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *name;
	} cases[] = {
		{"memory: \"open\n", "web"},
		{"name: db\nmemory: \"open\n", "db"},
		{"name: Bad_Name\nmemory: \"open\n", NULL},
		{"name: [a]\n", NULL},
		{"- a\n", "web"},
		{"\xff", "web"},
		{"name: db\ncpus: &a 1\n", "db"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture fixture = {0};
		assert_null(fixture_vm(&fixture, cases[i].text));
		assert_true(fixture.diags.errors > 0);
		const char *name = fixture.documents.items[0]->name;
		if (cases[i].name)
			assert_string_equal(name, cases[i].name);
		else
			assert_null(name);
		fixture_done(&fixture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(yaml_as_it_is_written),
		cmocka_unit_test(text_that_is_not_yaml),
		cmocka_unit_test(yaml_that_specs_do_without),
		cmocka_unit_test(a_repeated_key_names_the_first),
		cmocka_unit_test(limits),
		cmocka_unit_test(an_alias_bomb_does_nothing),
		cmocka_unit_test(documents),
		cmocka_unit_test(a_broken_text_keeps_its_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
