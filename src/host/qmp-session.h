/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * QMP for a process with an event loop (sd-event(3)): commands whose answers come later, and
 * events. QEMU is not trusted: what it sends is bounded, and what makes no sense ends the session.
 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "host/qmp-stream.h"

#define QMP_CALLS_MAX 16

/* What a command returned, borrowed; NULL when QEMU refused it. */
typedef void (*qmp_answer)(void *context, const json_t *value);

struct qmp_call {
	uint64_t id; /* 0: free */
	qmp_answer answer;
	void *context;
};

struct qmp_session {
	sd_event_source *source;
	int fd;
	struct qmp_stream stream;
	struct qmp_call calls[QMP_CALLS_MAX];
	uint64_t last_id;
	bool heard; /* a whole message: from then on, every line is one */
	void (*on_event)(void *context, const char *name, const json_t *message);
	void (*on_end)(void *context);
	void *context;
};

/* Begins on a connected socket, which stays the caller's: sets the call-backs, which get context,
 * and negotiates capabilities. The session may have been somebody else's before, and stand in the
 * middle of a line. on_end is called once, when nothing can come any more. Returns negative errno.
 */
int qmp_session_open(struct qmp_session *session, sd_event *event, int fd);

/* Sends a command; arguments is a reference given away, NULL for none; answer(context, ...) comes
 * later, and may be NULL. Never waits: -EAGAIN when QEMU has read nothing for long, -EBUSY when it
 * has not answered so many. */
int qmp_session_execute(struct qmp_session *session, const char *command, json_t *arguments,
	qmp_answer answer, void *context);

void qmp_session_done(struct qmp_session *session);
