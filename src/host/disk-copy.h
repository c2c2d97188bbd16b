/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies of disks as they are at one instant, made by QEMU while their guest goes on. */
#pragma once

#include "host/block.h"

enum copy_what {
	COPY_ALL,     /* what the guest sees, whatever holds it */
	COPY_TOP,     /* the disk's own file: the copy stands on what the disk stands on */
	COPY_CHANGES, /* what was written since a bitmap began */
};

struct disk_copy {
	const struct plan_disk *disk;
	int fd;		    /* of the empty file that becomes the copy */
	const char *inside; /* its path in the sandbox of the daemon */
	const char *bitmap; /* for COPY_CHANGES */
};

struct disk_copies {
	struct disk_copy items[DISKS_MAX];
	size_t count;
	enum copy_what what;
	const char *new_bitmap; /* begun at that instant on each disk; NULL for none */
	bool freeze;		/* the guest's agent has its file systems stand still */
};

/* Makes all of them. progress is called now and then, and says by false that it is to end: -EINTR
 * then. The copies are qcow2 files, of raw disks, too, but for COPY_TOP. On an error the bitmaps
 * are as before. */
int disks_copy(struct block *block, const struct disk_copies *copies,
	bool (*progress)(void *context, uint64_t done, uint64_t total), void *context,
	struct error *error);
