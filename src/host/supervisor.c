/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/supervisor.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "host/guest-clock.h"
#include "host/guest-events.h"
#include "host/guest-status.h"
#include "host/liveness.h"
#include "host/readiness.h"
#include "host/respawn.h"
#include "host/start-slot.h"
#include "host/suspend.h"

/* systemd's own limit is this much later than the supervisor's, which knows the reason. */
#define READY_MARGIN_USEC (2 * USEC_SECOND)
/* A guest in its firmware loses the power button: it is pressed again at every fifth tick. */
#define TICK_USEC USEC_SECOND
#define PRESS_TICKS 5

#define LAST_WORDS_USEC 1000
#define LOAD_POLL_USEC 50000
#define CLOCK_TIMEOUT_USEC (5 * USEC_SECOND)

#define SOCKET_PATH_BYTES 108 /* as unix(7) has it */

/* What a new supervisor must know of the VM's past. */
struct supervisor_past {
	bool ready;
	uint64_t running_since_usec; /* CLOCK_MONOTONIC; 0: not yet */
};

struct supervisor {
	const struct plan *plan;
	struct supervisor_files files;
	char *title; /* of the process: a text of title_bytes */
	size_t title_bytes;
	bool again;		      /* one before this was killed */
	struct supervisor_past *past; /* as all of them know */
	char agent_path[SOCKET_PATH_BYTES];
	char notify_path[SOCKET_PATH_BYTES];
	sd_event *event;
	struct qmp_session qmp;
	struct agent_question question;
	struct serial console;
	struct guest_notify notify;
	struct guest_events events;
	struct readiness readiness;
	struct liveness_watch liveness;
	struct guest_status status;
	sd_event_source *limit;
	sd_event_source *load;
	sd_event_source *poweroff;
	sd_event_source *reboot;
	bool resumes; /* a suspended guest */
	bool listens; /* to the guest's systemd */
	char clock[GUEST_CLOCK_BYTES];
	bool running;
	bool ending;
	uint64_t started_usec;
	uint64_t give_up_usec; /* once the guest was not ready in time */
	uint64_t ticks;	       /* since then */
};

static const char *name_of(const struct supervisor *supervisor)
{
	return supervisor->plan->vm->name;
}

/* --- ready --------------------------------------------------------------------------------- */

static void on_ready(void *context)
{
	struct supervisor *supervisor = context;
	uint64_t msec = (clock_usec(CLOCK_MONOTONIC) - supervisor->started_usec) / 1000;
	supervisor->limit = sd_event_source_disable_unref(supervisor->limit);
	start_slot_release(supervisor->files.slot);
	supervisor->status.waits_for = NULL;
	guest_status_tell(&supervisor->status, true);
	if (!supervisor->past->ready)
		guest_log(name_of(supervisor), GUEST_READY, LOG_INFO, NULL,
			"The VM is ready, %" PRIu64 ".%03" PRIu64 " s after QEMU's start.",
			msec / 1000, msec % 1000);
	supervisor->past->ready = true;
}

/* Presses the power button until the guest has ended, or has had its time; then systemd, whose
 * limit has passed, ends QEMU, and the start has failed. */
static int on_too_late(sd_event_source *source, uint64_t usec, void *context)
{
	struct supervisor *supervisor = context;
	const struct vm *vm = supervisor->plan->vm;
	uint64_t now = clock_usec(CLOCK_MONOTONIC);
	(void)usec;
	if (!supervisor->give_up_usec) {
		supervisor->give_up_usec = clock_add(now, vm->stop_timeout_usec);
		guest_log(vm->name, GUEST_NOT_READY, LOG_ERR, NULL,
			"The VM is not ready after %" PRIu64
			" s ('ready-timeout'): it waited for %s. The guest is asked to power "
			"off.",
			vm->ready_timeout_usec / USEC_SECOND,
			readiness_awaits(&supervisor->readiness));
		/* What comes now comes too late. */
		supervisor->readiness.is_ready = true;
		readiness_done(&supervisor->readiness);
		/* QEMU's own end would look like another failure. */
		qmp_session_execute(&supervisor->qmp, "set-action",
			json_pack("{s:s}", "shutdown", "pause"), NULL, NULL);
	}
	/* systemd's limit, which never becomes shorter, is near then. */
	if (supervisor->ending || now >= supervisor->give_up_usec)
		return 0;
	if (supervisor->ticks++ % PRESS_TICKS == 0)
		qmp_session_execute(&supervisor->qmp, "system_powerdown", NULL, NULL, NULL);
	sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%" PRIu64, (uint64_t)(TICK_USEC + READY_MARGIN_USEC));
	sd_event_source_set_time_relative(source, TICK_USEC);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int limit_start(struct supervisor *supervisor)
{
	uint64_t timeout = supervisor->plan->vm->ready_timeout_usec;
	if (supervisor->past->ready || timeout > UINT64_MAX / 4)
		return 0;
	sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%" PRIu64, (uint64_t)(timeout + READY_MARGIN_USEC));
	return sd_event_add_time_relative(supervisor->event, &supervisor->limit, CLOCK_MONOTONIC,
		timeout, USEC_SECOND / 10, on_too_late, supervisor);
}

static void on_assignment(void *context, const char *assignment)
{
	struct supervisor *supervisor = context;
	if (strcmp(assignment, "READY=1") == 0) {
		readiness_notified(&supervisor->readiness);
	} else if (strncmp(assignment, "STATUS=", 7) == 0) {
		guest_status_said(&supervisor->status, assignment + 7);
	} else if (strncmp(assignment, "EXIT_STATUS=", 12) == 0) {
		sd_notify(0, assignment);
		guest_log(name_of(supervisor), GUEST_SHUTDOWN, LOG_NOTICE, NULL,
			"The guest's systemd ends with exit status %s.", assignment + 12);
	}
}

static void on_clock_set(void *context, const json_t *answer)
{
	const struct supervisor *supervisor = context;
	if (!answer)
		guest_log(name_of(supervisor), GUEST_RESUMED, LOG_NOTICE, NULL,
			"The guest agent has not set the guest's clock.");
}

static void set_clock(struct supervisor *supervisor);
static void on_chardevs(void *context, const json_t *value);

/* --- the guest ----------------------------------------------------------------------------- */

static void on_running(struct supervisor *supervisor)
{
	if (supervisor->running)
		return;
	supervisor->running = true;
	if (!supervisor->past->ready)
		supervisor->status.waits_for = readiness_awaits(&supervisor->readiness);
	if (supervisor->plan->vm->ready.when != READY_STARTED || supervisor->plan->vm->ready.tcp ||
		supervisor->plan->vm->ready.serial)
		guest_status_tell(&supervisor->status, false);
	int r = readiness_begin(&supervisor->readiness);
	if (supervisor->resumes) {
		on_ready(supervisor);
		/* Its agent's port is as it was. */
		qmp_session_execute(
			&supervisor->qmp, "query-chardev", NULL, on_chardevs, supervisor);
	}
	if (r < 0)
		guest_log(name_of(supervisor), GUEST_NOT_READY, LOG_ERR, NULL,
			"The VM cannot become ready: %s.", strerror(-r));
	if (!supervisor->past->running_since_usec)
		supervisor->past->running_since_usec = clock_usec(CLOCK_MONOTONIC);
	supervisor->status.started_usec = supervisor->past->running_since_usec;
	guest_status_begin(&supervisor->status);
	liveness_begin(&supervisor->liveness);
}

static void agent_opened(struct supervisor *supervisor, bool open)
{
	supervisor->status.agent_there = open;
	if (open)
		readiness_agent_there(&supervisor->readiness);
}

static void on_chardevs(void *context, const json_t *value)
{
	struct supervisor *supervisor = context;
	/* All sockets are there when QEMU answers. */
	bool listens = supervisor->plan->vm->ready.when == READY_NOTIFY && !supervisor->listens;
	supervisor->listens |= listens;
	int r = listens ? guest_notify_open(&supervisor->notify, supervisor->files.notify_listener,
				  supervisor->notify_path)
			: 0;
	if (r < 0)
		guest_log(name_of(supervisor), GUEST_NOT_READY, LOG_ERR, NULL,
			"Nobody listens to the guest's systemd: %s.", strerror(-r));
	if (!agent_has_port(value))
		return;
	agent_opened(supervisor, true);
	if (supervisor->resumes)
		set_clock(supervisor);
}

static void ask_run_state(struct supervisor *supervisor);

static int on_load_time(sd_event_source *source, uint64_t usec, void *context)
{
	struct supervisor *supervisor = context;
	(void)source;
	(void)usec;
	supervisor->load = sd_event_source_disable_unref(supervisor->load);
	ask_run_state(supervisor);
	return 0;
}

/* Sets the clock of a guest that slept; most have it wrong by as much as that was. */
static void set_clock(struct supervisor *supervisor)
{
	guest_clock_arguments(supervisor->clock);
	supervisor->question.agent.arguments = supervisor->clock;
	agent_question_ask(&supervisor->question, "guest-set-time", CLOCK_TIMEOUT_USEC,
		on_clock_set, supervisor);
	supervisor->question.agent.arguments = NULL;
}

/* The guest's state is loaded: it is removed before the guest runs, as the disks go on from there
 * and would not go with it a second time. */
static void run_loaded(struct supervisor *supervisor)
{
	int r = suspend_discard(supervisor->files.state_directory);
	if (r < 0 && r != -ENOENT) {
		guest_log(name_of(supervisor), GUEST_NOT_READY, LOG_ERR, NULL,
			"The suspended guest's state cannot be removed, so it does not go on: %s.",
			strerror(-r));
		qmp_session_execute(&supervisor->qmp, "quit", NULL, NULL, NULL);
		return;
	}
	/* It was ready when it was suspended. */
	supervisor->readiness.is_ready = true;
	supervisor->resumes = true;
	qmp_session_execute(&supervisor->qmp, "cont", NULL, NULL, NULL);
}

static void on_run_state(void *context, const json_t *value)
{
	struct supervisor *supervisor = context;
	const char *status = json_string_value(json_object_get(value, "status"));
	if (json_is_true(json_object_get(value, "running")))
		on_running(supervisor);
	else if (supervisor->files.suspended && status && strcmp(status, "inmigrate") == 0)
		sd_event_add_time_relative(supervisor->event, &supervisor->load, CLOCK_MONOTONIC,
			LOAD_POLL_USEC, 0, on_load_time, supervisor);
	else if (supervisor->files.suspended && !supervisor->resumes &&
		 suspend_is_there(supervisor->files.state_directory))
		run_loaded(supervisor);
}

static void ask_run_state(struct supervisor *supervisor)
{
	qmp_session_execute(&supervisor->qmp, "query-status", NULL, on_run_state, supervisor);
}

static void on_watchdog(struct supervisor *supervisor, const json_t *data)
{
	const char *action = json_string_value(json_object_get(data, "action"));
	const struct watchdog *watchdog = &supervisor->plan->vm->watchdog;
	if (watchdog->given && watchdog->action == WATCHDOG_RESTART && action &&
		strcmp(action, "pause") == 0)
		liveness_fail(&supervisor->liveness, "The guest does not feed its watchdog");
}

static void on_agent_port(struct supervisor *supervisor, const json_t *data)
{
	const char *id = json_string_value(json_object_get(data, "id"));
	if (id && strcmp(id, PLAN_AGENT_DEVICE) == 0)
		agent_opened(supervisor, json_is_true(json_object_get(data, "open")));
}

static void on_reset(struct supervisor *supervisor)
{
	supervisor->status.powers_off = false;
	liveness_guest_reset(&supervisor->liveness);
}

static void on_event(void *context, const char *name, const json_t *message)
{
	struct supervisor *supervisor = context;
	const json_t *data = json_object_get(message, "data");
	bool was_running = supervisor->running;
	if (strcmp(name, "RESUME") == 0)
		on_running(supervisor);
	else if (strcmp(name, "VSERPORT_CHANGE") == 0)
		on_agent_port(supervisor, data);
	else if (strcmp(name, "POWERDOWN") == 0)
		supervisor->status.powers_off = true;
	else if (strcmp(name, "RESET") == 0)
		on_reset(supervisor);
	else if (strcmp(name, "SHUTDOWN") == 0)
		supervisor->ending = true;
	bool pause = strcmp(name, "STOP") == 0 || strcmp(name, "RESUME") == 0;
	/* The first start and the last stop are told already. */
	if (!pause || (was_running && !supervisor->ending))
		guest_events_take(&supervisor->events, name, message);
	if (strcmp(name, "WATCHDOG") == 0)
		on_watchdog(supervisor, data);
}

/* QEMU has ended. What it wrote last is still there. */
static void on_end(void *context)
{
	struct supervisor *supervisor = context;
	if (supervisor->files.serial >= 0)
		serial_drain(&supervisor->console);
	if (supervisor->running && !supervisor->past->ready && !supervisor->give_up_usec)
		guest_log(name_of(supervisor), GUEST_NOT_READY, LOG_ERR, NULL,
			"QEMU ended before the VM was ready; it waited for %s.",
			readiness_awaits(&supervisor->readiness));
	/* journald has taken the last entry, and still looks up who it is from. */
	usleep(LAST_WORDS_USEC);
	sd_event_exit(supervisor->event, 0);
}

/* Pulls the cables of interfaces with 'link: down'. QEMU waits for it (-S) with the guest, which so
 * never sees them plugged in. */
static void unplug(struct supervisor *supervisor)
{
	const struct plan *plan = supervisor->plan;
	bool any = false;
	for (size_t i = 0; i < plan->nic_count; i++) {
		const struct nic *nic = plan->nics[i].nic;
		if (nic->link != LINK_DOWN)
			continue;
		any = true;
		qmp_session_execute(&supervisor->qmp, "set_link",
			json_pack("{s:s, s:b}", "name", nic->part.name, "up", 0), NULL, NULL);
	}
	if (any && !supervisor->files.suspended)
		qmp_session_execute(&supervisor->qmp, "cont", NULL, NULL, NULL);
}

/* The balloon takes what the guest may have and does not have yet. A suspended guest's is as it
 * was.
 */
static void set_balloon(struct supervisor *supervisor)
{
	const struct vm *vm = supervisor->plan->vm;
	if (vm->memory_max_bytes && !supervisor->files.suspended)
		qmp_session_execute(&supervisor->qmp, "balloon",
			json_pack("{s:I}", "value", (json_int_t)vm->memory_bytes), NULL, NULL);
}

/* --- machinectl ---------------------------------------------------------------------------- */

/* What machinectl(1) has signals for, as systemd(1) has them for its own process. */
#define POWEROFF_SIGNAL (SIGRTMIN + 4)
#define REBOOT_SIGNAL SIGINT

static int on_poweroff(sd_event_source *source, const struct signalfd_siginfo *info, void *context)
{
	struct supervisor *supervisor = context;
	(void)source;
	(void)info;
	return qmp_session_execute(&supervisor->qmp, "system_powerdown", NULL, NULL, NULL);
}

static int on_reboot(sd_event_source *source, const struct signalfd_siginfo *info, void *context)
{
	struct supervisor *supervisor = context;
	(void)source;
	(void)info;
	return qmp_session_execute(&supervisor->qmp, "send-key",
		json_pack("{s:[{s:s, s:s}, {s:s, s:s}, {s:s, s:s}]}", "keys", "type", "qcode",
			"data", "ctrl", "type", "qcode", "data", "alt", "type", "qcode", "data",
			"delete"),
		NULL, NULL);
}

static int listen_to_machinectl(struct supervisor *supervisor)
{
	int r = sd_event_add_signal(
		supervisor->event, &supervisor->poweroff, POWEROFF_SIGNAL, on_poweroff, supervisor);
	return r < 0 ? r
		     : sd_event_add_signal(supervisor->event, &supervisor->reboot, REBOOT_SIGNAL,
			       on_reboot, supervisor);
}

/* --- its life ------------------------------------------------------------------------------ */

static int open_console(struct supervisor *supervisor)
{
	struct serial *console = &supervisor->console;
	if (supervisor->files.serial < 0)
		return 0;
	*console = (struct serial){
		.vm = name_of(supervisor),
		.event = supervisor->event,
		.qemu_fd = supervisor->files.serial,
		.listener_fd = supervisor->files.serial_listener,
		.directory_fd = supervisor->files.state_directory,
		.journal = supervisor->plan->vm->console.journal,
	};
	int r = serial_open(console);
	return r < 0 ? r : readiness_watch_console(&supervisor->readiness);
}

static void set_up(struct supervisor *supervisor)
{
	const struct plan *plan = supervisor->plan;
	sd_event *event = supervisor->event;
	struct qmp_session *qmp = &supervisor->qmp;
	struct agent_question *question = &supervisor->question;
	snprintf(supervisor->agent_path, SOCKET_PATH_BYTES, "%s/" PLAN_AGENT_SOCKET,
		plan->runtime_directory);
	snprintf(supervisor->notify_path, SOCKET_PATH_BYTES, "%s/" PLAN_NOTIFY_SOCKET,
		plan->runtime_directory);
	*qmp = (struct qmp_session){.on_event = on_event, .on_end = on_end, .context = supervisor};
	*question = (struct agent_question){
		.agent = {.path = supervisor->agent_path, .fd = -1}, .event = event};
	supervisor->events.vm = plan->vm->name;
	supervisor->notify = (struct guest_notify){.event = event,
		.cid = plan->cid,
		.on_assignment = on_assignment,
		.context = supervisor};
	supervisor->readiness = (struct readiness){
		.plan = plan,
		.event = event,
		.question = question,
		.console = &supervisor->console,
		.tcp_fd = supervisor->files.tcp,
		.is_ready = supervisor->past->ready,
		.on_ready = on_ready,
		.context = supervisor,
	};
	supervisor->liveness = (struct liveness_watch){
		.plan = plan, .event = event, .qmp = qmp, .question = question};
	supervisor->status = (struct guest_status){
		.plan = plan, .event = event, .qmp = qmp, .question = question};
}

static void tear_down(struct supervisor *supervisor)
{
	supervisor->limit = sd_event_source_disable_unref(supervisor->limit);
	supervisor->load = sd_event_source_disable_unref(supervisor->load);
	supervisor->poweroff = sd_event_source_disable_unref(supervisor->poweroff);
	supervisor->reboot = sd_event_source_disable_unref(supervisor->reboot);
	guest_status_done(&supervisor->status);
	liveness_done(&supervisor->liveness);
	readiness_done(&supervisor->readiness);
	guest_notify_done(&supervisor->notify);
	agent_question_done(&supervisor->question);
	qmp_session_done(&supervisor->qmp);
	if (supervisor->console.event)
		serial_done(&supervisor->console);
}

static int begin(struct supervisor *supervisor)
{
	int r = open_console(supervisor);
	if (r >= 0)
		r = listen_to_machinectl(supervisor);
	if (r >= 0)
		r = limit_start(supervisor);
	if (r >= 0)
		r = qmp_session_open(&supervisor->qmp, supervisor->event, supervisor->files.qmp);
	if (r < 0)
		return r;
	if (!supervisor->again) {
		set_balloon(supervisor);
		unplug(supervisor);
	}
	qmp_session_execute(&supervisor->qmp, "query-chardev", NULL, on_chardevs, supervisor);
	ask_run_state(supervisor);
	return 0;
}

/* Both processes end with QEMU, after its last words: not when systemd ends what is left of a unit
 * of which the main process has ended. */
static void begin_process(void *context)
{
	const struct supervisor *supervisor = context;
	signal(SIGTERM, SIG_IGN);
	memset(supervisor->title, 0, supervisor->title_bytes);
	snprintf(supervisor->title, supervisor->title_bytes, "vmlet-run: supervisor of %s",
		name_of(supervisor));
}

/* Without it QEMU runs on: there is nobody to tell but the journal. */
static void run(void *context, bool again)
{
	struct supervisor *supervisor = context;
	supervisor->again = again;
	supervisor->started_usec = clock_usec(CLOCK_MONOTONIC);
	int r = sd_event_new(&supervisor->event);
	if (r >= 0) {
		set_up(supervisor);
		r = begin(supervisor);
		if (r >= 0)
			r = sd_event_loop(supervisor->event);
		tear_down(supervisor);
	}
	supervisor->event = sd_event_unref(supervisor->event);
	if (r < 0)
		guest_log(name_of(supervisor), GUEST_SUPERVISOR, LOG_ERR, NULL,
			"The VM's supervisor cannot work: %s.", strerror(-r));
}

static void killed(void *context, int signal_number, bool given_up)
{
	const struct supervisor *supervisor = context;
	guest_log(name_of(supervisor), GUEST_SUPERVISOR, LOG_WARNING, NULL,
		"The VM's supervisor was ended by signal %d (%s); %s.", signal_number,
		strsignal(signal_number),
		given_up ? "that comes too often, and the VM runs on without one"
			 : "the VM runs on, with a new one");
}

int supervisor_start(const struct plan *plan, const struct supervisor_files *files, int argc,
	char **argv, struct error *error)
{
	const char *last = argv[argc - 1];
	struct supervisor supervisor = {
		.plan = plan,
		.files = *files,
		/* The words stand one behind the other (execve(2)). */
		.title = argv[0],
		.title_bytes = (size_t)(last + strlen(last) - argv[0]),
	};
	supervisor.past = mmap(NULL, sizeof(*supervisor.past), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (supervisor.past == MAP_FAILED)
		return error_set_errno(error, errno, "cannot start the supervisor");
	int *const keep[] = {
		&supervisor.files.qmp,
		&supervisor.files.serial,
		&supervisor.files.serial_listener,
		&supervisor.files.tcp,
		&supervisor.files.notify_listener,
		&supervisor.files.state_directory,
		&supervisor.files.slot,
	};
	struct respawn respawn = {
		.begin = begin_process, .run = run, .killed = killed, .context = &supervisor};
	sigemptyset(&respawn.passed_on);
	sigaddset(&respawn.passed_on, POWEROFF_SIGNAL);
	sigaddset(&respawn.passed_on, REBOOT_SIGNAL);
	int r = respawn_start(&respawn, keep, (int)ARRAY_SIZE(keep));
	return r < 0 ? error_set_errno(error, -r, "cannot start the supervisor") : 0;
}
