/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* systemd-machined's register of machines (org.freedesktop.machine1(5)). */
#pragma once

#include <sys/types.h>

#include "base/error.h"

struct sd_bus;

/* Registers a VM that runs, as class "vm". leader is the process that machinectl(1) sends its
 * wishes to: SIGRTMIN+4 is poweroff, SIGINT is reboot. machined itself finds the leader's unit, and
 * forgets the machine when that has ended. -EINVAL for a name that machined does not take: those of
 * hosts only, hostname(7). */
int machined_register(struct sd_bus *bus, const char *name, pid_t leader, struct error *error);

/* The process of a unit's cgroup that belongs to PID 1 and is not the main process: the one that
 * watches the supervisor. cgroup is a path below /sys/fs/cgroup. -ESRCH when there is none. */
int machined_find_leader(
	const char *cgroup, pid_t main_pid, pid_t *ret_leader, struct error *error);
