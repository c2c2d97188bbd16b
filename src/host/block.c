/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/block.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define CANCEL_ATTEMPTS 200
#define CANCEL_INTERVAL_USEC 50000

/* --- connections --------------------------------------------------------------------------- */

static int open_running(struct block *block, struct error *error)
{
	char path[128];
	snprintf(path, sizeof(path), PLAN_RUNTIME_ROOT "/%s/" PLAN_QMP_SOCKET,
		block->plan->vm->name);
	int r = qmp_connect(&block->qmp, path, BLOCK_TIMEOUT_USEC, error);
	if (r == -ENOENT || r == -ECONNREFUSED)
		return error_set(error, ESRCH, "VM %s does not run", block->plan->vm->name);
	if (r == -ETIMEDOUT)
		return error_set(error, EBUSY,
			"QEMU of VM %s does not answer, or another command speaks to it",
			block->plan->vm->name);
	return r;
}

static void wait_for(pid_t *pid)
{
	while (*pid && waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
		;
	*pid = 0;
}

static int open_daemon(struct block *block, const struct sandbox *sandbox, struct error *error)
{
	static const char *const arguments[] = {"serve", NULL};
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set_errno(error, errno, "cannot make a socket pair");
	int r = sandbox_start(sandbox, arguments, ends[1], &block->daemon, error);
	close(ends[1]);
	if (r < 0) {
		close(ends[0]);
		return r;
	}
	r = qmp_take(&block->qmp, ends[0], BLOCK_TIMEOUT_USEC, error);
	if (r < 0) {
		wait_for(&block->daemon);
		return error_set(error, EBUSY,
			"the storage of VM %s cannot be opened: see what is above",
			block->plan->vm->name);
	}
	return 0;
}

/* QEMU keeps what it was passed as long as anyone holds a monitor, as the supervisor does; what a
 * killed command left is there, too. */
static void forget_passed(struct block *block)
{
	struct error ignored;
	json_t *sets = NULL;
	size_t index;
	const json_t *set;
	if (!block->running || block->qmp.fd < 0 ||
		block_execute(block, "query-fdsets", NULL, &sets, &ignored) < 0)
		return;
	json_array_foreach(sets, index, set) block_execute(block, "remove-fd",
		json_pack("{s:O}", "fdset-id", json_object_get(set, "fdset-id")), NULL, &ignored);
	json_decref(sets);
}

int block_pass(struct block *block, int fd, char path[BLOCK_PATH_BYTES], struct error *error)
{
	json_t *answer = NULL;
	int r = qmp_execute_fd(&block->qmp, "add-fd", NULL, fd, BLOCK_TIMEOUT_USEC, &answer, error);
	snprintf(path, BLOCK_PATH_BYTES, "/dev/fdset/%" PRId64,
		(int64_t)json_integer_value(json_object_get(answer, "fdset-id")));
	json_decref(answer);
	return r;
}

int block_open(struct block *ret_block, const struct plan *plan, bool running,
	const struct sandbox_file *files, size_t file_count, struct error *error)
{
	const struct sandbox sandbox = {plan, files, file_count};
	struct block block = {.plan = plan, .running = running, .qmp = {.fd = -1}};
	int r = running ? open_running(&block, error) : open_daemon(&block, &sandbox, error);
	if (r < 0)
		return r;
	*ret_block = block;
	forget_passed(ret_block);
	return 0;
}

/* The daemon writes what it holds, and ends. */
void block_close(struct block *block)
{
	struct error error;
	forget_passed(block);
	if (block->daemon && block->qmp.fd >= 0)
		qmp_execute(&block->qmp, "quit", NULL, BLOCK_TIMEOUT_USEC, NULL, &error);
	qmp_done(&block->qmp);
	wait_for(&block->daemon);
}

int block_execute(struct block *block, const char *command, json_t *arguments, json_t **ret_answer,
	struct error *error)
{
	return qmp_execute(&block->qmp, command, arguments, BLOCK_TIMEOUT_USEC, ret_answer, error);
}

/* --- nodes --------------------------------------------------------------------------------- */

int block_query_nodes(struct block *block, json_t **ret_nodes, struct error *error)
{
	return block_execute(
		block, "query-named-block-nodes", json_pack("{s:b}", "flat", 1), ret_nodes, error);
}

/* A clone puts nodes with numbers, "disk-NAME_2", over those that were there: the last is the disk.
 */
static bool is_above(const json_t *node, const json_t *other)
{
	const char *name = json_string_value(json_object_get(node, "node-name"));
	const char *below = json_string_value(json_object_get(other, "node-name"));
	if (!name || !below)
		return name != NULL;
	return strlen(name) != strlen(below) ? strlen(name) > strlen(below)
					     : strcmp(name, below) > 0;
}

static bool is_of_disk(const json_t *node, const struct plan_disk *disk)
{
	const char *name = json_string_value(json_object_get(node, "node-name"));
	const char *part = disk->disk->part.name;
	size_t length = strlen(part);
	/* Parts' names hold no underscore. */
	return name && strncmp(name, "disk-", 5) == 0 && strncmp(name + 5, part, length) == 0 &&
	       (!name[5 + length] || name[5 + length] == '_');
}

json_t *block_find_node(const json_t *nodes, const struct plan_disk *disk)
{
	size_t index;
	json_t *node;
	json_t *found = NULL;
	json_array_foreach(nodes, index, node)
	{
		if (is_of_disk(node, disk) && (!found || is_above(node, found)))
			found = node;
	}
	return found;
}

/* --- jobs ---------------------------------------------------------------------------------- */

int block_query_job(
	struct block *block, const char *id, struct block_job *ret_job, struct error *error)
{
	json_t *jobs = NULL;
	size_t index;
	json_t *job;
	int r = block_execute(block, "query-jobs", NULL, &jobs, error);
	if (r < 0)
		return r;
	*ret_job = (struct block_job){0};
	json_array_foreach(jobs, index, job)
	{
		const char *name = json_string_value(json_object_get(job, "id"));
		const char *status = json_string_value(json_object_get(job, "status"));
		const char *failure = json_string_value(json_object_get(job, "error"));
		if (!name || strcmp(name, id) != 0)
			continue;
		ret_job->there = true;
		ret_job->concluded = status && strcmp(status, "concluded") == 0;
		ret_job->done =
			(uint64_t)json_integer_value(json_object_get(job, "current-progress"));
		ret_job->total =
			(uint64_t)json_integer_value(json_object_get(job, "total-progress"));
		snprintf(ret_job->failure, sizeof(ret_job->failure), "%s", failure ? failure : "");
	}
	json_decref(jobs);
	return 0;
}

int block_dismiss_job(struct block *block, const char *id, struct error *error)
{
	return block_execute(block, "job-dismiss", json_pack("{s:s}", "id", id), NULL, error);
}

void block_cancel_job(struct block *block, const char *id)
{
	struct error error;
	struct block_job job;
	block_execute(block, "job-cancel", json_pack("{s:s}", "id", id), NULL, &error);
	for (int i = 0; i < CANCEL_ATTEMPTS; i++) {
		if (block_query_job(block, id, &job, &error) < 0)
			return;
		if (job.concluded) {
			block_dismiss_job(block, id, &error);
			return;
		}
		if (!job.there)
			return;
		usleep(CANCEL_INTERVAL_USEC);
	}
}
