/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Spec files that vmlet writes: new ones only. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

/* Where a new spec goes: NAME.yaml in the first of the spec directories. NULL when memory is short.
 */
const char *spec_file_path(struct arena *arena, const char *name);

/* Writes one, whole or not at all. -EEXIST when there is such a file, which stays as it is. */
int spec_file_write(const char *path, const struct buf *text, struct error *error);
