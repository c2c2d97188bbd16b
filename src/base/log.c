/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct log log_open_stderr(const char *program)
{
	return (struct log){
		.fd = STDERR_FILENO,
		.program = program,
		.levels = getenv("JOURNAL_STREAM") && !isatty(STDERR_FILENO),
	};
}

struct log log_open_generator(const char *program)
{
	const char *target = getenv("SYSTEMD_LOG_TARGET");
	if (isatty(STDERR_FILENO) || (target && strcmp(target, "console") == 0))
		return log_open_stderr(program);
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return log_open_stderr(program);
	return (struct log){.fd = fd, .program = program, .levels = true, .kernel = true};
}

void log_line(const struct log *log, enum log_level level, const char *format, ...)
{
	char line[1200];
	int used = 0;
	if (log->levels)
		used = snprintf(line, sizeof(line), "<%d>", (int)level);
	if (log->kernel)
		used += snprintf(line + used, sizeof(line) - (size_t)used, "%s[%d]: ", log->program,
			(int)getpid());
	else if (!log->levels)
		used = snprintf(line, sizeof(line), "%s: ", log->program);
	va_list arguments;
	va_start(arguments, format);
	/* One byte is kept for the newline. */
	vsnprintf(line + used, sizeof(line) - 1 - (size_t)used, format, arguments);
	va_end(arguments);
	size_t length = strlen(line);
	line[length++] = '\n';
	/* There is nowhere to report that reporting failed. */
	ssize_t written = write(log->fd, line, length);
	(void)written;
}

void log_done(struct log *log)
{
	if (log->fd > STDERR_FILENO)
		close(log->fd);
	log->fd = -1;
}
