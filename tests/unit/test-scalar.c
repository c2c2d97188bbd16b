/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test.h"

#include "spec/scalar.h"

#define KIB UINT64_C(1024)

static void sizes(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t bytes;
		const char *written;
	} good[] = {
		{"1K", KIB, "1KiB"},
		{"1KiB", KIB, "1KiB"},
		{"512M", 512 * KIB * KIB, "512MiB"},
		{"1024MiB", KIB * KIB * KIB, "1GiB"},
		{"20GiB", 20 * KIB * KIB * KIB, "20GiB"},
		{"3T", 3 * KIB * KIB * KIB * KIB, "3TiB"},
		{"1536MiB", 1536 * KIB * KIB, "1536MiB"},
		{"16777215TiB", UINT64_C(16777215) << 40, "16777215TiB"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		uint64_t bytes = 0;
		struct buf text = {0};
		assert_int_equal(scalar_parse_size(good[i].text, &bytes), 0);
		assert_true(bytes == good[i].bytes);
		scalar_write_size(bytes, &text);
		assert_string_equal(buf_text(&text), good[i].written);
		buf_done(&text);
	}
	static const char *const bad[] = {"", "G", "1", "1024", "010G", "1 G", "1g", "1GB", "1.5G",
		"-1G", "+1G", "0x1G", "1Gi", "1GiBx", " 1G", "1G "};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		uint64_t bytes = 7;
		assert_int_equal(scalar_parse_size(bad[i], &bytes), -EINVAL);
		assert_true(bytes == 7);
	}
	uint64_t bytes;
	assert_int_equal(scalar_parse_size("16777216TiB", &bytes), -ERANGE);
	assert_int_equal(scalar_parse_size("18446744073709551616K", &bytes), -ERANGE);
}

static void spans(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t usec;
		const char *written;
	} good[] = {
		{"0", 0, "0s"},
		{"5", 5000000, "5s"},
		{"90s", 90000000, "90s"},
		{"1min 30s", 90000000, "90s"},
		{"1min30s", 90000000, "90s"},
		{"1.5h", 5400000000, "5400s"},
		{"250ms", 250000, "250ms"},
		{"3us", 3, "3us"},
		{"2 hours 1 minute", 7260000000, "7260s"},
		{"1d", 86400000000, "86400s"},
		{"0.5s", 500000, "500ms"},
		{"infinity", SPAN_INFINITE, "infinity"},
		/* more than 64 bits hold is endless, and finer than a microsecond one */
		{"99999999999999999999", SPAN_INFINITE, "infinity"},
		{"99999999999999999w 1s", SPAN_INFINITE, "infinity"},
		{"0.0000001s", 1, "1us"},
		{"1.5us", 2, "2us"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		uint64_t usec = 0;
		struct buf text = {0};
		assert_int_equal(scalar_parse_span(good[i].text, &usec), 0);
		assert_true(usec == good[i].usec);
		scalar_write_span(usec, &text);
		assert_string_equal(buf_text(&text), good[i].written);
		buf_done(&text);
	}
	static const char *const bad[] = {"", "s", "-5", "5x", "5.s", "5 fortnights", "5s-", " 5",
		"0.5", "1 2", "1min 30", "05", "1min 05s", "5s ", "1..5s"};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		uint64_t usec = 7;
		assert_int_equal(scalar_parse_span(bad[i], &usec), -EINVAL);
		assert_true(usec == 7);
	}
}

static void counts_and_bools(void **state)
{
	(void)state;
	uint64_t count = 0;
	assert_int_equal(scalar_parse_count("0", &count), 0);
	assert_int_equal(scalar_parse_count("18446744073709551615", &count), 0);
	assert_true(count == UINT64_MAX);
	assert_int_equal(scalar_parse_count("18446744073709551616", &count), -ERANGE);
	static const char *const bad[] = {
		"", "01", "1.0", "1e3", "0x10", "-1", "+1", " 1", "1_000"};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(scalar_parse_count(bad[i], &count), -EINVAL);
	static const char *const yes[] = {"yes", "on", "true", "True", "TRUE"};
	static const char *const no[] = {"no", "off", "false", "False", "FALSE"};
	bool value;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		/* In quotes, the core schema's words are text. */
		bool text = i >= 2;
		assert_int_equal(scalar_parse_bool(yes[i], true, &value), 0);
		assert_true(value);
		assert_int_equal(scalar_parse_bool(no[i], true, &value), 0);
		assert_false(value);
		assert_int_equal(scalar_parse_bool(yes[i], false, &value), text ? -EINVAL : 0);
		assert_int_equal(scalar_parse_bool(no[i], false, &value), text ? -EINVAL : 0);
	}
	static const char *const neither[] = {"", "y", "n", "1", "0", "Yes", "tRue", "yes "};
	for (size_t i = 0; i < ARRAY_SIZE(neither); i++)
		assert_int_equal(scalar_parse_bool(neither[i], true, &value), -EINVAL);
}

static void macs(void **state)
{
	(void)state;
	char mac[MAC_TEXT_BYTES];
	assert_int_equal(scalar_parse_mac("52:54:00:12:34:56", mac), 0);
	assert_int_equal(scalar_parse_mac("52-54-00-AB-CD-EF", mac), 0);
	assert_string_equal(mac, "52:54:00:ab:cd:ef");
	assert_int_equal(scalar_parse_mac("53:54:00:12:34:56", mac), -EADDRNOTAVAIL);
	assert_int_equal(scalar_parse_mac("ff:ff:ff:ff:ff:ff", mac), -EADDRNOTAVAIL);
	assert_int_equal(scalar_parse_mac("00:00:00:00:00:00", mac), -EADDRNOTAVAIL);
	static const char *const bad[] = {"", "52", "52:54:00:12:34", "52:54:00:12:34:5",
		"52:54:00:12:34:567", "52:54:00:12:34:5g", "5254.0012.3456", "52:54:00:12:34:56 "};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(scalar_parse_mac(bad[i], mac), -EINVAL);
}

static void names(void **state)
{
	(void)state;
	static const char longest[] = "a23456789-123456789-123456789-123456789-12345678";
	assert_int_equal(strlen(longest), NAME_LENGTH_MAX);
	assert_true(scalar_is_name(longest, NAME_LENGTH_MAX));
	assert_false(scalar_is_name(longest, NAME_LENGTH_MAX - 1));
	assert_true(scalar_is_name("a", 1));
	static const char *const bad[] = {"", ".", "..", "../x", "a/b", "-x", "1a", "A", "a_b",
		"a.b", "a b", "\xc3\xa9", "a\n"};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(scalar_is_name(bad[i], NAME_LENGTH_MAX));
}

static void interfaces_and_paths(void **state)
{
	(void)state;
	assert_true(scalar_is_interface("br0"));
	assert_true(scalar_is_interface("br-0123456789.1"));
	static const char *const bad_interfaces[] = {"", ".", "..", "a/b", "a:b", "a b", "a,b",
		"-a", "0123456789abcdef", "a%b", "\xc3\xa9", "a\x7f"};
	for (size_t i = 0; i < ARRAY_SIZE(bad_interfaces); i++)
		assert_false(scalar_is_interface(bad_interfaces[i]));
	assert_true(scalar_is_path("/a"));
	assert_true(scalar_is_path("/srv/a b,c%d$e/\xc3\xa9...iso"));
	static const char *const bad_paths[] = {"", "/", "a", "./a", "/a/", "//a", "/a//b", "/./a",
		"/a/..", "/../a", "/a\nb", "/a\xc2\x85", "/a\xe2\x80\xa8"};
	for (size_t i = 0; i < ARRAY_SIZE(bad_paths); i++)
		assert_false(scalar_is_path(bad_paths[i]));
}

/* What is on a line of a unit file as it is: systemd ignores one with anything else. */
static void lines(void **state)
{
	(void)state;
	static const char *const good[] = {"", " ", "a b", "~", "\xc2\xa0", "\xc3\xa9", "\xdf\xbf",
		"\xe0\xa0\x80", "\xe2\x80\xa7", "\xe2\x80\xaa", "\xed\x9f\xbf", "\xee\x80\x80",
		"\xef\xb7\x8f", "\xef\xb7\xb0", "\xef\xbb\xbf", "\xef\xbf\xbd", "\xf0\x90\x80\x80",
		"\xf0\x9f\xbf\xbd", "\xf4\x8f\xbf\xbd"};
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (!scalar_is_line(good[i]))
			fail_msg("good[%zu]", i);
	static const char *const bad[] = {"\n", "a\tb", "\x1f", "\x7f", "a\r",
		/* C1, line and paragraph separators, noncharacters */
		"\xc2\x80", "\xc2\x9f", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xef\xb7\x90",
		"\xef\xb7\xaf", "a\xef\xbf\xbe", "\xef\xbf\xbf", "\xf0\x9f\xbf\xbe",
		"\xf4\x8f\xbf\xbf",
		/* not UTF-8: alone, cut short, too long for what it says, a surrogate, too high */
		"\x80", "\xbf", "\xff", "\xc3", "\xe2\x80", "\xf0\x9f\x98", "\xc3z", "\xc0\x80",
		"\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80"};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (scalar_is_line(bad[i]))
			fail_msg("bad[%zu]", i);
}

static void rates_vlans_and_ports(void **state)
{
	(void)state;
	uint64_t bits = 0;
	struct buf text = {0};
	assert_int_equal(scalar_parse_rate("1500kbit", &bits), 0);
	assert_true(bits == 1500000);
	scalar_write_rate(bits, &text);
	assert_string_equal(buf_text(&text), "1500kbit");
	buf_reset(&text);
	scalar_write_rate(UINT64_C(2000000000), &text);
	assert_string_equal(buf_text(&text), "2Gbit");
	buf_done(&text);
	assert_int_equal(scalar_parse_rate("1000000kbit", &bits), -EINVAL);
	assert_int_equal(scalar_parse_rate("kbit", &bits), -EINVAL);

	unsigned first = 0;
	unsigned last = 0;
	assert_int_equal(scalar_parse_vlans("20-29", &first, &last), 0);
	assert_true(first == 20 && last == 29);
	assert_int_equal(scalar_parse_vlans("4094", &first, &last), 0);
	assert_true(first == 4094 && last == 4094);
	static const char *const vlans[] = {"", "0", "4095", "5-4", "1-", "-1", "1-2-3", "01"};
	for (size_t i = 0; i < ARRAY_SIZE(vlans); i++)
		assert_int_equal(scalar_parse_vlans(vlans[i], &first, &last), -EINVAL);

	bool udp = false;
	size_t length = 0;
	assert_int_equal(scalar_parse_port("udp/65535", &udp, &first), 0);
	assert_true(udp && first == 65535);
	assert_int_equal(scalar_parse_endpoint("web-2:80", &length, &first), 0);
	assert_true(length == 5 && first == 80);
	static const char *const endpoints[] = {"", ":", "web", "web:", ":80", "web:0", "web:65536",
		"web:80:80", "Web:80", "a23456789012345678901234567890123456789012345678x:80"};
	for (size_t i = 0; i < ARRAY_SIZE(endpoints); i++)
		assert_int_equal(scalar_parse_endpoint(endpoints[i], &length, &first), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(spans),
		cmocka_unit_test(counts_and_bools),
		cmocka_unit_test(macs),
		cmocka_unit_test(names),
		cmocka_unit_test(interfaces_and_paths),
		cmocka_unit_test(lines),
		cmocka_unit_test(rates_vlans_and_ports),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
