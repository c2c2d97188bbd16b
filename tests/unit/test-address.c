/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test.h"

#include "spec/address.h"

static struct subnet subnet(const char *text)
{
	struct subnet subnet;
	assert_int_equal(subnet_parse(text, &subnet), 0);
	return subnet;
}

static struct address address(const char *text)
{
	struct address address;
	assert_int_equal(address_parse(text, &address), 0);
	return address;
}

static void assert_written(struct address address, const char *text)
{
	char written[ADDRESS_TEXT_BYTES];
	address_write(&address, written);
	assert_string_equal(written, text);
}

static void edges_of_subnets(void **state)
{
	(void)state;
	static const struct {
		const char *text, *first, *last;
	} cases[] = {
		{"10.1.2.3/24", "10.1.2.0", "10.1.2.255"},
		{"10.1.2.3/32", "10.1.2.3", "10.1.2.3"},
		{"10.1.2.3/31", "10.1.2.2", "10.1.2.3"},
		{"172.20.1.1/12", "172.16.0.0", "172.31.255.255"},
		{"200.1.1.1/1", "128.0.0.0", "255.255.255.255"},
		{"fd00:1::5/64", "fd00:1::", "fd00:1::ffff:ffff:ffff:ffff"},
		{"fd00:1::5/127", "fd00:1::4", "fd00:1::5"},
		{"fd00:1::5/9", "fd00::", "fd7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct subnet whole = subnet(cases[i].text);
		assert_written(subnet_first(&whole), cases[i].first);
		assert_written(subnet_last(&whole), cases[i].last);
	}
}

static void what_is_within(void **state)
{
	(void)state;
	struct subnet lan = subnet("10.1.0.1/24");
	struct address inside[] = {address("10.1.0.0"), address("10.1.0.255")};
	struct address outside[] = {address("10.0.255.255"), address("10.1.1.0"), address("::1")};
	for (size_t i = 0; i < ARRAY_SIZE(inside); i++)
		assert_true(subnet_contains(&lan, &inside[i]));
	for (size_t i = 0; i < ARRAY_SIZE(outside); i++)
		assert_false(subnet_contains(&lan, &outside[i]));
}

static void what_overlaps(void **state)
{
	(void)state;
	static const struct {
		const char *left, *right;
		bool overlap;
	} cases[] = {
		{"10.1.0.1/24", "10.1.0.200/28", true},
		{"10.1.0.1/24", "10.1.1.1/24", false},
		{"10.1.0.1/24", "10.0.0.1/8", true},
		{"10.1.0.1/32", "10.1.0.2/32", false},
		{"10.1.0.1/24", "fd00::1/8", false},
		{"fd00::1/64", "fd00::2/64", true},
		{"fd00::1/64", "fd00:0:0:1::1/64", false},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct subnet left = subnet(cases[i].left);
		struct subnet right = subnet(cases[i].right);
		assert_true(subnets_overlap(&left, &right) == cases[i].overlap);
		assert_true(subnets_overlap(&right, &left) == cases[i].overlap);
	}
}

static void bad_words(void **state)
{
	(void)state;
	static const char *const subnets[] = {"", "/", "10.0.0.1", "10.0.0.1/", "10.0.0.1/0",
		"10.0.0.1/33", "10.0.0.1/024", "10.0.0.1/8/8", "::1/129", "::1/1000",
		"::ffff:10.0.0.1/96", "10.0.0.1/+8", "10.0.0.1/8 ",
		"11111111111111111111111111111111111111111111111111111111111/8"};
	static const char *const ranges[] = {"", "-", "10.0.0.1", "10.0.0.1-", "-10.0.0.1",
		"10.0.0.1-::1", "::1-::2", "10.0.0.1-10.0.0.2-10.0.0.3", "10.0.0.1 - 10.0.0.2"};
	struct subnet subnet;
	struct address_range range;
	for (size_t i = 0; i < ARRAY_SIZE(subnets); i++)
		assert_int_equal(subnet_parse(subnets[i], &subnet), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		assert_int_equal(address_range_parse(ranges[i], &range), -EINVAL);
	assert_int_equal(address_range_parse("10.0.0.1-10.0.0.9", &range), 0);
	assert_written(range.last, "10.0.0.9");
}

static void netmasks(void **state)
{
	(void)state;
	static const struct {
		const char *text, *netmask;
	} cases[] = {
		{"10.1.2.3/24", "255.255.255.0"},
		{"10.1.2.3/9", "255.128.0.0"},
		{"10.1.2.3/32", "255.255.255.255"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char netmask[ADDRESS_TEXT_BYTES];
		struct subnet whole = subnet(cases[i].text);
		subnet_write_netmask(&whole, netmask);
		assert_string_equal(netmask, cases[i].netmask);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edges_of_subnets),
		cmocka_unit_test(what_is_within),
		cmocka_unit_test(what_overlaps),
		cmocka_unit_test(bad_words),
		cmocka_unit_test(netmasks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
