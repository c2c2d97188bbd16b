/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a VM lives, as 'liveness' of its spec has it. systemd ends a unit that says no WATCHDOG=1
 * for WatchdogSec= (sd_notify(3)); this says it as long as QEMU answers, and the guest agent.
 */
#pragma once

#include "host/agent-question.h"
#include "host/qmp-session.h"
#include "plan/plan.h"

struct liveness_watch {
	const struct plan *plan;
	sd_event *event; /* borrowed, as the next two */
	struct qmp_session *qmp;
	struct agent_question *question; /* of the guest agent */
	sd_event_source *timer;
	bool asked;		   /* QEMU, which has not answered yet */
	bool agent_known;	   /* it has answered since the guest booted */
	bool silent;		   /* which was said */
	uint64_t grace_until_usec; /* the agent need not be there before */
};

/* Begins, with the first four set; does nothing when liveness is 'none'. */
int liveness_begin(struct liveness_watch *watch);

/* The guest boots again: its agent may be away for as long as a start may take. */
void liveness_guest_reset(struct liveness_watch *watch);

/* The guest does not live, for a reason that is known: systemd acts at once. */
void liveness_fail(struct liveness_watch *watch, const char *reason);

void liveness_done(struct liveness_watch *watch);
