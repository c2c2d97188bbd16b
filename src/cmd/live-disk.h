/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a spec says of disks, done to a VM that runs. */
#pragma once

#include "base/arena.h"
#include "host/block.h"

/* Why a disk of a spec cannot come to a running VM; NULL when it can. running is how that was
 * booted. */
const char *live_disk_why_not(const struct plan *running, const struct plan_disk *disk);

/* Makes a disk that is attached as large as its spec says; never smaller, -EFBIG. */
int live_disk_grow(struct block *block, const struct plan_disk *disk, struct error *error);

/* Makes and attaches a disk of the spec. What is made is in the arena. -ENOTSUP where
 * live_disk_why_not() has a reason, -EEXIST when it is attached. */
int live_disk_attach(struct block *block, struct arena *arena, const struct plan *spec,
	const struct plan_disk *disk, struct error *error);

/* Puts a file into a CD-ROM drive: it is opened by who asks, so that QEMU need not be able to read
 * it. */
int live_disk_insert(struct block *block, const char *drive, const char *path, struct error *error);
