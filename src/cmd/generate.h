/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the generator writes for a checked set of VMs. */
#pragma once

#include "base/error.h"
#include "plan/set.h"

/* running names the VMs that run, of which some may have no spec any more. Writes drop-ins,
 * resolved specs and the links of vms.target below a directory, each file whole. They name files of
 * each other as if they were below named_directory. A VM that fails does not stop the others; the
 * first failure is returned. */
int generate(const struct set *set, const struct strings *running, const char *directory,
	const char *named_directory, struct error *error);

/* Adds the drop-in of one VM that has something in force. Returns -ENOMEM when memory is short,
 * else 0. */
int generate_text(const struct member *member, const char *named_directory, struct arena *scratch,
	struct buf *text);
