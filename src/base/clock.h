/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clocks in microseconds (clock_gettime(2)). */
#pragma once

#include <stdint.h>
#include <time.h>

#define USEC_SECOND UINT64_C(1000000)

static inline uint64_t clock_usec(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * USEC_SECOND + (uint64_t)now.tv_nsec / 1000;
}

/* The sum, or UINT64_MAX where it is out of range, as spans may be "infinity". */
static inline uint64_t clock_add(uint64_t usec, uint64_t span_usec)
{
	return span_usec > UINT64_MAX - usec ? UINT64_MAX : usec + span_usec;
}
