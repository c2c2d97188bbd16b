/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words of a command line, kept in a file for a later command: one a line. */
#pragma once

#include "base/buf.h"
#include "base/error.h"

struct words {
	struct buf text;
	char **items; /* in the text, which may be changed; NULL-terminated */
	size_t count;
};

/* Reads them. -ENOENT when there is no such file. */
int words_read_at(int dir_fd, const char *path, struct words *ret_words);
void words_done(struct words *words);

/* Writes them, as a whole; last may be NULL. */
int words_write_at(
	int dir_fd, const char *path, char *const words[], size_t count, const char *last);
