/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/suspend.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "host/qmp.h"
#include "plan/plan.h"

#define TEMPORARY ".suspended.tmp"
#define ANSWER_TIMEOUT_USEC UINT64_C(30000000)
#define POLL_INTERVAL_USEC 50000
/* As fast as it goes: QEMU's own limit is for networks. */
#define BANDWIDTH_BYTES (INT64_C(1) << 40)

/* --- the file ------------------------------------------------------------------------------ */

/* A new file, which is the VM's user's as its directory is. */
static int create(int directory_fd)
{
	if (unlinkat(directory_fd, TEMPORARY, 0) < 0 && errno != ENOENT)
		return -errno;
	int fd AUTO_CLOSE = openat(directory_fd, TEMPORARY,
		O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r = fd < 0 ? -errno : file_give(directory_fd, fd);
	return r < 0 ? r : TAKE_FD(fd);
}

static int commit(int directory_fd, int fd)
{
	if (fsync(fd) < 0 ||
		renameat(directory_fd, TEMPORARY, directory_fd, PLAN_SUSPENDED_FILE) < 0 ||
		fsync(directory_fd) < 0)
		return -errno;
	return 0;
}

bool suspend_is_there(int directory_fd)
{
	return faccessat(directory_fd, PLAN_SUSPENDED_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool suspend_is_of(const char *vm)
{
	char path[sizeof(PLAN_PRIVATE_ROOT) + NAME_LENGTH_MAX + 2];
	snprintf(path, sizeof(path), PLAN_PRIVATE_ROOT "/%s", vm);
	int fd AUTO_CLOSE = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd >= 0 && suspend_is_there(fd);
}

int suspend_discard(int directory_fd)
{
	if (unlinkat(directory_fd, PLAN_SUSPENDED_FILE, 0) < 0)
		return -errno;
	unlinkat(directory_fd, PLAN_SUSPENDED_SPEC_FILE, 0);
	return fsync(directory_fd) < 0 ? -errno : 0;
}

int suspend_open(int directory_fd, const char *spec, size_t spec_length)
{
	struct buf text CLEANUP(buf_done) = {0};
	int fd AUTO_CLOSE = openat(
		directory_fd, PLAN_SUSPENDED_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	int r = file_read_at(directory_fd, PLAN_SUSPENDED_SPEC_FILE, 2 * SPEC_BYTES_MAX, &text);
	if (r < 0)
		return r == -ENOENT ? -EUCLEAN : r;
	if (text.length != spec_length || memcmp(buf_text(&text), spec, spec_length) != 0)
		return -EUCLEAN;
	return TAKE_FD(fd);
}

/* --- QEMU ---------------------------------------------------------------------------------- */

static int execute(struct qmp *qmp, const char *command, json_t *arguments, struct error *error)
{
	return qmp_execute(qmp, command, arguments, ANSWER_TIMEOUT_USEC, NULL, error);
}

/* Returns 1 when all is written. */
static int look(struct qmp *qmp, struct suspend_progress *ret_progress, struct error *error)
{
	json_t *answer = NULL;
	int r = qmp_execute(qmp, "query-migrate", NULL, ANSWER_TIMEOUT_USEC, &answer, error);
	if (r < 0)
		return r;
	const char *state = json_string_value(json_object_get(answer, "status"));
	const char *reason = json_string_value(json_object_get(answer, "error-desc"));
	const json_t *ram = json_object_get(answer, "ram");
	ret_progress->done_bytes =
		(uint64_t)json_integer_value(json_object_get(ram, "transferred"));
	ret_progress->total_bytes = (uint64_t)json_integer_value(json_object_get(ram, "total"));
	if (state && strcmp(state, "completed") == 0)
		r = 1;
	else if (state && (strcmp(state, "failed") == 0 || strcmp(state, "cancelled") == 0))
		r = error_set(error, EIO, "QEMU cannot write the guest's state: %s",
			reason ? reason : state);
	json_decref(answer);
	return r;
}

static int follow(struct qmp *qmp,
	bool (*progress)(const struct suspend_progress *progress, void *context), void *context,
	struct error *error)
{
	for (;;) {
		struct suspend_progress now = {0};
		int r = look(qmp, &now, error);
		if (r != 0)
			return r < 0 ? r : 0;
		if (!progress(&now, context)) {
			execute(qmp, "migrate_cancel", NULL, error);
			return error_set(error, EINTR, "interrupted: the guest runs on");
		}
		usleep(POLL_INTERVAL_USEC);
	}
}

static int begin(struct qmp *qmp, int fd, struct error *error)
{
	int r = execute(qmp, "migrate-set-parameters",
		json_pack("{s:I}", "max-bandwidth", (json_int_t)BANDWIDTH_BYTES), error);
	if (r == 0)
		r = qmp_execute_fd(qmp, "getfd", json_pack("{s:s}", "fdname", "state"), fd,
			ANSWER_TIMEOUT_USEC, NULL, error);
	if (r == 0)
		r = execute(qmp, "stop", NULL, error);
	if (r == 0)
		r = execute(qmp, "migrate", json_pack("{s:s}", "uri", "fd:state"), error);
	return r;
}

int suspend_save(struct qmp *qmp, int directory_fd, const char *spec, size_t spec_length,
	bool (*progress)(const struct suspend_progress *progress, void *context), void *context,
	struct error *error)
{
	static const char cannot_write[] = "cannot write the guest's state";
	int fd AUTO_CLOSE = create(directory_fd);
	int r = fd < 0 ? fd
		       : file_replace_for_owner_at(directory_fd, PLAN_SUSPENDED_SPEC_FILE, spec,
				 spec_length, 0600, true);
	if (r < 0)
		return error_set_errno(error, -r, cannot_write);
	r = begin(qmp, fd, error);
	if (r == 0)
		r = follow(qmp, progress, context, error);
	if (r == 0) {
		r = commit(directory_fd, fd);
		if (r < 0)
			error_set_errno(error, -r, cannot_write);
	}
	if (r < 0) {
		struct error ignored;
		unlinkat(directory_fd, TEMPORARY, 0);
		unlinkat(directory_fd, PLAN_SUSPENDED_SPEC_FILE, 0);
		execute(qmp, "cont", NULL, &ignored);
	}
	return r;
}
