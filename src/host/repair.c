/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/repair.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/install.h"
#include "host/process.h"

#define MARK ".repair"

static int open_directory(const char *vm)
{
	char path[sizeof(PLAN_PRIVATE_ROOT) + NAME_LENGTH_MAX + 2];
	snprintf(path, sizeof(path), PLAN_PRIVATE_ROOT "/%s", vm);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

int repair_mark(const char *vm, struct error *error)
{
	int directory AUTO_CLOSE = open_directory(vm);
	/* Its owner may have put anything there: nothing that is there is opened. */
	int fd AUTO_CLOSE =
		directory < 0 ? -1
			      : openat(directory, MARK,
					O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 && errno != EEXIST)
		return error_set_errno(
			error, errno, "cannot write below " PLAN_PRIVATE_ROOT "/%s", vm);
	fsync(directory);
	return 0;
}

void repair_unmark(const char *vm)
{
	int directory AUTO_CLOSE = open_directory(vm);
	if (directory >= 0)
		unlinkat(directory, MARK, 0);
}

int repair_finish(
	const struct plan *plan, const char *directory, int directory_fd, struct error *error)
{
	if (faccessat(directory_fd, MARK, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	for (size_t i = 0; i < plan->disk_count; i++) {
		const struct plan_disk *disk = &plan->disks[i];
		char path[4096];
		struct error reason;
		if (!disk->file_name || disk->disk->format != DISK_QCOW2 || disk->key_path)
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, disk->file_name);
		const char *argv[] = {
			INSTALL_QEMU_IMG, "check", "-q", "-r", "leaks", "-f", "qcow2", path, NULL};
		int r = process_run(argv, &reason);
		if (r < 0)
			return error_set(error, -r, "disk %s is damaged: %s", path, reason.message);
	}
	return unlinkat(directory_fd, MARK, 0) < 0
		       ? error_set_errno(error, errno, "cannot write in %s", directory)
		       : 0;
}
