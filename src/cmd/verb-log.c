/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/verbs.h"
#include "spec/scalar.h"

#define JOURNALCTL "/usr/bin/journalctl"
#define ARGUMENTS_MAX 64

int verb_log(const struct log *log, int argc, char **argv)
{
	char unit[NAME_LENGTH_MAX + sizeof("--unit=vm@.service")];
	char program[] = JOURNALCTL;
	char *arguments[ARGUMENTS_MAX] = {program, unit};
	if (argc < 2 || argv[1][0] == '-' || argc + 1 >= ARGUMENTS_MAX)
		return VERB_USAGE;
	if (!vm_argument(log, argv[1]))
		return 1;
	snprintf(unit, sizeof(unit), "--unit=vm@%s.service", argv[1]);
	for (int i = 2; i < argc; i++)
		arguments[i] = argv[i];
	execv(JOURNALCTL, arguments);
	log_line(log, LOG_LEVEL_ERROR, "cannot run " JOURNALCTL ": %s", strerror(errno));
	return 1;
}
