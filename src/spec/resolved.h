/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The resolved spec: a VM with its profiles merged and its defaults filled in, then the documents
 * that it refers to. Nothing else is needed to run it. */
#pragma once

#include "base/buf.h"
#include "spec/document.h"

/* Writes it for a whole VM. With origins, each value is followed by a comment that says from which
 * file and line it is. Errors are the buffer's. */
void resolved_write(const struct documents *documents, const struct document *document,
	bool origins, struct buf *buf);

/* The same for a VM that is in no document: what it refers to is in the first of these that has it.
 */
void resolved_write_vm(const struct vm *vm, const struct documents *documents,
	const struct documents *others, struct buf *buf);
