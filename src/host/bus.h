/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* systemd's view of units, over D-Bus (org.freedesktop.systemd1(5)). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

struct sd_bus;

struct unit_state {
	char active[32]; /* ActiveState, such as "active"; "not-found" when systemd knows no such
			    unit */
	char sub[32];	 /* SubState, such as "running" */
	pid_t main_pid;	 /* 0 for none */
	uint64_t since_usec;   /* CLOCK_REALTIME when it became active; 0 when it is not */
	uint64_t memory_bytes; /* of the unit's cgroup; UINT64_MAX when not known */
	uint32_t restarts;
};

/* Connects to systemd. -ENOTCONN or another errno when it is not there. */
int bus_open(struct sd_bus **ret_bus, struct error *error);
void bus_close(struct sd_bus **bus);

/* Asks for the states of units, all at once. */
int bus_unit_states(struct sd_bus *bus, const char *const units[], struct unit_state states[],
	size_t count, struct error *error);

/* Asks for the state of one unit. */
int bus_unit_state(
	struct sd_bus *bus, const char *unit, struct unit_state *ret_state, struct error *error);

/* The control group of a unit that runs ("/machine.slice/vm@web.service"), else "". */
int bus_unit_cgroup(
	struct sd_bus *bus, const char *unit, char *text, size_t size, struct error *error);

/* Calls back with the name and the ActiveState of each VM whose unit runs, starts, stops or has
 * failed. */
int bus_each_vm(struct sd_bus *bus,
	void (*visit)(const char *vm, const char *active, void *context), void *context,
	struct error *error);

/* Sends a signal to all processes of the unit. */
int bus_unit_kill(struct sd_bus *bus, const char *unit, int signal, struct error *error);

/* Forgets that the unit failed. */
int bus_unit_reset_failed(struct sd_bus *bus, const char *unit, struct error *error);

/* Queues a start job and returns at once. */
int bus_unit_start(struct sd_bus *bus, const char *unit, struct error *error);

/* Queues a restart job, which starts a unit that does not run, and returns at once. */
int bus_unit_restart(struct sd_bus *bus, const char *unit, struct error *error);

/* Has systemd run its generators and read all units anew: systemctl daemon-reload. */
int bus_reload(struct sd_bus *bus, struct error *error);

/* The words of a unit's last ExecStart=, one a line: the program first. */
int bus_unit_command(struct sd_bus *bus, const char *unit, struct buf *words, struct error *error);

/* What a unit is doing, for one who waits. */
struct unit_progress {
	bool busy;	  /* a job of it waits or runs */
	char result[32];  /* Result= of systemd.service(5): "success" or why it failed */
	char status[256]; /* STATUS= of sd_notify(3); "" for none */
};
int bus_unit_progress(struct sd_bus *bus, const char *unit, struct unit_progress *ret_progress,
	struct error *error);

/* Queues a stop job and returns at once. */
int bus_unit_stop(struct sd_bus *bus, const char *unit, struct error *error);
