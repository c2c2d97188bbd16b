/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vmlet-stop: ExecStop=+ of vm@NAME.service, which becomes the VM's own user, in QEMU's namespaces,
 * before it does anything: systemd would build them anew. It asks the guest agent to power
 * off and presses the power button, again and again, until QEMU has ended; past the stop timeout it
 * has QEMU quit. What is then still running is systemd's to end: SIGTERM, TimeoutStopSec=, SIGKILL.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/install.h"
#include "host/agent.h"
#include "host/enter.h"
#include "host/guest-log.h"
#include "host/qmp.h"
#include "host/suspend.h"
#include "plan/plan.h"
#include "spec/node.h"

/* A guest in its firmware or early boot loses the button; it is pressed again this often. */
#define PRESS_INTERVAL_USEC (5 * USEC_SECOND)
/* A QEMU that does not answer by then, or within the stop timeout, hangs. */
#define ANSWER_TIMEOUT_USEC (30 * USEC_SECOND)
/* A guest agent says nothing when it does what it is asked. */
#define AGENT_TIMEOUT_USEC (USEC_SECOND / 2)
#define QUIT_TIMEOUT_USEC (5 * USEC_SECOND)
#define DEFAULT_STOP_TIMEOUT_USEC (90 * USEC_SECOND)
#define MIB (UINT64_C(1024) * 1024)

static const char help[] =
	"Usage: vmlet-stop\n"
	"\n"
	"Powers off the guest of the VM whose unit runs this ($RUNTIME_DIRECTORY,\n"
	"$MAINPID) and waits until QEMU has ended. vm@NAME.service runs it; use\n"
	"'systemctl stop vm@NAME'.\n";

struct stop {
	const char *vm;
	const char *directory;
	int directory_fd;
	int state_fd; /* of the state directory */
	uint64_t begun_usec;
	int pidfd;
	uint64_t timeout_usec;
	uint64_t answer_timeout_usec;
};

/* Waits for QEMU's end; true when it came. */
static bool ended_within(const struct stop *stop, uint64_t usec)
{
	uint64_t deadline = clock_usec(CLOCK_MONOTONIC) + usec;
	for (;;) {
		uint64_t now = clock_usec(CLOCK_MONOTONIC);
		struct pollfd item = {.fd = stop->pidfd, .events = POLLIN};
		int timeout_msec = now < deadline ? (int)((deadline - now + 999) / 1000) : 0;
		int r = poll(&item, 1, timeout_msec);
		if (r > 0)
			return true;
		if (r == 0 || errno != EINTR)
			return false;
	}
}

static int open_directory(const char *path)
{
	return path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

/* "infinity" is ten years, which can be added to. */
#define ENDLESS_USEC (UINT64_C(315360000) * USEC_SECOND)

/* The stop timeout of the spec that the VM was booted with: the current one may be another, or
 * gone. */
static uint64_t read_timeout(int directory_fd)
{
	struct buf text CLEANUP(buf_done) = {0};
	if (file_read_at(directory_fd, PLAN_STOP_TIMEOUT_FILE, 64, &text) < 0)
		return DEFAULT_STOP_TIMEOUT_USEC;
	uint64_t usec = strtoull(buf_text(&text), NULL, 10);
	if (usec > ENDLESS_USEC)
		return ENDLESS_USEC;
	return usec ? usec : DEFAULT_STOP_TIMEOUT_USEC;
}

/* --- the ladder ---------------------------------------------------------------------------- */

/* Adds an entry for a rung, with the time since the stop began. */
static void tell(const struct stop *stop, int level, const char *what)
{
	uint64_t msec = (clock_usec(CLOCK_MONOTONIC) - stop->begun_usec) / 1000;
	guest_log(stop->vm, GUEST_STOP, level, NULL, "After %" PRIu64 ".%03" PRIu64 " s: %s.",
		msec / 1000, msec % 1000, what);
}

/* Whether the guest has its agent's port open, as QEMU knows; the agent itself is not asked. */
static bool agent_is_open(const struct stop *stop, struct qmp *qmp)
{
	json_t *chardevs = NULL;
	struct error ignored;
	if (qmp_execute(
		    qmp, "query-chardev", NULL, stop->answer_timeout_usec, &chardevs, &ignored) < 0)
		return false;
	bool open = agent_has_port(chardevs);
	json_decref(chardevs);
	return open;
}

static void ask_agent(const struct stop *stop)
{
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/" PLAN_AGENT_SOCKET, stop->directory);
	tell(stop, LOG_INFO, "the guest agent is asked to power off");
	agent_ask(path, "guest-shutdown", AGENT_TIMEOUT_USEC);
}

/* Presses until QEMU has ended or the time is over. Returns 1 when it has ended. */
static int press_until_ended(const struct stop *stop, struct qmp *qmp, uint64_t deadline_usec,
	bool first, struct error *error)
{
	for (;;) {
		if (first)
			tell(stop, LOG_INFO, "the power button is pressed");
		first = false;
		int r = qmp_execute(
			qmp, "system_powerdown", NULL, stop->answer_timeout_usec, NULL, error);
		/* It may end between the question and the answer. */
		if (r < 0)
			return ended_within(stop, USEC_SECOND) ? 1 : r;
		uint64_t now = clock_usec(CLOCK_MONOTONIC);
		uint64_t left = now < deadline_usec ? deadline_usec - now : 0;
		if (ended_within(stop, left < PRESS_INTERVAL_USEC ? left : PRESS_INTERVAL_USEC))
			return 1;
		if (left <= PRESS_INTERVAL_USEC)
			return 0;
	}
}

static void extend(const struct stop *stop)
{
	/* systemd's own clock for this phase, which began with TimeoutStopSec=. */
	sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%" PRIu64,
		stop->timeout_usec + 3 * stop->answer_timeout_usec + QUIT_TIMEOUT_USEC);
}

/* First the agent, which even a guest without ACPI has, then the button. A guest whose agent has
 * ended is on its way down, and gets as much time again. */
static int power_off(const struct stop *stop, struct qmp *qmp, struct error *error)
{
	uint64_t deadline = clock_add(stop->begun_usec, stop->timeout_usec);
	bool agent = agent_is_open(stop, qmp);
	if (agent) {
		ask_agent(stop);
		if (ended_within(stop, stop->timeout_usec < PRESS_INTERVAL_USEC
					       ? stop->timeout_usec
					       : PRESS_INTERVAL_USEC))
			return 1;
	}
	int r = press_until_ended(stop, qmp, deadline, true, error);
	if (r != 0 || !agent || agent_is_open(stop, qmp))
		return r;
	tell(stop, LOG_NOTICE, "the guest agent has ended, and the guest gets more time");
	extend(stop);
	return press_until_ended(stop, qmp, clock_add(deadline, stop->timeout_usec), false, error);
}

/* Whether the guest's state is on disk: then it is not to run any more. Any other that is paused,
 * by a person or by a command that was killed, runs on, so that it can power itself off. */
static bool is_suspended(const struct stop *stop, struct qmp *qmp)
{
	json_t *answer = NULL;
	struct error ignored;
	if (stop->state_fd >= 0 && suspend_is_there(stop->state_fd))
		return true;
	if (qmp_execute(qmp, "query-status", NULL, stop->answer_timeout_usec, &answer, &ignored) <
		0)
		return false;
	const char *status = json_string_value(json_object_get(answer, "status"));
	if (status && (strcmp(status, "postmigrate") == 0 || strcmp(status, "paused") == 0)) {
		tell(stop, LOG_INFO, "the guest, which is paused, runs on");
		qmp_execute(qmp, "cont", NULL, stop->answer_timeout_usec, NULL, &ignored);
	}
	json_decref(answer);
	return false;
}

static bool show_suspend(const struct suspend_progress *now, void *context)
{
	(void)context;
	sd_notifyf(0,
		"EXTEND_TIMEOUT_USEC=%" PRIu64 "\nSTATUS=The guest is suspended: %" PRIu64
		" of %" PRIu64 " MiB are written.",
		(uint64_t)ANSWER_TIMEOUT_USEC, now->done_bytes / MIB, now->total_bytes / MIB);
	return true;
}

/* Suspends the guest when its spec says that a shutdown of the host does, and this is one. */
static bool suspended_for_shutdown(const struct stop *stop, struct qmp *qmp)
{
	struct buf spec CLEANUP(buf_done) = {0};
	struct error error;
	if (faccessat(stop->directory_fd, PLAN_SHUTDOWN_SUSPENDS_FILE, F_OK, 0) < 0 ||
		access(PLAN_HOST_SHUTDOWN_FILE, F_OK) < 0)
		return false;
	tell(stop, LOG_INFO, "the guest is suspended, as the host shuts down");
	int r = file_read_at(stop->directory_fd, PLAN_SPEC_FILE, 2 * SPEC_BYTES_MAX, &spec);
	if (r < 0)
		error_set_errno(&error, -r, "cannot read the booted spec");
	else
		r = suspend_save(qmp, stop->state_fd, buf_text(&spec), spec.length, show_suspend,
			NULL, &error);
	if (r < 0)
		tell(stop, LOG_ERR, error.message);
	return r == 0;
}

static int quit(const struct stop *stop, struct qmp *qmp, struct error *error)
{
	int r = qmp_execute(qmp, "quit", NULL, stop->answer_timeout_usec, NULL, error);
	if (ended_within(stop, QUIT_TIMEOUT_USEC))
		return 0;
	return r < 0 ? r : error_set(error, ETIMEDOUT, "QEMU does not quit");
}

static int stop_vm(const struct stop *stop, struct error *error)
{
	char path[PATH_MAX];
	struct qmp qmp CLEANUP(qmp_done) = {.fd = -1};
	snprintf(path, sizeof(path), "%s/" PLAN_STOP_SOCKET, stop->directory);
	extend(stop);
	sd_notify(0, "STATUS=The guest is asked to power off.");
	int r = qmp_connect(&qmp, path, stop->answer_timeout_usec, error);
	if (r < 0)
		return ended_within(stop, 0) ? 0 : r;
	if (is_suspended(stop, &qmp) || suspended_for_shutdown(stop, &qmp)) {
		tell(stop, LOG_INFO, "the guest is suspended, and QEMU quits");
		return quit(stop, &qmp, error);
	}
	r = power_off(stop, &qmp, error);
	if (r < 0)
		return r;
	if (r > 0) {
		tell(stop, LOG_INFO, "the guest has powered off");
		return 0;
	}
	tell(stop, LOG_WARNING, "the guest has not powered off ('stop-timeout'), and QEMU quits");
	return quit(stop, &qmp, error);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("vmlet-stop " VMLET_VERSION);
		return 0;
	}
	const char *directory = getenv("RUNTIME_DIRECTORY");
	if (argc != 1 || !directory) {
		fputs(help, argc == 1 ? stderr : stdout);
		return argc == 2 && strcmp(argv[1], "--help") == 0 ? 0 : 2;
	}
	/* Without a main process the guest has powered itself off, or QEMU has crashed. */
	const char *main_pid = getenv("MAINPID");
	int pidfd AUTO_CLOSE = main_pid ? pidfd_open((pid_t)strtol(main_pid, NULL, 10), 0) : -1;
	if (pidfd < 0)
		return 0;
	int directory_fd AUTO_CLOSE = open_directory(directory);
	const char *name = strrchr(directory, '/');
	struct stop stop = {
		.vm = name ? name + 1 : directory,
		.directory = directory,
		.directory_fd = directory_fd,
		.begun_usec = clock_usec(CLOCK_MONOTONIC),
		.pidfd = pidfd,
	};
	struct error error;
	/* What is the VM's is read by its user. */
	int r = enter_service((pid_t)strtol(main_pid, NULL, 10), pidfd, directory_fd, &error);
	int state_fd AUTO_CLOSE = r == 0 ? open_directory(getenv("STATE_DIRECTORY")) : -1;
	stop.state_fd = state_fd;
	stop.timeout_usec = r == 0 ? read_timeout(directory_fd) : DEFAULT_STOP_TIMEOUT_USEC;
	stop.answer_timeout_usec =
		stop.timeout_usec < ANSWER_TIMEOUT_USEC ? stop.timeout_usec : ANSWER_TIMEOUT_USEC;
	if (r == 0)
		r = stop_vm(&stop, &error);
	if (r < 0)
		tell(&stop, LOG_ERR, error.message);
	return r < 0 ? 1 : 0;
}
