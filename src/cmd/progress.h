/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Work that takes its time, as one line that changes on a terminal; and Ctrl-C, which ends it
 * cleanly. */
#pragma once

#include <stdbool.h>

#include "base/macros.h"

struct progress {
	bool shown;   /* standard error is a terminal */
	bool on_line; /* something stands on the line */
};

/* Begins: from now on Ctrl-C, SIGTERM and SIGHUP are told by progress_interrupted() only. */
struct progress progress_begin(void);

/* Replaces the line. */
void progress_show(struct progress *progress, const char *format, ...) PRINTF_LIKE(2, 3);

/* Clears the line, before something else is printed or at the end. */
void progress_clear(struct progress *progress);

/* Whether the person asked to stop. */
bool progress_interrupted(void);
