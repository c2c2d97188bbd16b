/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The key tables as people read them. Errors are the buffer's. */
#pragma once

#include "base/buf.h"
#include "spec/kind.h"

/* Every path of a kind, a line each: "disks.*.cache". */
void reference_write_paths(enum kind kind, struct buf *buf);

/* The keys of a kind with their sentences, a line each. */
void reference_write_list(enum kind kind, struct buf *buf);

/* All that is known of one key. A part's name may stand for its "*". -ENOENT when there is no such
 * key; what is near is in the buffer then, as "did you mean". */
int reference_write_key(enum kind kind, const char *path, struct buf *buf);

/* The tables of all kinds in Markdown, and as the sections of a manual page (mdoc(7)). */
void reference_write_markdown(struct buf *buf);
void reference_write_mdoc(struct buf *buf);
