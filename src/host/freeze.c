/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/freeze.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "host/agent.h"
#include "plan/plan.h"

/* It writes out what the guest has in memory. */
#define FREEZE_TIMEOUT_USEC UINT64_C(10000000)

static bool ask(const char *vm, const char *command)
{
	char path[128];
	snprintf(path, sizeof(path), PLAN_RUNTIME_ROOT "/%s/" PLAN_AGENT_SOCKET, vm);
	struct agent agent = {.path = path};
	agents_ask(&agent, 1, command, FREEZE_TIMEOUT_USEC);
	bool answered = agent.answer != NULL;
	agent_done(&agent);
	return answered;
}

/* Whether someone answers at all: one that does not would be waited for twice. */
static bool has_agent(const char *vm)
{
	char path[128];
	snprintf(path, sizeof(path), PLAN_RUNTIME_ROOT "/%s/" PLAN_AGENT_SOCKET, vm);
	struct agent agent = {.path = path};
	agents_ask(&agent, 1, "guest-fsfreeze-status", 300000);
	bool answered = agent.answer != NULL;
	agent_done(&agent);
	return answered;
}

/* Waits in a process of its own, which nothing that ends the other one ends. */
static void guard(const char *vm, int fd)
{
	char byte;
	setsid();
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	while (read(fd, &byte, 1) < 0 && errno == EINTR)
		;
	for (int i = 0; i < 3 && !ask(vm, "guest-fsfreeze-thaw"); i++)
		;
	_exit(0);
}

void freeze_begin(struct freeze *freeze, const char *vm)
{
	int ends[2];
	*freeze = (struct freeze){.fd = -1};
	if (!has_agent(vm) || pipe2(ends, O_CLOEXEC) < 0)
		return;
	freeze->pid = fork();
	if (freeze->pid == 0) {
		close(ends[1]);
		guard(vm, ends[0]);
	}
	close(ends[0]);
	freeze->fd = ends[1];
	freeze->frozen = freeze->pid > 0 && ask(vm, "guest-fsfreeze-freeze");
}

void freeze_end(struct freeze *freeze)
{
	close_fd(&freeze->fd);
	freeze->fd = -1;
	while (freeze->pid > 0 && waitpid(freeze->pid, NULL, 0) < 0 && errno == EINTR)
		;
	freeze->pid = 0;
}
