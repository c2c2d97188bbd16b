/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When a guest that runs is ready, as 'ready' of its spec has it. */
#pragma once

#include "host/agent-question.h"
#include "host/guest-notify.h"
#include "host/serial.h"
#include "plan/plan.h"

struct readiness {
	const struct plan *plan;
	sd_event *event;		 /* borrowed, as the next two */
	struct agent_question *question; /* of the guest agent */
	struct serial *console;
	int tcp_fd; /* the host's; -1 for none */
	sd_event_source *retry;
	sd_event_source *tcp;
	bool is_ready;
	void (*on_ready)(void *context);
	void *context;
};

/* To be called before the guest can print, where it has a console. Returns negative errno. */
int readiness_watch_console(struct readiness *readiness);

/* Begins once the guest runs, with everything above set: on_ready is called once, at once for
 * 'started'. Returns negative errno. */
int readiness_begin(struct readiness *readiness);

/* The guest agent has opened its port. */
void readiness_agent_there(struct readiness *readiness);

/* The guest has said READY=1. */
void readiness_notified(struct readiness *readiness);

/* What is waited for, for people: "the guest agent". */
const char *readiness_awaits(const struct readiness *readiness);

void readiness_done(struct readiness *readiness);
