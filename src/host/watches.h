/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directories in which a change can be one of the specs. */
#pragma once

#include "base/arena.h"
#include "spec/key.h"

/* Lists, for each of the colon-separated directories that is there, besides itself: those that hold
 * a link on the way to it, where it really is, and where links in it lead to. That is what a watch
 * by name misses when a link is replaced (inotify(7)). None twice. Returns -ENOMEM when memory is
 * short, else 0. */
int watches_list(struct arena *arena, const char *search_path, struct strings *ret_paths);
