/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What linked clones share: files that were disks, and that no one writes to any more. */
#pragma once

#include "host/block.h"

/* A disk on its way to be shared. */
struct layer {
	const struct plan_disk *disk;
	char path[128]; /* where what it holds now is shared */
};

/* Gives the file of each disk a second name, below which it is shared. Nothing changes for the VM.
 */
int layers_link(struct layer *layers, size_t count, const char *vm, struct error *error);

/* Has a running QEMU write to the new files that took the names of its disks, and only read what
 * they were. */
int layers_switch(
	struct block *block, const struct layer *layers, size_t count, struct error *error);

/* Makes them root's, for VMs to read. To be called when nobody writes to them any more. */
int layers_seal(const struct layer *layers, size_t count, struct error *error);

/* Takes the names away that layers_link() gave. */
void layers_unlink(const struct layer *layers, size_t count);
