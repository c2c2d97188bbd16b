/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/machined.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "base/file.h"

#define SERVICE "org.freedesktop.machine1"
#define PATH "/org/freedesktop/machine1"
#define MANAGER SERVICE ".Manager"

#define PROC_BYTES_MAX 65536

static int call_register(sd_bus *bus, const char *name, pid_t leader, sd_bus_error *reason)
{
	return sd_bus_call_method(bus, SERVICE, PATH, MANAGER, "RegisterMachine", reason, NULL,
		"sayssus", name, 0, "vmlet", "vm", (uint32_t)leader, "");
}

int machined_register(struct sd_bus *bus, const char *name, pid_t leader, struct error *error)
{
	sd_bus_error reason CLEANUP(sd_bus_error_free) = SD_BUS_ERROR_NULL;
	int r = call_register(bus, name, leader, &reason);
	/* It has not seen yet that the one before has ended. */
	if (r < 0 && sd_bus_error_has_name(&reason, SERVICE ".MachineExists")) {
		sd_bus_error_free(&reason);
		r = sd_bus_call_method(
			bus, SERVICE, PATH, MANAGER, "UnregisterMachine", &reason, NULL, "s", name);
		if (r >= 0)
			r = call_register(bus, name, leader, &reason);
	}
	return r < 0 ? error_set(error, -r, "cannot register %s with systemd-machined: %s", name,
			       reason.message ? reason.message : strerror(-r))
		     : 0;
}

static int read_file(const char *path, struct buf *text)
{
	int fd AUTO_CLOSE = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : file_read_fd(fd, PROC_BYTES_MAX, text);
}

/* proc(5): "PID (command) STATE PARENT ...", and the command may hold anything. */
static pid_t parent_of(pid_t pid)
{
	char path[64];
	struct buf text CLEANUP(buf_done) = {0};
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (read_file(path, &text) < 0)
		return 0;
	const char *rest = strrchr(buf_text(&text), ')');
	return rest && strlen(rest) > 4 ? (pid_t)strtol(rest + 4, NULL, 10) : 0;
}

int machined_find_leader(const char *cgroup, pid_t main_pid, pid_t *ret_leader, struct error *error)
{
	char path[PATH_MAX];
	struct buf text CLEANUP(buf_done) = {0};
	snprintf(path, sizeof(path), "/sys/fs/cgroup%s/cgroup.procs", cgroup);
	int r = read_file(path, &text);
	if (r < 0)
		return error_set_errno(error, -r, "cannot read %s", path);
	for (const char *at = buf_text(&text); *at;) {
		char *end = NULL;
		pid_t pid = (pid_t)strtol(at, &end, 10);
		if (pid != main_pid && parent_of(pid) == 1) {
			*ret_leader = pid;
			return 0;
		}
		at = *end ? end + 1 : end;
	}
	return error_set(error, ESRCH, "no supervisor in %s", path);
}
