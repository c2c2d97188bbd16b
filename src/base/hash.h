/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers derived from names: the same on every host and in every release. */
#pragma once

#include <stdint.h>

/* FNV-1a, 64 bits (draft-eastlake-fnv), with a final mix so that each bit depends on each byte.
 * The parts are hashed with a separator that no name contains, so ("a", "bc") is not ("ab", "c").
 */
uint64_t hash_names(const char *first, const char *second);
