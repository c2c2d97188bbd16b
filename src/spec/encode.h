/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The decoder's inverse: a struct as the YAML that decodes to the same struct. */
#pragma once

#include "base/buf.h"
#include "spec/key.h"

/* Writes every key that has a value, defaults included, in the order of the table. Errors are the
 * buffer's. */
void encode_mapping(const struct key_table *table, const void *values, struct buf *buf);
