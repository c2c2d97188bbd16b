/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The image store: files of root's that no one writes to. */
#pragma once

#include "base/error.h"

/* Moves directory/IMAGE_RESULT_FILE into the store under that name, read-only, and never over
 * another. For root: the file is another user's, of whom no process may be left that has it open;
 * see cgroup_end_others(). */
int image_store_install(const char *directory, const char *name, struct error *error);

/* Ends every other process in this one's cgroup, by SIGKILL, and waits until they are gone. */
int cgroup_end_others(struct error *error);
