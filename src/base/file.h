/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whole files: read with a bound, written so that a reader sees the old one or the new one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"

/* Reads from an open descriptor to the end of the regular file. -EFBIG when it holds more than
 * limit bytes; what was read is in the buffer all the same. */
int file_read_fd(int fd, size_t limit, struct buf *buf);

/* Opens and reads a regular file below a directory. -EINVAL when it is not a regular file. */
int file_read_at(int dir_fd, const char *name, size_t limit, struct buf *buf);

/* Writes all bytes, through short writes and signals. */
int file_write_all(int fd, const char *data, size_t length);

/* Copies a file to an empty one, from the beginning to its end, with its holes; where the file
 * system can, the two share what they hold. */
int file_copy(int from_fd, int to_fd);

/* Replaces dir_fd/name, which may be in a directory below, by a file of these bytes through a
 * temporary beside it and rename(2). The mode is subject to the umask. It is atomic: a killed
 * writer leaves ".NAME.PID.tmp" at most. With sync, the data and the directory are on the disk when
 * it returns. */
int file_replace_at(
	int dir_fd, const char *name, const char *data, size_t length, mode_t mode, bool sync);

/* The same, and the file is of the directory's owner before it has its name: for root, in a
 * directory whose owner is not to be trusted. */
int file_replace_for_owner_at(
	int dir_fd, const char *name, const char *data, size_t length, mode_t mode, bool sync);

/* Makes a new file that has its name only once it is whole, without a temporary (open(2),
 * O_TMPFILE). -EEXIST when there is one; another errno where the file system or the privileges do
 * not allow it. */
int file_create_at(int dir_fd, const char *name, const char *data, size_t length, mode_t mode);

/* Gives a file to the owner of a directory, unless it is that already: it is the owner who asks, or
 * root. */
int file_give(int dir_fd, int fd);

/* Waits for the lock of a directory: a file, ".lock", that only its owner may open, as anyone who
 * may could keep it. Returns a descriptor; the lock is its, and ends with it. */
int file_lock_at(int dir_fd);

/* Creates a directory where there is none and opens it. A link with that name is not followed. */
int file_open_directory_at(int dir_fd, const char *name, mode_t mode, int *ret_fd);
