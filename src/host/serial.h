/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest's serial console, between QEMU and those who watch: a socket that serves several at once,
 * of which the first may type; a file that keeps the history; lines for the journal; and an eye on
 * the line that says that the guest is ready. Whoever attaches is shown the last of what the guest
 * printed since QEMU started. Nobody can hold the guest up: who does not read loses.
 */
#pragma once

#include <regex.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/buf.h"

#define SERIAL_VIEWERS_MAX 16
#define SERIAL_HISTORY_BYTES 16384
#define SERIAL_WAITING_BYTES 65536
#define SERIAL_LINE_BYTES 1024

struct serial_viewer {
	struct serial *serial;
	sd_event_source *source; /* NULL: free */
	int fd;
	uint64_t number;    /* in the order of arrival */
	struct buf waiting; /* what its socket had no room for */
	size_t lost;	    /* bytes that there was no room for at all */
};

struct serial {
	const char *vm;
	sd_event *event; /* borrowed */
	int qemu_fd;
	int listener_fd;
	int directory_fd; /* where the history is kept */
	int file_fd;
	uint64_t file_bytes;
	sd_event_source *qemu;
	sd_event_source *listener;
	struct serial_viewer viewers[SERIAL_VIEWERS_MAX];
	uint64_t last_number;
	char history[SERIAL_HISTORY_BYTES]; /* a ring */
	uint64_t printed;		    /* bytes since the beginning */
	char line[SERIAL_LINE_BYTES + 1];   /* what has come of the current one */
	size_t line_length;
	struct buf typed; /* that QEMU had no room for */
	bool journal;
	uint64_t journal_since_usec; /* this and the next: how many lines of late */
	uint64_t journal_lines;
	bool awaits;
	regex_t awaited; /* where it does */
	void (*on_match)(void *context);
	void *context;
};

/* Begins, with vm, event, the descriptors of QEMU's end, of a listening socket and of the state
 * directory set, and journal; they stay the caller's. Returns negative errno. */
int serial_open(struct serial *serial);

/* Calls on_match(context) once, when a line that the extended regular expression matches has come.
 * Returns -EINVAL when it is none. */
int serial_await(struct serial *serial, const char *expression, void (*on_match)(void *context),
	void *context);

/* Prints what QEMU has written and nobody has taken yet, for its last words. */
void serial_drain(struct serial *serial);

void serial_done(struct serial *serial);
