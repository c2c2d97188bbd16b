/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taps: the host's end of a guest's network interface. */
#pragma once

#include "base/error.h"

/* Creates a tap with that name in the network namespace the thread is in and opens it. It lives as
 * long as the descriptor, or a copy of it, is open. -EBUSY when an interface with that name exists.
 */
int tap_open(const char *name, int *ret_fd, struct error *error);

/* Opens the kernel's virtio-net back end. -ENOENT when the host has none. */
int vhost_net_open(int *ret_fd);
