/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vmlet-sleep: pauses the guests before the host sleeps, and has those run on, their clocks set,
 * when it wakes. vmlet-sleep.service runs it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/install.h"
#include "base/log.h"
#include "host/guest-clock.h"
#include "host/qmp.h"
#include "host/running.h"
#include "plan/plan.h"

#define ANSWER_TIMEOUT_USEC (5 * USEC_SECOND)

static const char help[] =
	"Usage: vmlet-sleep pause|resume\n"
	"\n"
	"Pauses all guests that run, or has those run on that it paused, with their clocks\n"
	"set: a file for each is in $RUNTIME_DIRECTORY. vmlet-sleep.service runs it.\n";

static int connect_to(const char *name, struct qmp *qmp, struct error *error)
{
	char path[128];
	/* The other sockets may be somebody's; who stops a VM does not wait for this. */
	snprintf(path, sizeof(path), PLAN_RUNTIME_ROOT "/%s/" PLAN_STOP_SOCKET, name);
	return qmp_connect(qmp, path, ANSWER_TIMEOUT_USEC, error);
}

static int is_running(struct qmp *qmp, bool *ret_running, struct error *error)
{
	json_t *answer = NULL;
	int r = qmp_execute(qmp, "query-status", NULL, ANSWER_TIMEOUT_USEC, &answer, error);
	if (r == 0)
		*ret_running = json_is_true(json_object_get(answer, "running"));
	json_decref(answer);
	return r;
}

static int pause_vm(const char *name, int asleep_fd, struct error *error)
{
	struct qmp qmp CLEANUP(qmp_done) = {.fd = -1};
	bool running = false;
	int r = connect_to(name, &qmp, error);
	if (r == -ENOENT || r == -ECONNREFUSED)
		return 0;
	if (r == 0)
		r = is_running(&qmp, &running, error);
	if (r < 0 || !running)
		return r;
	int fd AUTO_CLOSE = openat(asleep_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set_errno(error, errno, "cannot note that %s is paused", name);
	r = qmp_execute(&qmp, "stop", NULL, ANSWER_TIMEOUT_USEC, NULL, error);
	if (r < 0)
		unlinkat(asleep_fd, name, 0);
	return r;
}

static int resume_vm(const char *name, int asleep_fd, struct error *error)
{
	struct qmp qmp CLEANUP(qmp_done) = {.fd = -1};
	if (unlinkat(asleep_fd, name, 0) < 0)
		return 0;
	int r = connect_to(name, &qmp, error);
	if (r == 0)
		r = qmp_execute(&qmp, "cont", NULL, ANSWER_TIMEOUT_USEC, NULL, error);
	if (r == 0)
		guest_clock_set(name, &qmp, ANSWER_TIMEOUT_USEC);
	return r;
}

/* directory has a file for each guest that was paused: others were, by a person, and stay so. */
static int each_vm(const struct log *log, const char *directory,
	int (*change)(const char *name, int asleep_fd, struct error *error), struct error *error)
{
	struct arena arena CLEANUP(arena_done) = {0};
	struct strings names;
	int failed = 0;
	int asleep_fd AUTO_CLOSE = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (asleep_fd < 0)
		return error_set_errno(error, errno, "cannot open %s", directory);
	int r = running_list(&arena, &names);
	if (r < 0)
		return error_set_errno(error, -r, "cannot list the VMs");
	for (size_t i = 0; i < names.count; i++) {
		if (change(names.items[i], asleep_fd, error) == 0)
			continue;
		log_line(log, LOG_LEVEL_ERROR, "VM %s: %s", names.items[i], error->message);
		failed = error_set(error, EIO, "not all VMs were reached");
	}
	return failed;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("vmlet-sleep " VMLET_VERSION);
		return 0;
	}
	const char *directory = getenv("RUNTIME_DIRECTORY");
	bool pauses = argc == 2 && strcmp(argv[1], "pause") == 0;
	if (!directory || (!pauses && (argc != 2 || strcmp(argv[1], "resume") != 0))) {
		bool asked = argc == 2 && strcmp(argv[1], "--help") == 0;
		fputs(help, asked ? stdout : stderr);
		return asked ? 0 : 2;
	}
	struct log log = log_open_stderr("vmlet-sleep");
	struct error error = {""};
	if (each_vm(&log, directory, pauses ? pause_vm : resume_vm, &error) == 0)
		return 0;
	log_line(&log, LOG_LEVEL_ERROR, "%s", error.message);
	return 1;
}
