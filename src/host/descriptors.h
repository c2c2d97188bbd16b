/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptors passed from process to process. */
#pragma once

#include "base/error.h"

/* Those that systemd passed from the unit's store (sd_listen_fds_with_names(3)). */
struct descriptors {
	char **names; /* NULL-terminated; the first belongs to descriptor 3 */
};

int descriptors_receive(struct descriptors *ret_descriptors, struct error *error);

/* Puts the one with that name at a fixed number, open across execve(2), and has systemd drop its
 * own copy: what it stands for ends with the process that uses it. (The kernel's vhost thread, for
 * one, is in that process's cgroup as long as anyone holds its descriptor, and no signal ends it.)
 * -ENOENT when it was not passed. */
int descriptors_place(const struct descriptors *descriptors, const char *name, int number);

/* The same where no fixed number is asked for: the caller's to close. -ENOENT when it was not
 * passed. */
int descriptors_take(const struct descriptors *descriptors, const char *name);

/* Marks everything from 3 up to below limit to be closed by execve(2). */
int descriptors_close_below(int limit);

void descriptors_done(struct descriptors *descriptors);
