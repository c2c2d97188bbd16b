/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many VMs may be starting at once: as many as there are slots, files in /run/vmlet/starts of
 * which a start holds one locked (flock(2)) until the VM is ready. A start that ends in any way
 * gives its slot back, as the last descriptor of it is closed. */
#pragma once

#include <stdint.h>

#include "base/error.h"

/* Waits for a slot of that many, and returns its descriptor; each second, waits(context) is told.
 */
int start_slot_take(
	uint64_t slots, void (*waits)(void *context), void *context, struct error *error);

/* Gives it back, whoever else has a copy of the descriptor; -1 for none. */
void start_slot_release(int fd);
