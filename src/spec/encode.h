/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The decoder's inverse: a struct as the YAML that decodes to the same struct. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "spec/key.h"
#include "spec/node.h"

/* Writes every key that has a value, defaults included, in the order of the table. With the tree
 * that the struct was decoded from, each value is followed by a comment that says from which file
 * and line it is; NULL for none. Errors are the buffer's. */
void encode_mapping(const struct key_table *table, const void *values, const struct node *tree,
	struct buf *buf);

/* Writes the value of one key, with the blank or line break that goes before it. False when it has
 * none. */
bool encode_value_of(const struct key *key, const void *values, struct buf *buf);

/* Writes a tree as it was read, without its comments. skip says which values are left out, by their
 * path ("nics.lan.mac").
 */
void encode_tree(const struct node *tree, bool (*skip)(const char *path, const void *context),
	const void *context, struct buf *buf);
