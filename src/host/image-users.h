/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is in the image store, and which disks stand on it. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "spec/key.h"

/* A file of the image store, or one that clones share. */
struct stored_image {
	const char *path;
	const char *name;    /* of the image; NULL for what clones share */
	uint64_t size_bytes; /* that it takes */
	uint64_t changed_sec;
	struct strings users; /* disks as VM/DISK, then other files of the store */
};

struct image_store {
	struct stored_image *items; /* by path */
	size_t count;
};

/* Reads the store and the headers of all disks of VMs, without QEMU. -EINVAL where a disk does not
 * tell what it stands on: then nothing may be removed. */
int image_store_read(struct arena *arena, struct image_store *ret_store, struct error *error);

/* Waits until no VM prepares its disks, and has others wait until the descriptor is closed. Returns
 * the descriptor; -EBUSY after some seconds. */
int image_store_lock(struct error *error);

/* Removes a file that the store was found to have. */
int image_store_remove(const struct stored_image *image, struct error *error);
