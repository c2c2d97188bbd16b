/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What happens to a VM, as entries of the journal with a MESSAGE_ID= each, VMLET_VM=, and what else
 * is known as one JSON object in VMLET_DATA=. units/vmlet.catalog explains each (journalctl -x).
 */
#pragma once

#include "host/qmp-stream.h"

enum guest_message {
	GUEST_READY,
	GUEST_NOT_READY,
	GUEST_SHUTDOWN,
	GUEST_RESET,
	GUEST_PANIC,
	GUEST_WATCHDOG,
	GUEST_IO_ERROR,
	GUEST_JOB,
	GUEST_DEVICE,
	GUEST_BALLOON,
	GUEST_MIGRATION,
	GUEST_PAUSED,
	GUEST_RESUMED,
	GUEST_SILENT, /* liveness */
	GUEST_SUPERVISOR,
	GUEST_STOP, /* a rung of the stop ladder */
	GUEST_MESSAGE_COUNT,
};

/* The text of its MESSAGE_ID=. */
const char *guest_message_id(enum guest_message message);

/* Adds an entry. level is one of syslog(3); data may be NULL. Where no journal listens it goes
 * nowhere. */
void guest_log(const char *vm, enum guest_message message, int level, const json_t *data,
	const char *format, ...) PRINTF_LIKE(5, 6);
