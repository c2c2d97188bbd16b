/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A qcow2 file's header, read without opening anything that it names (QEMU,
 * docs/interop/qcow2.txt). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define QCOW2_BACKING_MAX 1023

struct qcow2_header {
	uint64_t size_bytes; /* as the guest sees it */
	uint32_t snapshots;
	char backing[QCOW2_BACKING_MAX + 1]; /* "" for none */
};

/* Reads the header of an open file; path is for messages. -EINVAL when it is not a qcow2 file of
 * version 2 or 3, one with an external data file, or one with tables larger than the file. */
int qcow2_read_header(
	int fd, const char *path, struct qcow2_header *ret_header, struct error *error);
