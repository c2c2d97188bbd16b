/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/address.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static size_t address_bytes(int family)
{
	return family == AF_INET ? 4 : 16;
}

int address_parse_ipv4(const char *text, struct address *ret_address)
{
	struct address address = {.family = AF_INET};
	if (inet_pton(AF_INET, text, address.bytes) != 1)
		return -EINVAL;
	*ret_address = address;
	return 0;
}

int address_parse(const char *text, struct address *ret_address)
{
	struct address address = {.family = AF_INET6};
	if (address_parse_ipv4(text, ret_address) == 0)
		return 0;
	if (strchr(text, '.') || inet_pton(AF_INET6, text, address.bytes) != 1)
		return -EINVAL;
	*ret_address = address;
	return 0;
}

/* The text up to a separator, as an address. */
static int parse_up_to(const char *text, const char *end, struct address *ret_address)
{
	char word[ADDRESS_TEXT_BYTES];
	size_t length = (size_t)(end - text);
	if (length >= sizeof(word))
		return -EINVAL;
	memcpy(word, text, length);
	word[length] = '\0';
	return address_parse(word, ret_address);
}

int subnet_parse(const char *text, struct subnet *ret_subnet)
{
	struct subnet subnet;
	const char *slash = strchr(text, '/');
	if (!slash || parse_up_to(text, slash, &subnet.address) < 0)
		return -EINVAL;
	const char *digits = slash + 1;
	size_t length = strspn(digits, "0123456789");
	if (length == 0 || length > 3 || digits[length] || digits[0] == '0')
		return -EINVAL;
	subnet.prefix = 0;
	for (; *digits; digits++)
		subnet.prefix = subnet.prefix * 10 + (unsigned)(*digits - '0');
	if (subnet.prefix > 8 * address_bytes(subnet.address.family))
		return -EINVAL;
	*ret_subnet = subnet;
	return 0;
}

int address_range_parse(const char *text, struct address_range *ret_range)
{
	struct address_range range;
	const char *dash = strchr(text, '-');
	if (!dash || parse_up_to(text, dash, &range.first) < 0 || range.first.family != AF_INET ||
		address_parse_ipv4(dash + 1, &range.last) < 0)
		return -EINVAL;
	*ret_range = range;
	return 0;
}

int address_compare(const struct address *left, const struct address *right)
{
	if (left->family != right->family)
		return left->family == AF_INET ? -1 : 1;
	return memcmp(left->bytes, right->bytes, address_bytes(left->family));
}

/* The bits of a byte that belong to the prefix. */
static unsigned char mask_byte(unsigned prefix, size_t index)
{
	if (prefix >= 8 * (index + 1))
		return 0xff;
	return prefix > 8 * index ? (unsigned char)(0xff00 >> (prefix - 8 * index)) : 0;
}

struct address subnet_first(const struct subnet *subnet)
{
	struct address first = subnet->address;
	for (size_t i = 0; i < address_bytes(first.family); i++)
		first.bytes[i] &= mask_byte(subnet->prefix, i);
	return first;
}

struct address subnet_last(const struct subnet *subnet)
{
	struct address last = subnet->address;
	for (size_t i = 0; i < address_bytes(last.family); i++)
		last.bytes[i] |= (unsigned char)~mask_byte(subnet->prefix, i);
	return last;
}

bool subnet_contains(const struct subnet *subnet, const struct address *address)
{
	struct address first = subnet_first(subnet);
	struct address last = subnet_last(subnet);
	return address->family == first.family && address_compare(&first, address) <= 0 &&
	       address_compare(address, &last) <= 0;
}

bool subnets_overlap(const struct subnet *left, const struct subnet *right)
{
	const struct subnet *wider = left->prefix <= right->prefix ? left : right;
	return subnet_contains(wider, wider == left ? &right->address : &left->address);
}

void address_write(const struct address *address, char text[ADDRESS_TEXT_BYTES])
{
	inet_ntop(address->family, address->bytes, text, ADDRESS_TEXT_BYTES);
}

void subnet_write_netmask(const struct subnet *subnet, char text[ADDRESS_TEXT_BYTES])
{
	struct address mask = {.family = AF_INET};
	for (size_t i = 0; i < 4; i++)
		mask.bytes[i] = mask_byte(subnet->prefix, i);
	address_write(&mask, text);
}
