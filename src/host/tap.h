/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The descriptors of taps and macvtaps: what QEMU reads and writes a guest's frames by. */
#pragma once

#include "base/error.h"

/* Creates a tap with that name in the network namespace the thread is in and opens it, once for
 * each queue. It lives as long as a descriptor, or a copy of it, is open. -EBUSY when an interface
 * with that name exists. */
int tap_open(const char *name, size_t queues, int fds[], struct error *error);

/* Opens the device of a macvtap with that index, once for each queue. */
int macvtap_open(int index, size_t queues, int fds[], struct error *error);

/* Opens the kernel's virtio-net back end. -ENOENT when the host has none. */
int vhost_net_open(int *ret_fd);

/* The same of its vsock back end. */
int vhost_vsock_open(int *ret_fd);
