/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What 'systemctl status' says of a VM that runs: STATUS= of sd_notify(3). */
#pragma once

#include "host/agent-question.h"
#include "host/qmp-session.h"
#include "plan/plan.h"

#define GUEST_STATUS_TEXT_BYTES 128

struct guest_status {
	const struct plan *plan;
	sd_event *event; /* borrowed, as the next two */
	struct qmp_session *qmp;
	struct agent_question *question; /* of the guest agent */
	const char *waits_for;		 /* before the guest is ready; else NULL */
	bool agent_there;
	bool system_asked;
	bool powers_off;       /* it was asked to */
	uint64_t started_usec; /* CLOCK_MONOTONIC, when the guest first ran */
	sd_event_source *timer;
	uint64_t ticks;
	uint64_t balloon_bytes;		      /* 0: not known */
	char state[32];			      /* of QEMU: "running" */
	char system[GUEST_STATUS_TEXT_BYTES]; /* "Debian GNU/Linux 12 (bookworm)" */
	char addresses[GUEST_STATUS_TEXT_BYTES];
	char jobs[GUEST_STATUS_TEXT_BYTES];
	char said[GUEST_STATUS_TEXT_BYTES]; /* by the guest itself */
	char text[1024];		    /* the last that systemd was told */
};

/* Begins, with the first fields set. Returns negative errno. */
int guest_status_begin(struct guest_status *status);

/* Tells systemd at once, when there is something new; ready says READY=1 with it. */
void guest_status_tell(struct guest_status *status, bool ready);

/* What the guest's systemd says of itself; what is not printable is left out. */
void guest_status_said(struct guest_status *status, const char *text);

void guest_status_done(struct guest_status *status);
