/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/liveness.h"

#include <syslog.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "host/guest-log.h"

/* So often within the timeout; one answer may be lost, and one late. */
#define QUESTIONS_IN_TIMEOUT 4

static uint64_t interval_usec(const struct liveness_watch *watch)
{
	return watch->plan->vm->liveness.timeout_usec / QUESTIONS_IN_TIMEOUT;
}

static void lives(struct liveness_watch *watch)
{
	if (watch->silent)
		guest_log(watch->plan->vm->name, GUEST_SILENT, LOG_NOTICE, NULL,
			"The VM answers again.");
	watch->silent = false;
	sd_notify(0, "WATCHDOG=1");
}

static void is_silent(struct liveness_watch *watch, const char *who)
{
	if (!watch->silent)
		guest_log(watch->plan->vm->name, GUEST_SILENT, LOG_WARNING, NULL,
			"%s does not answer; systemd ends the VM when that goes on.", who);
	watch->silent = true;
}

static void on_pong(void *context, const json_t *answer)
{
	struct liveness_watch *watch = context;
	if (answer)
		watch->agent_known = true;
	if (answer ||
		(!watch->agent_known && clock_usec(CLOCK_MONOTONIC) < watch->grace_until_usec))
		lives(watch);
	else
		is_silent(watch, "The guest agent");
}

static void ask_agent(struct liveness_watch *watch)
{
	int r = agent_question_ask(
		watch->question, "guest-ping", interval_usec(watch), on_pong, watch);
	/* Another question is open; its answer says as much. */
	if (r == -EBUSY && watch->agent_known)
		lives(watch);
	else if (r < 0)
		on_pong(watch, NULL);
}

static void on_status(void *context, const json_t *status)
{
	struct liveness_watch *watch = context;
	watch->asked = false;
	if (!status)
		return;
	bool runs = json_is_true(json_object_get(status, "running"));
	/* The agent of a paused guest cannot answer. */
	if (runs && watch->plan->vm->liveness.check == LIVENESS_GUEST_AGENT)
		ask_agent(watch);
	else
		lives(watch);
}

static int on_time(sd_event_source *source, uint64_t usec, void *context)
{
	struct liveness_watch *watch = context;
	(void)usec;
	if (watch->asked)
		is_silent(watch, "QEMU");
	else
		watch->asked = qmp_session_execute(
				       watch->qmp, "query-status", NULL, on_status, watch) == 0;
	sd_event_source_set_time_relative(source, interval_usec(watch));
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int liveness_begin(struct liveness_watch *watch)
{
	if (watch->plan->vm->liveness.check == LIVENESS_NONE)
		return 0;
	liveness_guest_reset(watch);
	return sd_event_add_time_relative(
		watch->event, &watch->timer, CLOCK_MONOTONIC, 0, USEC_SECOND / 10, on_time, watch);
}

void liveness_guest_reset(struct liveness_watch *watch)
{
	watch->agent_known = false;
	watch->grace_until_usec =
		clock_add(clock_usec(CLOCK_MONOTONIC), watch->plan->vm->ready_timeout_usec);
}

void liveness_fail(struct liveness_watch *watch, const char *reason)
{
	guest_log(watch->plan->vm->name, GUEST_SILENT, LOG_ERR, NULL, "%s: systemd ends the VM.",
		reason);
	sd_notify(0, "WATCHDOG=trigger");
}

void liveness_done(struct liveness_watch *watch)
{
	watch->timer = sd_event_source_disable_unref(watch->timer);
}
