/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the ports of a VM were opened with, in /run/vmlet/taps/VM: its end undoes that, whatever the
 * spec says by then. There is a file only for ports that leave something behind.
 */
#pragma once

#include "host/port.h"
#include "host/words.h"

#define OPENED_PORTS_MAX 8

/* What looks at filters and then changes them is done by one at a time: who removes a table that is
 * empty must not remove what another puts into it. Returns a descriptor, of which the lock is. */
int opened_lock(struct error *error);

/* Whether something is left when the descriptors are closed: a macvtap, a filter. */
bool opened_leaves(const struct port *port);

int opened_write(const char *vm, char *const words[], size_t count, struct error *error);

/* Adds one port of a VM that runs, unless it is there. */
int opened_add(const char *vm, char *word, struct error *error);

/* Whether there is anything to undo. */
bool opened_any(const char *vm);

/* Undoes it all, whatever is wrong with a part, and forgets. Nothing to do is no error. */
int opened_undo(struct netlink *netlink, const char *vm, struct error *error);
