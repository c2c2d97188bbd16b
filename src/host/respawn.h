/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A helper process that must be there: started again when it is killed. */
#pragma once

#include <signal.h>
#include <stdbool.h>

/* How it is run. */
struct respawn {
	/* Called first, in the process that watches. */
	void (*begin)(void *context);
	/* What it does; again says that one before it was killed. Its return is the process's end.
	 */
	void (*run)(void *context, bool again);
	/* Told, in the process that watches, which signal ended one; it is started again unless
	 * that comes too often. */
	void (*killed)(void *context, int signal_number, bool given_up);
	void *context;
	/* Signals that the process that watches passes on. They are blocked in the one that does
	 * the work, which takes them from its event loop. */
	sigset_t passed_on;
};

/* Runs it in a child of a process that is PID 1's, not the caller's, and watches it. The caller's
 * descriptors are kept: keep_count of them, moved to 3 and on in their order, and no others; those
 * below 0 stay what they are, and *keep is changed to the new numbers in the new processes. Returns
 * negative errno. */
int respawn_start(const struct respawn *respawn, int *const keep[], int keep_count);
