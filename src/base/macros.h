/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small helpers of the language: array sizes, attributes, cleanup on leaving a scope. */
#pragma once

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define PRINTF_LIKE(format_index, first_argument) \
	__attribute__((format(printf, format_index, first_argument)))

/* Runs f(&variable) when the variable leaves its scope. */
#define CLEANUP(f) __attribute__((cleanup(f)))

static inline void free_pointer(void *pointer)
{
	free(*(void **)pointer);
}

static inline void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define AUTO_FREE CLEANUP(free_pointer)
#define AUTO_CLOSE CLEANUP(close_fd)

/* Moves ownership out of a variable, leaving it empty for its cleanup. */
#define TAKE_PTR(pointer) \
	({ \
		__typeof__(pointer) taken_ = (pointer); \
		(pointer) = NULL; \
		taken_; \
	})

#define TAKE_FD(fd) \
	({ \
		int taken_ = (fd); \
		(fd) = -1; \
		taken_; \
	})
