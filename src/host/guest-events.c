/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/guest-events.h"

#include <inttypes.h>
#include <string.h>
#include <syslog.h>

#include "base/buf.h"
#include "base/clock.h"

#define RATE_INTERVAL_USEC (60 * USEC_SECOND)
#define RATE_BURST 20

static const char *text_of(const json_t *data, const char *key)
{
	const char *text = json_string_value(json_object_get(data, key));
	return text ? text : "?";
}

/* --- what each says ------------------------------------------------------------------------ */

/* QEMU, qapi/run-state.json: ShutdownCause. */
static void describe_shutdown(const json_t *data, struct buf *text)
{
	static const struct {
		const char *cause;
		const char *meaning;
	} causes[] = {
		{"guest-shutdown", "The guest powered itself off"},
		{"guest-reset", "The guest asked for a reset, which ends this VM"},
		{"guest-panic", "The guest panicked"},
		{"host-qmp-quit", "QEMU ends, as it was told by QMP"},
		{"host-signal", "QEMU ends, because of a signal"},
		{"host-error", "QEMU ends, because of an error on the host"},
	};
	const char *cause = text_of(data, "reason");
	for (size_t i = 0; i < ARRAY_SIZE(causes); i++)
		if (strcmp(causes[i].cause, cause) == 0) {
			buf_puts(text, causes[i].meaning);
			return;
		}
	buf_printf(text, "QEMU ends: %s", cause);
}

static void describe_reset(const json_t *data, struct buf *text)
{
	buf_puts(text, json_is_true(json_object_get(data, "guest")) ? "The guest resets itself"
								    : "The guest is reset");
}

static void describe_panic(const json_t *data, struct buf *text)
{
	(void)data;
	buf_puts(text, "The guest's kernel panicked: its serial console says why "
		       "(vmlet console --log)");
}

static void describe_crash(const json_t *data, struct buf *text)
{
	(void)data;
	buf_puts(text, "The guest's kernel panicked, and boots its crash kernel");
}

static void describe_watchdog(const json_t *data, struct buf *text)
{
	buf_printf(text, "The guest does not feed its watchdog: %s", text_of(data, "action"));
}

static void describe_io_error(const json_t *data, struct buf *text)
{
	const char *device = text_of(data, "device");
	const char *node = json_string_value(json_object_get(data, "node-name"));
	buf_printf(text, "The guest's %s of %s%s%s failed: %s; what follows: %s",
		text_of(data, "operation"), device, node ? ", node " : "", node ? node : "",
		json_is_true(json_object_get(data, "nospace")) ? "no space left on the host"
							       : text_of(data, "reason"),
		text_of(data, "action"));
}

static void describe_corrupted(const json_t *data, struct buf *text)
{
	buf_printf(text, "The disk %s is damaged: %s", text_of(data, "node-name"),
		text_of(data, "msg"));
}

static void describe_job_end(const json_t *data, struct buf *text)
{
	const char *error = json_string_value(json_object_get(data, "error"));
	buf_printf(text, "The job %s (%s) %s%s", text_of(data, "device"), text_of(data, "type"),
		error ? "failed: " : "has ended", error ? error : "");
}

static void describe_job_cancelled(const json_t *data, struct buf *text)
{
	buf_printf(text, "The job %s (%s) was cancelled", text_of(data, "device"),
		text_of(data, "type"));
}

static void describe_device(const json_t *data, struct buf *text)
{
	const char *device = json_string_value(json_object_get(data, "device"));
	buf_printf(text, "The device %s was removed", device ? device : text_of(data, "path"));
}

static void describe_unplug_error(const json_t *data, struct buf *text)
{
	buf_printf(text, "The guest does not let go of the device %s", text_of(data, "device"));
}

static void describe_balloon(const json_t *data, struct buf *text)
{
	uint64_t bytes = (uint64_t)json_integer_value(json_object_get(data, "actual"));
	buf_printf(text, "The guest has %" PRIu64 " MiB of memory now", bytes >> 20);
}

static void describe_migration(const json_t *data, struct buf *text)
{
	buf_printf(text, "Migration: %s", text_of(data, "status"));
}

static void describe_stop(const json_t *data, struct buf *text)
{
	(void)data;
	buf_puts(text, "The guest is paused");
}

static void describe_resume(const json_t *data, struct buf *text)
{
	(void)data;
	buf_puts(text, "The guest runs");
}

static void describe_memory(const json_t *data, struct buf *text)
{
	buf_printf(text, "A memory error in the %s: %s", text_of(data, "recipient"),
		text_of(data, "action"));
}

static const struct row {
	const char *event;
	enum guest_message message;
	int level;
	void (*describe)(const json_t *data, struct buf *text);
} rows[] = {
	{"SHUTDOWN", GUEST_SHUTDOWN, LOG_INFO, describe_shutdown},
	{"RESET", GUEST_RESET, LOG_NOTICE, describe_reset},
	{"GUEST_PANICKED", GUEST_PANIC, LOG_ERR, describe_panic},
	{"GUEST_CRASHLOADED", GUEST_PANIC, LOG_ERR, describe_crash},
	{"WATCHDOG", GUEST_WATCHDOG, LOG_ERR, describe_watchdog},
	{"BLOCK_IO_ERROR", GUEST_IO_ERROR, LOG_ERR, describe_io_error},
	{"BLOCK_IMAGE_CORRUPTED", GUEST_IO_ERROR, LOG_CRIT, describe_corrupted},
	{"MEMORY_FAILURE", GUEST_IO_ERROR, LOG_ERR, describe_memory},
	{"BLOCK_JOB_COMPLETED", GUEST_JOB, LOG_INFO, describe_job_end},
	{"BLOCK_JOB_CANCELLED", GUEST_JOB, LOG_INFO, describe_job_cancelled},
	{"DEVICE_DELETED", GUEST_DEVICE, LOG_INFO, describe_device},
	{"DEVICE_UNPLUG_GUEST_ERROR", GUEST_DEVICE, LOG_WARNING, describe_unplug_error},
	{"BALLOON_CHANGE", GUEST_BALLOON, LOG_INFO, describe_balloon},
	{"MIGRATION", GUEST_MIGRATION, LOG_INFO, describe_migration},
	{"STOP", GUEST_PAUSED, LOG_INFO, describe_stop},
	{"RESUME", GUEST_RESUMED, LOG_INFO, describe_resume},
};

/* --- rates --------------------------------------------------------------------------------- */

/* Whether one more of its kind is too many. Of those held back, the next that passes tells. */
static bool hold_back(struct guest_events *events, enum guest_message message, uint64_t *ret_held)
{
	uint64_t now = clock_usec(CLOCK_MONOTONIC);
	*ret_held = 0;
	if (now - events->rates[message].since_usec >= RATE_INTERVAL_USEC) {
		uint64_t count = events->rates[message].count;
		*ret_held = count > RATE_BURST ? count - RATE_BURST : 0;
		events->rates[message].since_usec = now;
		events->rates[message].count = 0;
	}
	return ++events->rates[message].count > RATE_BURST;
}

void guest_events_take(struct guest_events *events, const char *name, const json_t *message)
{
	const json_t *data = json_object_get(message, "data");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		uint64_t held;
		if (strcmp(row->event, name) != 0)
			continue;
		/* Nameless ones belong to a device's inside. */
		if (strcmp(name, "DEVICE_DELETED") == 0 && !json_object_get(data, "device"))
			return;
		if (hold_back(events, row->message, &held))
			return;
		struct buf text CLEANUP(buf_done) = {0};
		row->describe(data, &text);
		if (held)
			buf_printf(&text, " (and %" PRIu64 " times more before)", held);
		guest_log(events->vm, row->message, row->level, data, "%s.", buf_text(&text));
		return;
	}
}
