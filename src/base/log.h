/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a program's own lines go. Only src/cmd/ logs. */
#pragma once

#include <stdbool.h>

#include "base/macros.h"

enum log_level {
	LOG_LEVEL_ERROR = 3, /* the numbers are those of syslog(3) */
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_INFO = 6,
};

struct log {
	int fd;		     /* standard error, or /dev/kmsg */
	const char *program; /* stands before each line */
	bool levels;	     /* lines begin with "<3>", as sd-daemon(3) and /dev/kmsg read it */
	bool kernel;	     /* /dev/kmsg: the line says who wrote it */
};

/* Standard error; with levels when it is the journal ($JOURNAL_STREAM, systemd.exec(5)). */
struct log log_open_stderr(const char *program);

/* As systemd's generators log (systemd.generator(7)): /dev/kmsg, unless standard error is a
 * terminal or $SYSTEMD_LOG_TARGET is "console", or /dev/kmsg cannot be opened. */
struct log log_open_generator(const char *program);

/* Writes one line in one write(2). */
void log_line(const struct log *log, enum log_level level, const char *format, ...)
	PRINTF_LIKE(3, 4);

void log_done(struct log *log);
