/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/progress.h"
#include "cmd/target.h"
#include "cmd/verbs.h"
#include "host/bus.h"
#include "host/suspend.h"

#define ANSWER_TIMEOUT_USEC (30 * UINT64_C(1000000))
#define MIB (UINT64_C(1024) * 1024)
#define END_POLL_USEC 20000
#define END_POLLS 1500

static int open_directory(const char *name, struct error *error)
{
	char path[sizeof(PLAN_PRIVATE_ROOT) + NAME_LENGTH_MAX + 2];
	snprintf(path, sizeof(path), PLAN_PRIVATE_ROOT "/%s", name);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? error_set_errno(error, errno, "cannot open %s", path) : fd;
}

static bool show(const struct suspend_progress *now, void *context)
{
	progress_show(context, "writing the guest's memory: %" PRIu64 " of %" PRIu64 " MiB",
		now->done_bytes / MIB, now->total_bytes / MIB);
	return !progress_interrupted();
}

/* QEMU has nothing left to do, which vmlet-stop sees. */
static int stop_unit(const char *name, struct error *error)
{
	char unit[NAME_LENGTH_MAX + sizeof("vm@.service")];
	struct sd_bus *bus CLEANUP(bus_close) = NULL;
	snprintf(unit, sizeof(unit), "vm@%s.service", name);
	int r = bus_open(&bus, error);
	if (r == 0)
		r = bus_unit_stop(bus, unit, error);
	for (int i = 0; r == 0 && i < END_POLLS; i++) {
		struct unit_state state;
		r = bus_unit_state(bus, unit, &state, error);
		if (r < 0 || strcmp(state.active, "inactive") == 0)
			return r;
		usleep(END_POLL_USEC);
	}
	return r < 0 ? r
		     : error_set(error, ETIMEDOUT, "%s does not end: see systemctl status %s", unit,
			       unit);
}

static int save(const struct target *target, struct error *error)
{
	if (!target->running)
		return error_set(error, ESRCH, "VM %s does not run", target->name);
	struct progress progress = progress_begin();
	int fd AUTO_CLOSE = open_directory(target->name, error);
	if (fd < 0)
		return fd;
	char path[sizeof(PLAN_RUNTIME_ROOT) + NAME_LENGTH_MAX + sizeof(PLAN_QMP_SOCKET) + 2];
	struct qmp qmp CLEANUP(qmp_done) = {.fd = -1};
	snprintf(path, sizeof(path), PLAN_RUNTIME_ROOT "/%s/" PLAN_QMP_SOCKET, target->name);
	int r = qmp_connect(&qmp, path, ANSWER_TIMEOUT_USEC, error);
	if (r == 0)
		r = suspend_save(&qmp, fd, buf_text(&target->booted.text),
			target->booted.text.length, show, &progress, error);
	progress_clear(&progress);
	return r < 0 ? r : stop_unit(target->name, error);
}

static int discard(const struct target *target, struct error *error)
{
	int fd AUTO_CLOSE = open_directory(target->name, error);
	if (fd < 0)
		return fd;
	if (target->running)
		return error_set(error, EBUSY, "VM %s runs", target->name);
	int r = suspend_discard(fd);
	if (r == -ENOENT)
		return error_set(error, ENOENT, "VM %s is not suspended", target->name);
	return r < 0 ? error_set_errno(error, -r, "cannot remove the state of %s", target->name)
		     : 0;
}

int verb_suspend(const struct log *log, int argc, char **argv)
{
	bool discards = argc == 3 && strcmp(argv[2], "--discard") == 0;
	if ((argc != 2 && !discards) || argv[1][0] == '-')
		return VERB_USAGE;
	struct target target;
	struct error error;
	int code = 1;
	if (target_open(&target, log, argv[1]) == 0) {
		int r = discards ? discard(&target, &error) : save(&target, &error);
		if (r < 0)
			log_line(log, LOG_LEVEL_ERROR, "%s", error.message);
		code = r < 0;
	}
	target_close(&target);
	return code;
}
