/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "cmd/verbs.h"
#include "host/qmp.h"
#include "plan/plan.h"

#define ANSWER_TIMEOUT_USEC UINT64_C(5000000)

int verb_reset(const struct log *log, int argc, char **argv)
{
	if (argc != 2 || argv[1][0] == '-')
		return EXIT_USAGE;
	const char *name = vm_argument(log, argv[1]);
	if (!name)
		return 1;
	char path[128];
	struct error error;
	struct qmp qmp CLEANUP(qmp_done) = {.fd = -1};
	snprintf(path, sizeof(path), PLAN_RUNTIME_ROOT "/%s/" PLAN_QMP_SOCKET, name);
	int r = qmp_connect(&qmp, path, ANSWER_TIMEOUT_USEC, &error);
	if (r == 0)
		r = qmp_execute(&qmp, "system_reset", NULL, ANSWER_TIMEOUT_USEC, NULL, &error);
	if (r == -ENOENT || r == -ECONNREFUSED)
		log_line(log, LOG_LEVEL_ERROR, "VM %s does not run", name);
	else if (r == -EACCES)
		log_line(log, LOG_LEVEL_ERROR, "%s: only root may", error.message);
	else if (r < 0)
		log_line(log, LOG_LEVEL_ERROR, "%s", error.message);
	return r < 0;
}
