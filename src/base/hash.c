/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/hash.h"

#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static uint64_t add_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * FNV_PRIME;
	return hash;
}

uint64_t hash_names(const char *first, const char *second)
{
	uint64_t hash = add_text(FNV_OFFSET, first);
	hash = (hash ^ '/') * FNV_PRIME;
	hash = add_text(hash, second);
	/* The finaliser of MurmurHash3: FNV alone leaves the high bits of short names alike. */
	hash = (hash ^ (hash >> 33)) * UINT64_C(0xff51afd7ed558ccd);
	hash = (hash ^ (hash >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
	return hash ^ (hash >> 33);
}
