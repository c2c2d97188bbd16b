/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IP addresses, subnets and ranges: text to value, and how they lie to each other. */
#pragma once

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>

/* INET6_ADDRSTRLEN, a slash, three digits. */
#define ADDRESS_TEXT_BYTES 52

struct address {
	int family;		 /* AF_INET or AF_INET6 */
	unsigned char bytes[16]; /* network order; the first four of IPv4 */
};

/* An address with the length of its network's prefix: "10.0.0.1/24". */
struct subnet {
	struct address address;
	unsigned prefix;
};

struct address_range {
	struct address first;
	struct address last;
};

/* A dotted quad, or IPv6 in hexadecimal (RFC 4291, 2.2, its forms 1 and 2). -EINVAL otherwise. */
int address_parse(const char *text, struct address *ret_address);
int address_parse_ipv4(const char *text, struct address *ret_address);

/* An address, a slash, and a prefix of at least 1. -EINVAL otherwise. */
int subnet_parse(const char *text, struct subnet *ret_subnet);

/* Two IPv4 addresses with a dash between. -EINVAL otherwise; which is less is not looked at. */
int address_range_parse(const char *text, struct address_range *ret_range);

/* Less than, equal to or greater than 0; IPv4 before IPv6. */
int address_compare(const struct address *left, const struct address *right);

bool subnet_contains(const struct subnet *subnet, const struct address *address);
bool subnets_overlap(const struct subnet *left, const struct subnet *right);

/* The first and the last address of a subnet: of IPv4, its own and its broadcast address. */
struct address subnet_first(const struct subnet *subnet);
struct address subnet_last(const struct subnet *subnet);

/* How an address is written (RFC 5952 for IPv6). */
void address_write(const struct address *address, char text[ADDRESS_TEXT_BYTES]);

/* The netmask of an IPv4 subnet, as a dotted quad. */
void subnet_write_netmask(const struct subnet *subnet, char text[ADDRESS_TEXT_BYTES]);
