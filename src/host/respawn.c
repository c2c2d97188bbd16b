/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/respawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define KEEP_FIRST 3
/* Where descriptors wait while lower numbers are filled. */
#define KEEP_ASIDE 512

/* So many within a minute are too often. */
#define STARTS_MAX 5
#define STARTS_INTERVAL_USEC (60 * USEC_SECOND)

static int keep_only(int *const keep[], int count)
{
	int next = KEEP_FIRST;
	for (int i = 0; i < count; i++)
		if (*keep[i] >= 0)
			*keep[i] = fcntl(*keep[i], F_DUPFD_CLOEXEC, KEEP_ASIDE);
	for (int i = 0; i < count; i++) {
		if (*keep[i] < 0)
			continue;
		if (dup3(*keep[i], next, O_CLOEXEC) < 0)
			return -errno;
		*keep[i] = next++;
	}
	return close_range((unsigned)next, ~0U, 0) < 0 ? -errno : 0;
}

/* Waits for the child's end, and passes signals on. Returns negative errno. */
static int wait_for(const struct respawn *respawn, pid_t pid, int *ret_status)
{
	sigset_t awaited = respawn->passed_on;
	sigaddset(&awaited, SIGCHLD);
	for (;;) {
		pid_t ended = waitpid(pid, ret_status, WNOHANG);
		if (ended != 0)
			return ended < 0 ? -errno : 0;
		int number = sigwaitinfo(&awaited, NULL);
		if (number > 0 && number != SIGCHLD)
			kill(pid, number);
	}
}

static void watch(const struct respawn *respawn)
{
	uint64_t since = clock_usec(CLOCK_MONOTONIC);
	int starts = 0;
	sigset_t blocked = respawn->passed_on;
	sigaddset(&blocked, SIGCHLD);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	respawn->begin(respawn->context);
	for (bool again = false;; again = true) {
		pid_t pid = fork();
		if (pid == 0) {
			respawn->run(respawn->context, again);
			_exit(0);
		}
		int status = 0;
		if (pid > 0 && wait_for(respawn, pid, &status) < 0)
			return;
		if (pid < 0 || !WIFSIGNALED(status))
			return;
		if (clock_usec(CLOCK_MONOTONIC) - since > STARTS_INTERVAL_USEC) {
			since = clock_usec(CLOCK_MONOTONIC);
			starts = 0;
		}
		bool give_up = ++starts > STARTS_MAX;
		respawn->killed(respawn->context, WTERMSIG(status), give_up);
		if (give_up)
			return;
	}
}

int respawn_start(const struct respawn *respawn, int *const keep[], int keep_count)
{
	pid_t middle = fork();
	if (middle == 0) {
		if (fork() == 0 && keep_only(keep, keep_count) == 0)
			watch(respawn);
		_exit(0);
	}
	return middle < 0 || waitpid(middle, NULL, 0) < 0 ? -errno : 0;
}
