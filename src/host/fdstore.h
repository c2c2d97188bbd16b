/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The unit's descriptor store in systemd (sd_notify(3), FDSTORE=1). */
#pragma once

#include "base/error.h"

/* Drops every stored descriptor with that name; it is closed once fdstore_sync() returns. */
int fdstore_remove(const char *name, struct error *error);

/* Stores a descriptor under a name (no colon, no control characters); the caller keeps its own. */
int fdstore_add(const char *name, int fd, struct error *error);

/* Waits until systemd has handled everything sent so far. */
int fdstore_sync(struct error *error);
