/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/freeze.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "host/agent.h"
#include "plan/plan.h"

/* It writes out what the guest has in memory. */
#define PATH_BYTES 128
#define FREEZE_TIMEOUT_USEC UINT64_C(10000000)

static void agent_path(const char *vm, char path[PATH_BYTES])
{
	snprintf(path, PATH_BYTES, PLAN_RUNTIME_ROOT "/%s/" PLAN_AGENT_SOCKET, vm);
}

/* Waits in a process of its own, which nothing that ends the other one ends. */
static void guard(const char *vm, int fd)
{
	char byte;
	char path[PATH_BYTES];
	agent_path(vm, path);
	setsid();
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	while (read(fd, &byte, 1) < 0 && errno == EINTR)
		;
	for (int i = 0; i < 3 && !agent_ask(path, "guest-fsfreeze-thaw", FREEZE_TIMEOUT_USEC); i++)
		;
	_exit(0);
}

void freeze_begin(struct freeze *freeze, const char *vm)
{
	int ends[2];
	char path[PATH_BYTES];
	*freeze = (struct freeze){.fd = -1};
	agent_path(vm, path);
	if (!agent_is_there(path) || pipe2(ends, O_CLOEXEC) < 0)
		return;
	freeze->pid = fork();
	if (freeze->pid == 0) {
		close(ends[1]);
		guard(vm, ends[0]);
	}
	close(ends[0]);
	freeze->fd = ends[1];
	freeze->frozen =
		freeze->pid > 0 && agent_ask(path, "guest-fsfreeze-freeze", FREEZE_TIMEOUT_USEC);
}

void freeze_end(struct freeze *freeze)
{
	close_fd(&freeze->fd);
	freeze->fd = -1;
	while (freeze->pid > 0 && waitpid(freeze->pid, NULL, 0) < 0 && errno == EINTR)
		;
	freeze->pid = 0;
}
