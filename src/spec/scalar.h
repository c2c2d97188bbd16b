/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The words of the spec language: text to value and back. Each parser takes the whole text or
 * returns -EINVAL (not of that form) or -ERANGE (of that form, but too large to hold).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define NAME_LENGTH_MAX 48
/* A disk's name is its default serial number, and virtio-blk holds 20 bytes (virtio 1.2, 5.2.6). */
#define PART_NAME_LENGTH_MAX 20
/* IFNAMSIZ without its NUL. */
#define INTERFACE_LENGTH_MAX 15
#define MAC_TEXT_BYTES 18
/* Of four bytes each, they stay below PATH_MAX. */
#define PATH_LENGTH_MAX 1023

#define SPAN_INFINITE UINT64_MAX
#define VLAN_MAX 4094
#define PORT_MAX 65535

/* A decimal number without sign, leading zero or blank. */
int scalar_parse_count(const char *text, uint64_t *ret_count);

/* Bytes: a number and one of K M G T, KiB MiB GiB TiB, all binary. Without a unit: -EINVAL, as
 * nobody can tell bytes from megabytes. */
int scalar_parse_size(const char *text, uint64_t *ret_bytes);

/* Microseconds, as systemd.time(7) writes time spans: "90s", "1min 30s", "1.5h"; a whole number
 * alone is seconds. "infinity", and what 64 bits do not hold, is SPAN_INFINITE; what is finer than
 * a microsecond is rounded up. */
int scalar_parse_span(const char *text, uint64_t *ret_usec);

/* yes, no, on and off, quoted or not; true and false as YAML's core schema has them (YAML 1.2,
 * 10.3), which in quotes are text. */
int scalar_parse_bool(const char *text, bool plain, bool *ret_value);

/* A unicast Ethernet address, normalised to lower case with colons. -EADDRNOTAVAIL when it is one
 * that no interface may have (multicast, or all zero). */
int scalar_parse_mac(const char *text, char ret_mac[MAC_TEXT_BYTES]);

/* [a-z][a-z0-9-]* within the length. */
bool scalar_is_name(const char *text, size_t length_max);

/* Bits a second: a number of at most six digits and one of kbit Mbit Gbit, powers of 1000. */
int scalar_parse_rate(const char *text, uint64_t *ret_bits);

/* A VLAN ID (IEEE 802.1Q, 9.6: 1 to 4094), or two with a dash between, the lower one first. */
int scalar_parse_vlans(const char *text, unsigned *ret_first, unsigned *ret_last);

/* "tcp/8080" or "udp/53". ret_udp says which. */
int scalar_parse_port(const char *text, bool *ret_udp, unsigned *ret_port);

/* "web:80". The name is as long as ret_length says. */
int scalar_parse_endpoint(const char *text, size_t *ret_length, unsigned *ret_port);

/* What the kernel takes as an interface name (dev_valid_name() in net/core/dev.c): 1 to 15 bytes,
 * no slash, colon or blank, and not "." or "..". Only printable ASCII here, and no "*", which
 * others take for any name. */
bool scalar_is_interface(const char *text);

/* An absolute path without empty, "." or ".." parts. */
bool scalar_is_path(const char *text);

/* The name of a credential of systemd: a-z, A-Z, 0-9, '.', '_' and '-', not '.' or '-' first, at
 * most CREDENTIAL_LENGTH_MAX characters. systemd takes any file name (systemd.exec(5)). */
#define CREDENTIAL_LENGTH_MAX 128
bool scalar_is_credential(const char *text);

/* How many characters a text of UTF-8 has. */
size_t scalar_length(const char *text);

/* Valid on one line of any file: UTF-8 without control characters (C1 ones and U+2028/9 included)
 * and noncharacters (U+FDD0 to U+FDEF, U+FFFE, U+FFFF and their like). */
bool scalar_is_line(const char *text);

/* The shortest text that parses to the same value. */
void scalar_write_size(uint64_t bytes, struct buf *buf);
void scalar_write_span(uint64_t usec, struct buf *buf);
void scalar_write_rate(uint64_t bits, struct buf *buf);
