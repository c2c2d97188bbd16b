/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cmd/verbs.h"
#include "host/bus.h"
#include "spec/scalar.h"

#define END_POLL_USEC 20000
#define END_POLLS 1000

/* The end by a signal was asked for: it is no failure to be remembered. */
static int wait_until_ended(struct sd_bus *bus, const char *unit, struct error *error)
{
	for (int i = 0; i < END_POLLS; i++) {
		struct unit_state state;
		int r = bus_unit_state(bus, unit, &state, error);
		if (r < 0 || strcmp(state.active, "inactive") == 0)
			return r;
		if (strcmp(state.active, "failed") == 0)
			return bus_unit_reset_failed(bus, unit, error);
		usleep(END_POLL_USEC);
	}
	return error_set(error, ETIMEDOUT, "%s does not end: see systemctl status %s", unit, unit);
}

static int force_stop(const char *name, struct error *error)
{
	char unit[NAME_LENGTH_MAX + sizeof("vm@.service")];
	struct sd_bus *bus CLEANUP(bus_close) = NULL;
	struct unit_state state;
	snprintf(unit, sizeof(unit), "vm@%s.service", name);
	int r = bus_open(&bus, error);
	if (r == 0)
		r = bus_unit_state(bus, unit, &state, error);
	if (r < 0)
		return r;
	if (strcmp(state.active, "inactive") == 0 || strcmp(state.active, "failed") == 0)
		return error_set(error, ESRCH, "VM %s does not run", name);
	/* A job to stop comes first: with it, systemd does not restart what is killed. */
	r = bus_unit_stop(bus, unit, error);
	if (r == 0)
		r = bus_unit_kill(bus, unit, SIGKILL, error);
	return r < 0 ? r : wait_until_ended(bus, unit, error);
}

int verb_stop(const struct log *log, int argc, char **argv)
{
	const char *name = NULL;
	bool force = false;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--force") == 0)
			force = true;
		else if (argv[i][0] == '-' || name)
			return VERB_USAGE;
		else
			name = argv[i];
	}
	if (!name || !force)
		return VERB_USAGE;
	struct error error;
	if (!vm_argument(log, name))
		return 1;
	if (force_stop(name, &error) < 0) {
		log_line(log, LOG_LEVEL_ERROR, "%s", error.message);
		return 1;
	}
	return 0;
}
