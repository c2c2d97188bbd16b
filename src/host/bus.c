/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/bus.h"

#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>

/* Generators may take their time. */
#define RELOAD_TIMEOUT_USEC (120 * UINT64_C(1000000))

#define SERVICE "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER SERVICE ".Manager"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define UNIT SERVICE ".Unit"
#define UNIT_SERVICE SERVICE ".Service"

static int bus_error(struct error *error, int code, const sd_bus_error *reason, const char *what,
	const char *unit)
{
	return error_set(error, -code, "cannot %s %s: %s", what, unit,
		reason->message ? reason->message : strerror(-code));
}

int bus_open(struct sd_bus **ret_bus, struct error *error)
{
	int r = sd_bus_open_system(ret_bus);
	return r < 0 ? error_set_errno(error, -r, "cannot reach systemd on the system bus") : 0;
}

void bus_close(struct sd_bus **bus)
{
	*bus = sd_bus_flush_close_unref(*bus);
}

static int read_string(sd_bus *bus, const char *path, const char *interface, const char *property,
	char *text, size_t size, sd_bus_error *reason)
{
	char *value AUTO_FREE = NULL;
	int r = sd_bus_get_property_string(bus, SERVICE, path, interface, property, reason, &value);
	if (r >= 0)
		snprintf(text, size, "%s", value);
	return r;
}

/* --- states -------------------------------------------------------------------------------- */

/* What is asked of each unit, all at once, as an answer takes its time and not systemd's. */
static const struct property {
	const char *interface;
	const char *name;
	char type;
	size_t offset;
	size_t size; /* of a text */
} properties[] = {
	{UNIT, "ActiveState", 's', offsetof(struct unit_state, active),
		sizeof(((struct unit_state *)0)->active)},
	{UNIT, "SubState", 's', offsetof(struct unit_state, sub),
		sizeof(((struct unit_state *)0)->sub)},
	{UNIT, "ActiveEnterTimestamp", 't', offsetof(struct unit_state, since_usec), 0},
	{UNIT_SERVICE, "MainPID", 'u', offsetof(struct unit_state, main_pid), 0},
	{UNIT_SERVICE, "MemoryCurrent", 't', offsetof(struct unit_state, memory_bytes), 0},
	{UNIT_SERVICE, "NRestarts", 'u', offsetof(struct unit_state, restarts), 0},
};

struct question {
	const struct property *property;
	struct unit_state *state;
	struct asking *asking;
};

struct asking {
	struct question *questions;
	size_t count;
	size_t open;
	int result;
	char problem[256];
};

static int read_property(sd_bus_message *reply, const struct question *question)
{
	const struct property *property = question->property;
	const char contents[] = {property->type, '\0'};
	char *target = (char *)question->state + property->offset;
	const char *text = NULL;
	int r = sd_bus_message_enter_container(reply, 'v', contents);
	if (r < 0)
		return r;
	if (property->type != 's')
		return sd_bus_message_read_basic(reply, property->type, target);
	r = sd_bus_message_read_basic(reply, 's', &text);
	if (r >= 0)
		snprintf(target, property->size, "%s", text);
	return r;
}

static int on_property(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const struct question *question = userdata;
	struct asking *asking = question->asking;
	const sd_bus_error *reason = sd_bus_message_get_error(reply);
	int r = reason ? -sd_bus_error_get_errno(reason) : read_property(reply, question);
	(void)ret_error;
	asking->open--;
	if (r < 0 && asking->result == 0) {
		asking->result = r;
		snprintf(asking->problem, sizeof(asking->problem), "%s",
			reason && reason->message ? reason->message : strerror(-r));
	}
	return 0;
}

static int ask(sd_bus *bus, const char *unit, struct unit_state *state, struct asking *asking)
{
	char *path AUTO_FREE = NULL;
	int r = sd_bus_path_encode(MANAGER_PATH "/unit", unit, &path);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(properties); i++) {
		struct question *question = &asking->questions[asking->count];
		*question = (struct question){&properties[i], state, asking};
		r = sd_bus_call_method_async(bus, NULL, SERVICE, path, PROPERTIES, "Get",
			on_property, question, "ss", properties[i].interface, properties[i].name);
		asking->count += r >= 0;
		asking->open += r >= 0;
	}
	return r;
}

/* Until all have answered; who is gone gives an error as its answer. */
static int wait_for_answers(sd_bus *bus, const struct asking *asking)
{
	while (asking->open) {
		int r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = sd_bus_wait(bus, UINT64_MAX);
		if (r < 0)
			return r;
	}
	return asking->result;
}

int bus_unit_states(struct sd_bus *bus, const char *const units[], struct unit_state states[],
	size_t count, struct error *error)
{
	struct asking asking = {
		.questions = calloc(count * ARRAY_SIZE(properties) + 1, sizeof(struct question)),
	};
	int r = asking.questions ? 0 : -ENOMEM;
	for (size_t i = 0; r >= 0 && i < count; i++) {
		states[i] = (struct unit_state){.memory_bytes = UINT64_MAX};
		r = ask(bus, units[i], &states[i], &asking);
	}
	if (asking.questions) {
		int s = wait_for_answers(bus, &asking);
		r = r < 0 ? r : s;
	}
	free(asking.questions);
	if (r < 0)
		return error_set(error, -r, "cannot ask for the state of %s: %s",
			count == 1 ? units[0] : "the VMs",
			asking.problem[0] ? asking.problem : strerror(-r));
	for (size_t i = 0; i < count; i++)
		if (strcmp(states[i].active, "active") != 0)
			states[i].since_usec = 0;
	return 0;
}

int bus_unit_state(
	struct sd_bus *bus, const char *unit, struct unit_state *ret_state, struct error *error)
{
	const char *const units[] = {unit};
	return bus_unit_states(bus, units, ret_state, 1, error);
}

/* --- units --------------------------------------------------------------------------------- */

int bus_unit_cgroup(
	struct sd_bus *bus, const char *unit, char *text, size_t size, struct error *error)
{
	sd_bus_error reason CLEANUP(sd_bus_error_free) = SD_BUS_ERROR_NULL;
	char *path AUTO_FREE = NULL;
	int r = sd_bus_path_encode(MANAGER_PATH "/unit", unit, &path);
	if (r >= 0)
		r = read_string(bus, path, UNIT_SERVICE, "ControlGroup", text, size, &reason);
	return r < 0 ? bus_error(error, r, &reason, "ask for the cgroup of", unit) : 0;
}

/* "vm@web.service" is VM web. */
static void visit_unit(const char *unit, const char *active,
	void (*visit)(const char *vm, const char *active, void *context), void *context)
{
	static const char prefix[] = "vm@";
	static const char suffix[] = ".service";
	char name[256];
	size_t length = strlen(unit);
	if (length <= strlen(prefix) + strlen(suffix) || length >= sizeof(name))
		return;
	length -= strlen(prefix) + strlen(suffix);
	memcpy(name, unit + strlen(prefix), length);
	name[length] = '\0';
	visit(name, active, context);
}

static int read_units(sd_bus_message *reply,
	void (*visit)(const char *vm, const char *active, void *context), void *context)
{
	int r = sd_bus_message_enter_container(reply, 'a', "(ssssssouso)");
	while (r > 0) {
		const char *unit = NULL;
		const char *active = NULL;
		r = sd_bus_message_read(reply, "(ssssssouso)", &unit, NULL, NULL, &active, NULL,
			NULL, NULL, NULL, NULL, NULL);
		if (r > 0 && strcmp(active, "inactive") != 0)
			visit_unit(unit, active, visit, context);
	}
	return r;
}

int bus_each_vm(struct sd_bus *bus,
	void (*visit)(const char *vm, const char *active, void *context), void *context,
	struct error *error)
{
	sd_bus_error reason CLEANUP(sd_bus_error_free) = SD_BUS_ERROR_NULL;
	sd_bus_message *reply CLEANUP(sd_bus_message_unrefp) = NULL;
	int r = sd_bus_call_method(bus, SERVICE, MANAGER_PATH, MANAGER, "ListUnitsByPatterns",
		&reason, &reply, "asas", 0, 1, "vm@*.service");
	if (r >= 0)
		r = read_units(reply, visit, context);
	return r < 0 ? bus_error(error, r, &reason, "list", "the VMs") : 0;
}

int bus_unit_kill(struct sd_bus *bus, const char *unit, int signal, struct error *error)
{
	sd_bus_error reason CLEANUP(sd_bus_error_free) = SD_BUS_ERROR_NULL;
	int r = sd_bus_call_method(bus, SERVICE, MANAGER_PATH, MANAGER, "KillUnit", &reason, NULL,
		"ssi", unit, "all", signal);
	return r < 0 ? bus_error(error, r, &reason, "kill", unit) : 0;
}

int bus_unit_stop(struct sd_bus *bus, const char *unit, struct error *error)
{
	sd_bus_error reason CLEANUP(sd_bus_error_free) = SD_BUS_ERROR_NULL;
	int r = sd_bus_call_method(bus, SERVICE, MANAGER_PATH, MANAGER, "StopUnit", &reason, NULL,
		"ss", unit, "replace");
	return r < 0 ? bus_error(error, r, &reason, "stop", unit) : 0;
}

int bus_unit_start(struct sd_bus *bus, const char *unit, struct error *error)
{
	sd_bus_error reason CLEANUP(sd_bus_error_free) = SD_BUS_ERROR_NULL;
	int r = sd_bus_call_method(bus, SERVICE, MANAGER_PATH, MANAGER, "StartUnit", &reason, NULL,
		"ss", unit, "replace");
	return r < 0 ? bus_error(error, r, &reason, "start", unit) : 0;
}

int bus_unit_restart(struct sd_bus *bus, const char *unit, struct error *error)
{
	sd_bus_error reason CLEANUP(sd_bus_error_free) = SD_BUS_ERROR_NULL;
	int r = sd_bus_call_method(bus, SERVICE, MANAGER_PATH, MANAGER, "RestartUnit", &reason,
		NULL, "ss", unit, "replace");
	return r < 0 ? bus_error(error, r, &reason, "restart", unit) : 0;
}

int bus_reload(struct sd_bus *bus, struct error *error)
{
	sd_bus_error reason CLEANUP(sd_bus_error_free) = SD_BUS_ERROR_NULL;
	sd_bus_message *message CLEANUP(sd_bus_message_unrefp) = NULL;
	int r = sd_bus_message_new_method_call(
		bus, &message, SERVICE, MANAGER_PATH, MANAGER, "Reload");
	if (r >= 0)
		r = sd_bus_call(bus, message, RELOAD_TIMEOUT_USEC, &reason, NULL);
	return r < 0 ? bus_error(error, r, &reason, "reload", "systemd") : 0;
}

static int read_command(sd_bus_message *reply, struct buf *words)
{
	int r = sd_bus_message_enter_container(reply, 'a', "(sasbttttuii)");
	while (r > 0) {
		const char *word = NULL;
		r = sd_bus_message_enter_container(reply, 'r', "sasbttttuii");
		if (r <= 0)
			break;
		buf_reset(words);
		r = sd_bus_message_skip(reply, "s");
		if (r >= 0)
			r = sd_bus_message_enter_container(reply, 'a', "s");
		while (r > 0 && (r = sd_bus_message_read_basic(reply, 's', &word)) > 0)
			buf_printf(words, "%s\n", word);
		if (r >= 0)
			r = sd_bus_message_exit_container(reply);
		if (r >= 0)
			r = sd_bus_message_skip(reply, "bttttuii");
		if (r >= 0)
			r = sd_bus_message_exit_container(reply);
	}
	return r < 0 ? r : buf_error(words);
}

int bus_unit_command(struct sd_bus *bus, const char *unit, struct buf *words, struct error *error)
{
	sd_bus_error reason CLEANUP(sd_bus_error_free) = SD_BUS_ERROR_NULL;
	sd_bus_message *reply CLEANUP(sd_bus_message_unrefp) = NULL;
	char *path AUTO_FREE = NULL;
	int r = sd_bus_path_encode(MANAGER_PATH "/unit", unit, &path);
	if (r >= 0)
		r = sd_bus_get_property(bus, SERVICE, path, UNIT_SERVICE, "ExecStart", &reason,
			&reply, "a(sasbttttuii)");
	if (r >= 0)
		r = read_command(reply, words);
	return r < 0 ? bus_error(error, r, &reason, "ask for the command of", unit) : 0;
}

/* org.freedesktop.systemd1(5): the job is 0 when there is none. */
static int read_job(sd_bus *bus, const char *path, bool *ret_busy, sd_bus_error *reason)
{
	sd_bus_message *reply CLEANUP(sd_bus_message_unrefp) = NULL;
	uint32_t job = 0;
	int r = sd_bus_get_property(bus, SERVICE, path, UNIT, "Job", reason, &reply, "(uo)");
	if (r >= 0)
		r = sd_bus_message_read(reply, "(uo)", &job, NULL);
	if (r >= 0)
		*ret_busy = job != 0;
	return r;
}

int bus_unit_progress(struct sd_bus *bus, const char *unit, struct unit_progress *ret_progress,
	struct error *error)
{
	sd_bus_error reason CLEANUP(sd_bus_error_free) = SD_BUS_ERROR_NULL;
	char *path AUTO_FREE = NULL;
	struct unit_progress progress = {0};
	int r = sd_bus_path_encode(MANAGER_PATH "/unit", unit, &path);
	if (r >= 0)
		r = read_job(bus, path, &progress.busy, &reason);
	if (r >= 0)
		r = read_string(bus, path, UNIT_SERVICE, "Result", progress.result,
			sizeof(progress.result), &reason);
	if (r >= 0)
		r = read_string(bus, path, UNIT_SERVICE, "StatusText", progress.status,
			sizeof(progress.status), &reason);
	if (r < 0)
		return bus_error(error, r, &reason, "ask for the state of", unit);
	*ret_progress = progress;
	return 0;
}

int bus_unit_reset_failed(struct sd_bus *bus, const char *unit, struct error *error)
{
	sd_bus_error reason CLEANUP(sd_bus_error_free) = SD_BUS_ERROR_NULL;
	int r = sd_bus_call_method(
		bus, SERVICE, MANAGER_PATH, MANAGER, "ResetFailedUnit", &reason, NULL, "s", unit);
	return r < 0 ? bus_error(error, r, &reason, "reset", unit) : 0;
}
