/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* QEMU's events (qemu-qmp-ref(7)) as entries of the journal. */
#pragma once

#include <stdint.h>

#include "host/guest-log.h"

/* How often each kind came of late: a guest that resets for ever must not flood the journal. */
struct guest_events {
	const char *vm;
	struct {
		uint64_t since_usec;
		uint64_t count;
	} rates[GUEST_MESSAGE_COUNT];
};

/* Adds an entry for an event that matters; others pass. */
void guest_events_take(struct guest_events *events, const char *name, const json_t *message);
