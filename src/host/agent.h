/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* QEMU's guest agent (qemu-ga-ref(7)): one question to several guests at once. None is trusted, and
 * most have none: an answer comes in time, or not at all. */
#pragma once

#include <stdint.h>

#include "host/qmp-stream.h"

struct agent {
	const char *path;      /* of the socket */
	const char *arguments; /* of the command, in JSON; NULL for none */
	json_t *answer;	       /* what it returned; NULL for nothing */
	/* while it is asked */
	int fd;
	bool synchronised;
	struct qmp_stream stream;
};

/* Asks the agents whose path is given, and waits for all of them at once. */
void agents_ask(struct agent *agents, size_t count, const char *command, uint64_t timeout_usec);

/* The same in steps, for a process with an event loop: asks (fd is -1 when that is not possible),
 * and takes what has come when fd is readable. The question is over when fd is -1 again. */
void agent_begin(struct agent *agent, const char *command);
void agent_receive(struct agent *agent);

/* Ends a question, answered or not, and empties the agent for another. */
void agent_reset(struct agent *agent);

/* Whether an agent answers at this socket, for a question that may take long. */
bool agent_is_there(const char *path);

/* Whether the guest has the port open, by what QEMU answers to query-chardev: without an agent it
 * has not, and who waits for an answer waits in vain. */
bool agent_has_port(const json_t *chardevs);

/* Asks one agent; whether it answered. */
bool agent_ask(const char *path, const char *command, uint64_t timeout_usec);

void agent_done(struct agent *agent);
