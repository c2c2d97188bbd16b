/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vmlet-stop: ExecStop= of vm@NAME.service, as the VM's own user. It presses the guest's power
 * button, again and again, until QEMU has ended; past the stop timeout it has QEMU quit. What is
 * then still running is systemd's to end: SIGTERM, TimeoutStopSec=, SIGKILL.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/install.h"
#include "base/log.h"
#include "host/qmp.h"
#include "plan/plan.h"

/* A guest in its firmware or early boot loses the button; it is pressed again this often. */
#define PRESS_INTERVAL_USEC (3 * USEC_SECOND)
/* A QEMU that does not answer by then, or within the stop timeout, hangs. */
#define ANSWER_TIMEOUT_USEC (30 * USEC_SECOND)
#define QUIT_TIMEOUT_USEC (5 * USEC_SECOND)
#define DEFAULT_STOP_TIMEOUT_USEC (90 * USEC_SECOND)

static const char help[] =
	"Usage: vmlet-stop\n"
	"\n"
	"Powers off the guest of the VM whose unit runs this ($RUNTIME_DIRECTORY,\n"
	"$MAINPID) and waits until QEMU has ended. vm@NAME.service runs it; use\n"
	"'systemctl stop vm@NAME'.\n";

struct stop {
	const struct log *log;
	const char *directory;
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

/* "infinity" is ten years, which can be added to. */
#define ENDLESS_USEC (UINT64_C(315360000) * USEC_SECOND)

/* The stop timeout of the spec that the VM was booted with: the current one may be another, or
 * gone. */
static uint64_t read_timeout(const char *directory)
{
	struct buf text CLEANUP(buf_done) = {0};
	int fd AUTO_CLOSE = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || file_read_at(fd, PLAN_STOP_TIMEOUT_FILE, 64, &text) < 0)
		return DEFAULT_STOP_TIMEOUT_USEC;
	uint64_t usec = strtoull(buf_text(&text), NULL, 10);
	if (usec > ENDLESS_USEC)
		return ENDLESS_USEC;
	return usec ? usec : DEFAULT_STOP_TIMEOUT_USEC;
}

/* Presses until QEMU has ended or the time is over. Returns 1 when it has ended. */
static int press_until_ended(const struct stop *stop, struct qmp *qmp, struct error *error)
{
	uint64_t deadline = clock_usec(CLOCK_MONOTONIC) + stop->timeout_usec;
	for (;;) {
		int r = qmp_execute(
			qmp, "system_powerdown", NULL, stop->answer_timeout_usec, NULL, error);
		/* It may end between the question and the answer. */
		if (r < 0)
			return ended_within(stop, USEC_SECOND) ? 1 : r;
		uint64_t now = clock_usec(CLOCK_MONOTONIC);
		uint64_t left = now < deadline ? deadline - now : 0;
		if (ended_within(stop, left < PRESS_INTERVAL_USEC ? left : PRESS_INTERVAL_USEC))
			return 1;
		if (left <= PRESS_INTERVAL_USEC)
			return 0;
	}
}

static int stop_vm(const struct stop *stop, struct error *error)
{
	char path[PATH_MAX];
	struct qmp qmp CLEANUP(qmp_done) = {.fd = -1};
	snprintf(path, sizeof(path), "%s/" PLAN_STOP_SOCKET, stop->directory);
	/* systemd's own clock for this phase, which began with TimeoutStopSec=. */
	sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%" PRIu64 "\nSTATUS=The guest is asked to power off.",
		stop->timeout_usec + 3 * stop->answer_timeout_usec + QUIT_TIMEOUT_USEC);
	int r = qmp_connect(&qmp, path, stop->answer_timeout_usec, error);
	if (r < 0)
		return ended_within(stop, 0) ? 0 : r;
	r = press_until_ended(stop, &qmp, error);
	if (r != 0)
		return r < 0 ? r : 0;
	log_line(stop->log, LOG_LEVEL_WARNING,
		"the guest did not power off within %" PRIu64 " s: QEMU quits",
		stop->timeout_usec / USEC_SECOND);
	r = qmp_execute(&qmp, "quit", NULL, stop->answer_timeout_usec, NULL, error);
	if (ended_within(stop, QUIT_TIMEOUT_USEC))
		return 0;
	return r < 0 ? r : error_set(error, ETIMEDOUT, "QEMU does not quit");
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
	struct log log = log_open_stderr("vmlet-stop");
	struct stop stop = {&log, directory, pidfd, read_timeout(directory), ANSWER_TIMEOUT_USEC};
	if (stop.timeout_usec < stop.answer_timeout_usec)
		stop.answer_timeout_usec = stop.timeout_usec;
	struct error error;
	int r = stop_vm(&stop, &error);
	if (r < 0)
		log_line(&log, LOG_LEVEL_ERROR, "%s", error.message);
	return r < 0 ? 1 : 0;
}
