/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/guest-clock.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#include "base/clock.h"
#include "host/agent.h"
#include "plan/plan.h"

void guest_clock_arguments(char text[GUEST_CLOCK_BYTES])
{
	snprintf(text, GUEST_CLOCK_BYTES, "{\"time\":%" PRIu64 "000}", clock_usec(CLOCK_REALTIME));
}

void guest_clock_set(const char *vm, struct qmp *qmp, uint64_t timeout_usec)
{
	char path[PATH_MAX];
	char arguments[GUEST_CLOCK_BYTES];
	json_t *chardevs = NULL;
	struct error ignored;
	if (qmp_execute(qmp, "query-chardev", NULL, timeout_usec, &chardevs, &ignored) < 0)
		return;
	bool there = agent_has_port(chardevs);
	json_decref(chardevs);
	if (!there)
		return;
	snprintf(path, sizeof(path), PLAN_RUNTIME_ROOT "/%s/" PLAN_AGENT_SOCKET, vm);
	guest_clock_arguments(arguments);
	struct agent agent = {.path = path, .arguments = arguments};
	agents_ask(&agent, 1, "guest-set-time", timeout_usec);
	agent_done(&agent);
}
