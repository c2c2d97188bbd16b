/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/key.h"

#include <string.h>

#define COMPARED_LENGTH_MAX 32

static const char *const expectations[KEY_TYPE_COUNT] = {
	[KEY_BOOL] = "yes or no",
	[KEY_COUNT] = "a whole number",
	[KEY_SIZE] = "a size with its unit, such as 512MiB or 20GiB",
	[KEY_SPAN] = "a time span, such as 90s or 1min 30s",
	[KEY_CHOICE] = "one of a few words",
	[KEY_NAME] = "a name: a-z first, then a-z, 0-9 and -",
	[KEY_LINE] = "one line of text",
	[KEY_TEXT] = "text",
	[KEY_PATH] = "an absolute path without . or .. parts",
	[KEY_MAC] = "a unicast MAC address, such as 52:54:00:12:34:56",
	[KEY_INTERFACE] = "an interface name of at most 15 characters, such as br0",
	[KEY_CPU_MODEL] = "a CPU model of QEMU, such as host or qemu64,+ssse3",
	[KEY_RATE] = "a rate with its unit, such as 500kbit, 10Mbit or 1Gbit",
	[KEY_SUBNET] = "an address with its prefix, such as 10.1.0.1/24 or fd00:1::1/64",
	[KEY_ADDRESS] = "an IPv4 address, such as 10.1.0.5",
	[KEY_ADDRESSES] = "IPv4 addresses from one to another, such as 10.1.0.100-10.1.0.199",
	[KEY_VLANS] = "a VLAN ID from 1 to 4094, or from one to another, such as 20-29",
	[KEY_ENDPOINT] = "a VM and its port, such as web:80",
	[KEY_URI] = "a URI, such as nbd://host/export or iscsi://host/target/0",
	[KEY_CREDENTIAL] = "the name of a credential, or the absolute path of its file",
	[KEY_URL] = "a URL, such as https://example.org/image.qcow2",
	[KEY_DIGEST] = "a digest in hexadecimal digits, in small letters",
	[KEY_LIST] = "a list",
	[KEY_SETTINGS] = "a mapping of systemd directives",
	[KEY_PORTS] = "a mapping of the host's ports, such as tcp/8080",
	[KEY_GROUP] = "a mapping",
	[KEY_PARTS] = "a mapping of names",
};

const char *key_type_expects(enum key_type type)
{
	return expectations[type];
}

const struct key *key_find(const struct key_table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->keys[i].name[0] == name[0] && strcmp(table->keys[i].name, name) == 0)
			return &table->keys[i];
	return NULL;
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;
	return least < c ? least : c;
}

/* Optimal string alignment. */
size_t key_distance(const char *a, const char *b)
{
	size_t rows[3][COMPARED_LENGTH_MAX + 1];
	size_t *before = rows[0];
	size_t *previous = rows[1];
	size_t *current = rows[2];
	size_t length_a = strlen(a);
	size_t length_b = strlen(b);
	if (length_a > COMPARED_LENGTH_MAX || length_b > COMPARED_LENGTH_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= length_b; j++)
		previous[j] = j;
	for (size_t i = 1; i <= length_a; i++) {
		current[0] = i;
		for (size_t j = 1; j <= length_b; j++) {
			size_t replaced = previous[j - 1] + (a[i - 1] != b[j - 1]);
			current[j] = min3(previous[j] + 1, current[j - 1] + 1, replaced);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				before[j - 2] + 1 < current[j])
				current[j] = before[j - 2] + 1;
		}
		size_t *oldest = before;
		before = previous;
		previous = current;
		current = oldest;
	}
	return previous[length_b];
}

const char *key_nearest(const struct key_table *table, const char *name)
{
	size_t least = strlen(name) / 3 + 1;
	const char *nearest = NULL;
	for (size_t i = 0; i < table->count; i++) {
		size_t distance = key_distance(name, table->keys[i].name);
		if (distance <= least && (!nearest || distance < least)) {
			least = distance;
			nearest = table->keys[i].name;
		}
	}
	return nearest;
}
