/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Escaping at the borders: QEMU's option lists and systemd's unit files. */
#include "test.h"

#include "emit/options.h"
#include "emit/unit.h"

static void commas_are_doubled(void **state)
{
	(void)state;
	struct arena arena = {0};
	struct options options = {.arena = &arena};
	assert_string_equal(option_escape(&options, "/a"), "/a");
	assert_string_equal(option_escape(&options, ",/a,,b,"), ",,/a,,,,b,,");
	options_add(&options, "-x", "a=", "b", ",c=", option_escape(&options, "d,e"), NULL);
	assert_string_equal(options.items[0].value, "a=b,c=d,,e");
	assert_false(options.failed);
	arena_done(&arena);
}

static void arguments_of_units(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"", "\"\""},
		{"a-b_c=d/e.f,g:h@i+j", "a-b_c=d/e.f,g:h@i+j"},
		{"a b", "\"a b\""},
		{"%n", "\"%%n\""},
		{"$HOME ${X}", "\"$$HOME $${X}\""},
		{"a\"b'c\\", "\"a\\\"b'c\\\\\""},
		{";", "\";\""},
		{"\xc3\xa9", "\"\xc3\xa9\""},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf buf = {0};
		unit_add_argument(&buf, cases[i][0]);
		assert_string_equal(buf_text(&buf), cases[i][1]);
		buf_done(&buf);
	}
}

static void texts_of_units(void **state)
{
	(void)state;
	struct buf buf = {0};
	unit_begin_section(&buf, "Unit");
	unit_add_text(&buf, "Description", "50% $x \\");
	unit_begin_section(&buf, "Service");
	unit_add_raw(&buf, "Nice", "5");
	assert_string_equal(
		buf_text(&buf), "[Unit]\nDescription=50%% $x \\ \n\n[Service]\nNice=5\n");
	buf_done(&buf);
}

static void names_of_units(void **state)
{
	(void)state;
	struct buf text = {0};
	unit_escape_name(&text, ".en-p0.1:a_b\\$");
	assert_string_equal(buf_text(&text), "\\x2een\\x2dp0.1:a_b\\x5c\\x24");
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commas_are_doubled),
		cmocka_unit_test(arguments_of_units),
		cmocka_unit_test(texts_of_units),
		cmocka_unit_test(names_of_units),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
