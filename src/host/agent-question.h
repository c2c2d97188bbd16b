/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A question to QEMU's guest agent from a process with an event loop (sd-event(3)). The agent's
 * socket serves one at a time, so a connection lasts as long as one question.
 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "host/agent.h"

struct agent_question {
	struct agent agent;
	sd_event *event; /* borrowed */
	sd_event_source *io;
	sd_event_source *timer;
	void (*on_answer)(void *context, const json_t *answer);
	void *context;
};

/* Asks, with agent.path and event set. on_answer gets what the agent returned, borrowed, or NULL
 * when nothing came in time. Returns -EBUSY while a question is open, other negative errno when it
 * cannot be asked. */
int agent_question_ask(struct agent_question *question, const char *command, uint64_t timeout_usec,
	void (*on_answer)(void *context, const json_t *answer), void *context);

void agent_question_done(struct agent_question *question);
