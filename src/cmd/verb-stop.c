/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cmd/verbs.h"
#include "host/bus.h"
#include "spec/scalar.h"

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
	/* A job to stop comes first: with it, systemd does not take the kill for a crash. */
	r = bus_unit_stop(bus, unit, error);
	return r < 0 ? r : bus_unit_kill(bus, unit, SIGKILL, error);
}

int verb_stop(const struct log *log, int argc, char **argv)
{
	const char *name = NULL;
	bool force = false;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--force") == 0)
			force = true;
		else if (argv[i][0] == '-' || name)
			return EXIT_USAGE;
		else
			name = argv[i];
	}
	if (!name || !force)
		return EXIT_USAGE;
	struct error error;
	if (!vm_argument(log, name))
		return 1;
	if (force_stop(name, &error) < 0) {
		log_line(log, LOG_LEVEL_ERROR, "%s", error.message);
		return 1;
	}
	return 0;
}
