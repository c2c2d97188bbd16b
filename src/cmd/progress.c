/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/progress.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

/* A handler has nothing but globals to tell it to (signal-safety(7)). */
static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

struct progress progress_begin(void)
{
	/* Not SA_RESTART: who waits is to notice. */
	const struct sigaction action = {.sa_handler = interrupt};
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	return (struct progress){.shown = isatty(STDERR_FILENO)};
}

void progress_show(struct progress *progress, const char *format, ...)
{
	if (!progress->shown)
		return;
	va_list arguments;
	va_start(arguments, format);
	fputs("\r\033[K", stderr);
	vfprintf(stderr, format, arguments);
	fflush(stderr);
	va_end(arguments);
	progress->on_line = true;
}

void progress_clear(struct progress *progress)
{
	if (progress->on_line)
		fputs("\r\033[K", stderr);
	progress->on_line = false;
}

bool progress_interrupted(void)
{
	return interrupted;
}
