/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The CPUs and the memory of a VM that runs. */
#pragma once

#include "host/block.h"

/* Why a change of this key, "cpus.count" or "memory", cannot be made while the VM runs; NULL when
 * it can, or for another key. */
const char *live_machine_why_not(const struct vm *running, const struct vm *spec, const char *path);

/* Adds CPUs, or has the guest let those go that were added. It brings them on line itself. */
int live_machine_set_cpus(struct block *block, uint64_t count, struct error *error);

/* Sets the size that the balloon leaves to the guest, which takes its time. */
int live_machine_set_memory(struct block *block, uint64_t bytes, struct error *error);
