/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/guest-status.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"

#define INTERVAL_USEC (10 * USEC_SECOND)
#define AGENT_TIMEOUT_USEC (2 * USEC_SECOND)
/* Every so many intervals the guest agent is asked. */
#define AGENT_TICKS 3

/* Keeps what can stand in one line of a status. */
static void keep(char to[GUEST_STATUS_TEXT_BYTES], const char *from)
{
	size_t length = 0;
	for (; from && *from && length < GUEST_STATUS_TEXT_BYTES - 1; from++)
		if ((unsigned char)*from >= ' ' && *from != 0x7f)
			to[length++] = *from;
	to[length] = '\0';
}

/* --- text ---------------------------------------------------------------------------------- */

static void add_uptime(const struct guest_status *status, struct buf *text)
{
	uint64_t minutes =
		(clock_usec(CLOCK_MONOTONIC) - status->started_usec) / (60 * USEC_SECOND);
	const uint64_t hour = 60;
	const uint64_t day = 24 * hour;
	if (minutes >= day)
		buf_printf(text, ", up %" PRIu64 " d %" PRIu64 " h", minutes / day,
			minutes / hour % 24);
	else if (minutes >= hour)
		buf_printf(
			text, ", up %" PRIu64 " h %" PRIu64 " min", minutes / hour, minutes % hour);
	else if (minutes)
		buf_printf(text, ", up %" PRIu64 " min", minutes);
}

static void add_part(struct buf *text, const char *before, const char *part)
{
	if (part[0]) {
		buf_puts(text, before);
		buf_puts(text, part);
	}
}

static void write_text(const struct guest_status *status, struct buf *text)
{
	bool running = strcmp(status->state, "running") == 0;
	if (status->powers_off)
		buf_puts(text, "The guest is asked to power off");
	else if (status->waits_for)
		buf_printf(text, "The guest runs, and is not ready: waiting for %s",
			status->waits_for);
	else if (running)
		buf_puts(text, "The guest runs");
	else
		buf_printf(text, "The guest is stopped (%s)", status->state);
	add_uptime(status, text);
	add_part(text, "; ", status->system);
	add_part(text, "; ", status->addresses);
	if (status->balloon_bytes && status->balloon_bytes != status->plan->vm->memory_bytes)
		buf_printf(text, "; %" PRIu64 " MiB of memory", status->balloon_bytes >> 20);
	add_part(text, "; ", status->jobs);
	add_part(text, "; it says: ", status->said);
	buf_putc(text, '.');
}

void guest_status_tell(struct guest_status *status, bool ready)
{
	struct buf text CLEANUP(buf_done) = {0};
	write_text(status, &text);
	if (!ready && strncmp(buf_text(&text), status->text, sizeof(status->text) - 1) == 0)
		return;
	snprintf(status->text, sizeof(status->text), "%s", buf_text(&text));
	sd_notifyf(0, "%sSTATUS=%s", ready ? "READY=1\n" : "", status->text);
}

void guest_status_said(struct guest_status *status, const char *text)
{
	keep(status->said, text);
	guest_status_tell(status, false);
}

/* --- QEMU ---------------------------------------------------------------------------------- */

static void on_run_state(void *context, const json_t *value)
{
	struct guest_status *status = context;
	const char *state = json_string_value(json_object_get(value, "status"));
	if (state)
		snprintf(status->state, sizeof(status->state), "%s", state);
	guest_status_tell(status, false);
}

static void on_jobs(void *context, const json_t *value)
{
	struct guest_status *status = context;
	size_t index;
	const json_t *job;
	status->jobs[0] = '\0';
	json_array_foreach(value, index, job)
	{
		json_int_t length = json_integer_value(json_object_get(job, "len"));
		json_int_t done = json_integer_value(json_object_get(job, "offset"));
		const char *type = json_string_value(json_object_get(job, "type"));
		const char *device = json_string_value(json_object_get(job, "device"));
		size_t used = strlen(status->jobs);
		snprintf(status->jobs + used, sizeof(status->jobs) - used,
			"%s%s of %s: %" JSON_INTEGER_FORMAT " %%", used ? ", " : "",
			type ? type : "job", device ? device : "?",
			length > 0 ? done * 100 / length : 0);
	}
}

static void on_balloon(void *context, const json_t *value)
{
	struct guest_status *status = context;
	status->balloon_bytes = (uint64_t)json_integer_value(json_object_get(value, "actual"));
}

/* --- guest agent --------------------------------------------------------------------------- */

static void on_addresses(void *context, const json_t *answer)
{
	struct guest_status *status = context;
	size_t index;
	const json_t *interface;
	struct buf text CLEANUP(buf_done) = {0};
	json_array_foreach(answer, index, interface)
	{
		size_t inner;
		const json_t *address;
		json_array_foreach(json_object_get(interface, "ip-addresses"), inner, address)
		{
			const char *ip = json_string_value(json_object_get(address, "ip-address"));
			/* Those of the loopback and of links tell nothing. */
			if (!ip || strncmp(ip, "127.", 4) == 0 || strcmp(ip, "::1") == 0 ||
				strncmp(ip, "fe80:", 5) == 0)
				continue;
			buf_printf(&text, "%s%s", text.length ? " " : "", ip);
		}
	}
	if (answer)
		keep(status->addresses, buf_text(&text));
	guest_status_tell(status, false);
}

static void on_system(void *context, const json_t *answer)
{
	struct guest_status *status = context;
	keep(status->system, json_string_value(json_object_get(answer, "pretty-name")));
	guest_status_tell(status, false);
}

static void ask_agent(struct guest_status *status)
{
	if (!status->system_asked)
		status->system_asked = agent_question_ask(status->question, "guest-get-osinfo",
					       AGENT_TIMEOUT_USEC, on_system, status) == 0;
	else
		agent_question_ask(status->question, "guest-network-get-interfaces",
			AGENT_TIMEOUT_USEC, on_addresses, status);
}

static int on_time(sd_event_source *source, uint64_t usec, void *context)
{
	struct guest_status *status = context;
	(void)usec;
	qmp_session_execute(status->qmp, "query-block-jobs", NULL, on_jobs, status);
	qmp_session_execute(status->qmp, "query-balloon", NULL, on_balloon, status);
	qmp_session_execute(status->qmp, "query-status", NULL, on_run_state, status);
	if (status->agent_there && (!status->addresses[0] || status->ticks % AGENT_TICKS == 0))
		ask_agent(status);
	status->ticks++;
	sd_event_source_set_time_relative(source, INTERVAL_USEC);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int guest_status_begin(struct guest_status *status)
{
	snprintf(status->state, sizeof(status->state), "running");
	return sd_event_add_time_relative(status->event, &status->timer, CLOCK_MONOTONIC,
		INTERVAL_USEC / 5, USEC_SECOND, on_time, status);
}

void guest_status_done(struct guest_status *status)
{
	status->timer = sd_event_source_disable_unref(status->timer);
}
