/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vmlet-machine: registers a VM that runs with systemd-machined, so that machinectl knows it.
 * vm-machine@NAME.service runs it, where there is a machined.
 */
#include <stdio.h>
#include <string.h>

#include "base/install.h"
#include "base/log.h"
#include "host/bus.h"
#include "host/machined.h"
#include "spec/scalar.h"

static const char help[] =
	"Usage: vmlet-machine NAME\n"
	"\n"
	"Registers VM NAME, which runs, with systemd-machined. vm-machine@NAME.service\n"
	"runs it.\n";

static int register_vm(const char *name, struct error *error)
{
	char unit[NAME_LENGTH_MAX + sizeof("vm@.service")];
	char cgroup[512] = "";
	struct unit_state state = {0};
	pid_t leader = 0;
	struct sd_bus *bus CLEANUP(bus_close) = NULL;
	snprintf(unit, sizeof(unit), "vm@%s.service", name);
	int r = bus_open(&bus, error);
	if (r == 0)
		r = bus_unit_state(bus, unit, &state, error);
	/* It has failed, or ended by now. */
	if (r == 0 && strcmp(state.active, "active") != 0)
		return 0;
	if (r == 0)
		r = bus_unit_cgroup(bus, unit, cgroup, sizeof(cgroup), error);
	if (r == 0)
		r = machined_find_leader(cgroup, state.main_pid, &leader, error);
	return r < 0 ? r : machined_register(bus, name, leader, error);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("vmlet-machine " VMLET_VERSION);
		return 0;
	}
	bool named = argc == 2 && scalar_is_name(argv[1], NAME_LENGTH_MAX);
	if (!named) {
		bool asked = argc == 2 && strcmp(argv[1], "--help") == 0;
		fputs(help, asked ? stdout : stderr);
		return asked ? 0 : 2;
	}
	struct log log = log_open_stderr("vmlet-machine");
	struct error error = {""};
	if (register_vm(argv[1], &error) == 0)
		return 0;
	log_line(&log, LOG_LEVEL_ERROR, "%s", error.message);
	return 1;
}
