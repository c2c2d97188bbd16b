/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks and media that come and go while the guest runs. */
#pragma once

#include "host/block.h"

/* Gives QEMU a disk of that name: words are options of its command line, each a flag and a value,
 * NULL at the end; the device comes last, pcie says that it needs a port. On an error nothing of it
 * stays. */
int hotplug_add(struct block *block, const char *name, const char *const words[], bool pcie,
	struct error *error);

/* Gives QEMU a device of its command line's -device; pcie says that it needs a port. */
int hotplug_plug(struct block *block, const char *options, bool pcie, struct error *error);

/* Whether there is a device with that id; -errno when nobody knows. */
int hotplug_has(struct block *block, const char *id, struct error *error);

/* Asks the guest to let a device go, and waits until it has. -ENOENT when there is none,
 * -ETIMEDOUT when the guest keeps it. */
int hotplug_unplug(struct block *block, const char *id, struct error *error);

/* Asks the guest to let a disk go, waits until it has, and forgets its nodes. -ENOENT when there is
 * none, -ETIMEDOUT when the guest keeps it. */
int hotplug_remove(struct block *block, const char *name, struct error *error);

/* Removes the nodes of a disk that no device has; whether there were any. */
bool hotplug_forget(struct block *block, const char *name);

/* Takes the medium out of a drive, if there is one; puts in what is open as the descriptor. */
int hotplug_eject(struct block *block, const char *drive, struct error *error);
int hotplug_insert(struct block *block, const char *drive, int fd, struct error *error);
