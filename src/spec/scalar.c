/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/scalar.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "base/macros.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads digits; *text stands behind them afterwards. */
static int read_digits(const char **text, uint64_t *ret_value)
{
	if (!is_digit(**text))
		return -EINVAL;
	uint64_t value = 0;
	for (; is_digit(**text); (*text)++)
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(**text - '0'), &value))
			return -ERANGE;
	*ret_value = value;
	return 0;
}

/* "010" is eight to some and ten to others: neither is guessed. */
static bool has_leading_zero(const char *text)
{
	return text[0] == '0' && is_digit(text[1]);
}

int scalar_parse_count(const char *text, uint64_t *ret_count)
{
	if (has_leading_zero(text))
		return -EINVAL;
	uint64_t value = 0;
	int r = read_digits(&text, &value);
	if (r < 0)
		return r;
	if (*text)
		return -EINVAL;
	*ret_count = value;
	return 0;
}

static const struct size_unit {
	const char *name;
	unsigned shift;
} size_units[] = {
	{"TiB", 40},
	{"GiB", 30},
	{"MiB", 20},
	{"KiB", 10},
	{"T", 40},
	{"G", 30},
	{"M", 20},
	{"K", 10},
};

int scalar_parse_size(const char *text, uint64_t *ret_bytes)
{
	if (has_leading_zero(text))
		return -EINVAL;
	uint64_t value = 0;
	int r = read_digits(&text, &value);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(size_units); i++) {
		if (strcmp(text, size_units[i].name) != 0)
			continue;
		if (value > UINT64_MAX >> size_units[i].shift)
			return -ERANGE;
		*ret_bytes = value << size_units[i].shift;
		return 0;
	}
	return -EINVAL;
}

#define USEC_SECOND UINT64_C(1000000)

/* systemd.time(7), "Parsing Time Spans". */
static const struct span_unit {
	const char *name;
	uint64_t usec;
} span_units[] = {
	{"usec", 1},
	{"us", 1},
	{"µs", 1},
	{"msec", 1000},
	{"ms", 1000},
	{"seconds", USEC_SECOND},
	{"second", USEC_SECOND},
	{"sec", USEC_SECOND},
	{"s", USEC_SECOND},
	{"minutes", 60 * USEC_SECOND},
	{"minute", 60 * USEC_SECOND},
	{"min", 60 * USEC_SECOND},
	{"m", 60 * USEC_SECOND},
	{"hours", 3600 * USEC_SECOND},
	{"hour", 3600 * USEC_SECOND},
	{"hr", 3600 * USEC_SECOND},
	{"h", 3600 * USEC_SECOND},
	{"days", 86400 * USEC_SECOND},
	{"day", 86400 * USEC_SECOND},
	{"d", 86400 * USEC_SECOND},
	{"weeks", 604800 * USEC_SECOND},
	{"week", 604800 * USEC_SECOND},
	{"w", 604800 * USEC_SECOND},
};

static const char *skip_blanks(const char *text)
{
	while (*text == ' ')
		text++;
	return text;
}

static int read_span_unit(const char **text, uint64_t *ret_usec)
{
	size_t length = strcspn(*text, " 0123456789");
	for (size_t i = 0; i < ARRAY_SIZE(span_units); i++) {
		if (strlen(span_units[i].name) != length ||
			strncmp(*text, span_units[i].name, length) != 0)
			continue;
		*text += length;
		*ret_usec = span_units[i].usec;
		return 0;
	}
	return -EINVAL;
}

/* The digits "5" are half a unit. */
static uint64_t fraction_of(const char *digits, uint64_t unit)
{
	uint64_t value = 0;
	uint64_t scale = unit;
	bool finer = false;
	for (; is_digit(*digits); digits++) {
		finer |= scale % 10 && *digits != '0';
		scale /= 10;
		value += (uint64_t)(*digits - '0') * scale;
	}
	return value + finer;
}

/* Adds number * unit and a fraction; what is too much is endless. */
static void add_span(uint64_t number, uint64_t unit, uint64_t fraction, uint64_t *total)
{
	if (__builtin_mul_overflow(number, unit, &number) ||
		__builtin_add_overflow(number, fraction, &number) ||
		__builtin_add_overflow(*total, number, total))
		*total = SPAN_INFINITE;
}

static int read_span_term(const char **text, uint64_t *total)
{
	uint64_t number = 0;
	if (!is_digit(**text) || has_leading_zero(*text))
		return -EINVAL;
	if (read_digits(text, &number) == -ERANGE) {
		*text += strspn(*text, "0123456789");
		number = UINT64_MAX;
	}
	const char *fraction = "";
	if (**text == '.' && is_digit((*text)[1])) {
		fraction = *text + 1;
		*text = fraction + strspn(fraction, "0123456789");
	}
	*text = skip_blanks(*text);
	uint64_t unit;
	int r = read_span_unit(text, &unit);
	if (r < 0)
		return r;
	add_span(number, unit, fraction_of(fraction, unit), total);
	*text = **text == ' ' && is_digit(*skip_blanks(*text)) ? skip_blanks(*text) : *text;
	return 0;
}

int scalar_parse_span(const char *text, uint64_t *ret_usec)
{
	if (strcmp(text, "infinity") == 0) {
		*ret_usec = SPAN_INFINITE;
		return 0;
	}
	uint64_t total = 0;
	uint64_t seconds;
	int r = scalar_parse_count(text, &seconds);
	if (r != -EINVAL) {
		add_span(r == 0 ? seconds : UINT64_MAX, USEC_SECOND, 0, &total);
		*ret_usec = total;
		return 0;
	}
	do {
		r = read_span_term(&text, &total);
		if (r < 0)
			return r;
	} while (*text);
	*ret_usec = total;
	return 0;
}

int scalar_parse_bool(const char *text, bool plain, bool *ret_value)
{
	static const struct {
		const char *words[2];
		bool plain; /* in quotes it is text */
	} pairs[] = {
		{{"no", "yes"}, false},
		{{"off", "on"}, false},
		{{"false", "true"}, true},
		{{"False", "True"}, true},
		{{"FALSE", "TRUE"}, true},
	};
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		for (int value = 0; value < 2; value++)
			if ((plain || !pairs[i].plain) &&
				strcmp(text, pairs[i].words[value]) == 0) {
				*ret_value = value;
				return 0;
			}
	return -EINVAL;
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -EINVAL;
}

int scalar_parse_mac(const char *text, char ret_mac[MAC_TEXT_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	char mac[MAC_TEXT_BYTES];
	int any = 0;
	for (size_t i = 0; i < 6; i++) {
		int high = hex_value(text[3 * i]);
		int low = high < 0 ? -EINVAL : hex_value(text[3 * i + 1]);
		if (low < 0)
			return -EINVAL;
		char behind = text[3 * i + 2];
		if (i < 5 ? behind != ':' && behind != '-' : behind != '\0')
			return -EINVAL;
		any |= high | low;
		mac[3 * i] = digits[high];
		mac[3 * i + 1] = digits[low];
		mac[3 * i + 2] = i < 5 ? ':' : '\0';
	}
	/* The lowest bit of the first byte says "group" (IEEE 802, 8.2). */
	if (!any || (hex_value(mac[1]) & 1))
		return -EADDRNOTAVAIL;
	memcpy(ret_mac, mac, sizeof(mac));
	return 0;
}

static const struct rate_unit {
	const char *name;
	uint64_t bits;
} rate_units[] = {
	{"Gbit", UINT64_C(1000000000)},
	{"Mbit", UINT64_C(1000000)},
	{"kbit", UINT64_C(1000)},
};

int scalar_parse_rate(const char *text, uint64_t *ret_bits)
{
	uint64_t value = 0;
	size_t digits = strspn(text, "0123456789");
	if (digits > 6 || text[0] == '0' || read_digits(&text, &value) < 0)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(rate_units); i++) {
		if (strcmp(text, rate_units[i].name) != 0)
			continue;
		*ret_bits = value * rate_units[i].bits;
		return 0;
	}
	return -EINVAL;
}

/* A number without leading zero from 1 on; *text stands behind it afterwards. */
static int read_number(const char **text, unsigned max, unsigned *ret_number)
{
	uint64_t value = 0;
	if (**text == '0' || read_digits(text, &value) < 0 || value > max)
		return -EINVAL;
	*ret_number = (unsigned)value;
	return 0;
}

int scalar_parse_vlans(const char *text, unsigned *ret_first, unsigned *ret_last)
{
	unsigned first = 0;
	unsigned last = 0;
	if (read_number(&text, VLAN_MAX, &first) < 0)
		return -EINVAL;
	last = first;
	if (*text == '-') {
		text++;
		if (read_number(&text, VLAN_MAX, &last) < 0)
			return -EINVAL;
	}
	if (*text || last < first)
		return -EINVAL;
	*ret_first = first;
	*ret_last = last;
	return 0;
}

int scalar_parse_port(const char *text, bool *ret_udp, unsigned *ret_port)
{
	unsigned port = 0;
	bool udp = strncmp(text, "udp/", 4) == 0;
	if (!udp && strncmp(text, "tcp/", 4) != 0)
		return -EINVAL;
	text += 4;
	if (read_number(&text, PORT_MAX, &port) < 0 || *text)
		return -EINVAL;
	*ret_udp = udp;
	*ret_port = port;
	return 0;
}

int scalar_parse_endpoint(const char *text, size_t *ret_length, unsigned *ret_port)
{
	size_t length = strcspn(text, ":");
	char name[NAME_LENGTH_MAX + 1];
	if (length > NAME_LENGTH_MAX || text[length] != ':')
		return -EINVAL;
	memcpy(name, text, length);
	name[length] = '\0';
	unsigned port = 0;
	text += length + 1;
	if (!scalar_is_name(name, NAME_LENGTH_MAX) || read_number(&text, PORT_MAX, &port) < 0 ||
		*text)
		return -EINVAL;
	*ret_length = length;
	*ret_port = port;
	return 0;
}

bool scalar_is_name(const char *text, size_t length_max)
{
	size_t length = 0;
	for (; text[length]; length++)
		if (!(text[length] >= 'a' && text[length] <= 'z') && !is_digit(text[length]) &&
			text[length] != '-')
			return false;
	return length > 0 && length <= length_max && text[0] >= 'a' && text[0] <= 'z';
}

bool scalar_is_interface(const char *text)
{
	size_t length = strlen(text);
	if (length == 0 || length > INTERFACE_LENGTH_MAX || text[0] == '-')
		return false;
	for (size_t i = 0; i < length; i++)
		if (text[i] <= ' ' || text[i] > '~' || strchr("/:,%*\"'\\", text[i]))
			return false;
	return strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

bool scalar_is_path(const char *text)
{
	if (text[0] != '/' || scalar_length(text) > PATH_LENGTH_MAX || !scalar_is_line(text))
		return false;
	for (const char *part = text; part; part = strchr(part, '/')) {
		part++;
		size_t length = strcspn(part, "/");
		if (length == 0 || (length == 1 && part[0] == '.') ||
			(length == 2 && part[0] == '.' && part[1] == '.'))
			return false;
	}
	return true;
}

bool scalar_is_credential(const char *text)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789._-");
	return length && !text[length] && length <= CREDENTIAL_LENGTH_MAX && text[0] != '.' &&
	       text[0] != '-';
}

size_t scalar_length(const char *text)
{
	size_t length = 0;
	for (; *text; text++)
		length += ((unsigned char)*text & 0xc0) != 0x80;
	return length;
}

/* Reads one character of UTF-8 (RFC 3629), and not its end. Returns false when none stands there.
 */
static bool read_character(const unsigned char **text, uint32_t *ret_character)
{
	static const uint32_t least[] = {1, 0x80, 0x800, 0x10000};
	const unsigned char *at = *text;
	size_t more = at[0] < 0x80 ? 0 : at[0] < 0xe0 ? 1 : at[0] < 0xf0 ? 2 : 3;
	uint32_t character = more ? at[0] & (0x3fU >> more) : at[0];
	if ((at[0] >= 0x80 && at[0] < 0xc0) || at[0] >= 0xf8)
		return false;
	for (size_t i = 1; i <= more; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return false;
		character = character << 6 | (at[i] & 0x3fU);
	}
	if (character < least[more])
		return false;
	*text = at + more + 1;
	*ret_character = character;
	return true;
}

/* systemd ignores an assignment with a noncharacter (unichar_is_valid() in its src/basic/utf8.c).
 */
static bool is_noncharacter(uint32_t character)
{
	return (character >= 0xfdd0 && character <= 0xfdef) || (character & 0xfffe) == 0xfffe ||
	       (character >= 0xd800 && character <= 0xdfff) || character > 0x10ffff;
}

bool scalar_is_line(const char *text)
{
	for (const unsigned char *at = (const unsigned char *)text; *at;) {
		uint32_t character;
		/* Most texts are ASCII. */
		if (*at >= 0x20 && *at < 0x7f) {
			at++;
			continue;
		}
		if (!read_character(&at, &character) || character < 0x20 ||
			(character >= 0x7f && character <= 0x9f) || character == 0x2028 ||
			character == 0x2029 || is_noncharacter(character))
			return false;
	}
	return true;
}

void scalar_write_size(uint64_t bytes, struct buf *buf)
{
	for (size_t i = 0; i < 4; i++) {
		uint64_t unit = UINT64_C(1) << size_units[i].shift;
		if (bytes % unit)
			continue;
		buf_number(buf, bytes / unit);
		buf_puts(buf, size_units[i].name);
		return;
	}
}

void scalar_write_span(uint64_t usec, struct buf *buf)
{
	if (usec == SPAN_INFINITE) {
		buf_puts(buf, "infinity");
		return;
	}
	bool seconds = usec % USEC_SECOND == 0;
	bool milliseconds = usec % 1000 == 0;
	buf_number(buf, seconds ? usec / USEC_SECOND : milliseconds ? usec / 1000 : usec);
	buf_puts(buf, seconds ? "s" : milliseconds ? "ms" : "us");
}

void scalar_write_rate(uint64_t bits, struct buf *buf)
{
	for (size_t i = 0; i < ARRAY_SIZE(rate_units); i++) {
		if (bits % rate_units[i].bits)
			continue;
		buf_number(buf, bits / rate_units[i].bits);
		buf_puts(buf, rate_units[i].name);
		return;
	}
}
