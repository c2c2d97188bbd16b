/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/image-store.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "host/image-file.h"
#include "plan/plan.h"

#define CGROUP_BYTES_MAX ((size_t)1024 * 1024)
#define END_ATTEMPTS 500
#define END_INTERVAL_USEC 10000

/* --- the processes that made it ------------------------------------------------------------ */

/* The file that lists them (cgroups(7)): "0::/system.slice/..." is the only line of cgroup v2. */
static int find_processes(char path[PATH_MAX], struct error *error)
{
	struct buf text CLEANUP(buf_done) = {0};
	int fd AUTO_CLOSE = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? -errno : file_read_at(fd, "cgroup", CGROUP_BYTES_MAX, &text);
	if (r < 0)
		return error_set_errno(error, -r, "cannot read /proc/self/cgroup");
	const char *line = strstr(buf_text(&text), "0::/");
	if (!line)
		return error_set(error, ENOTSUP, "there is no cgroup v2");
	line += strlen("0::");
	snprintf(path, PATH_MAX, "/sys/fs/cgroup%.*s/cgroup.procs", (int)strcspn(line, "\n"), line);
	return 0;
}

/* How many there are besides this one; each gets a signal. */
static int end_once(const char *path, struct error *error)
{
	struct buf text CLEANUP(buf_done) = {0};
	int others = 0;
	int fd AUTO_CLOSE = open(path, O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : file_read_fd(fd, CGROUP_BYTES_MAX, &text);
	if (r < 0)
		return error_set_errno(error, -r, "cannot read %s", path);
	for (const char *at = buf_text(&text); *at; at += strcspn(at, "\n"), at += *at == '\n') {
		pid_t pid = (pid_t)strtol(at, NULL, 10);
		if (pid <= 0 || pid == getpid())
			continue;
		others++;
		kill(pid, SIGKILL);
	}
	return others;
}

int cgroup_end_others(struct error *error)
{
	char path[PATH_MAX];
	int r = find_processes(path, error);
	if (r < 0)
		return r;
	for (int i = 0; i < END_ATTEMPTS; i++) {
		int others = end_once(path, error);
		if (others <= 0)
			return others;
		usleep(END_INTERVAL_USEC);
	}
	return error_set(error, ETIMEDOUT, "processes that made the image do not end");
}

/* --- the file ------------------------------------------------------------------------------ */

/* Makes the open file root's; nobody else has it open for writing. */
static int take_over(int fd, struct error *error)
{
	struct stat status;
	if (fstat(fd, &status) < 0)
		return error_set_errno(error, errno, "cannot look at the image");
	if (!S_ISREG(status.st_mode) || status.st_nlink != 1)
		return error_set(error, EINVAL, "the image is not a regular file of one name");
	if (fchown(fd, 0, 0) < 0 || fchmod(fd, 0444) < 0 || fsync(fd) < 0)
		return error_set_errno(error, errno, "cannot take the image over");
	return 0;
}

/* The way between file systems. */
static int copy_into(int fd, int store_fd, const char *name, struct error *error)
{
	char temporary[NAME_MAX + 1];
	snprintf(temporary, sizeof(temporary), ".%s.tmp", name);
	unlinkat(store_fd, temporary, 0);
	int to AUTO_CLOSE = openat(
		store_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r = to < 0 ? -errno : file_copy(fd, to);
	if (r == 0 && (fchmod(to, 0444) < 0 || fsync(to) < 0 ||
			      renameat2(store_fd, temporary, store_fd, name, RENAME_NOREPLACE) < 0))
		r = -errno;
	if (r < 0)
		unlinkat(store_fd, temporary, 0);
	return r < 0 ? error_set_errno(error, -r, "cannot write " PLAN_IMAGE_ROOT "/%s", name) : 0;
}

int image_store_install(const char *directory, const char *name, struct error *error)
{
	int directory_fd AUTO_CLOSE = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* tmpfiles.d makes it, unless it ran before the package was there. */
	if (mkdir(PLAN_IMAGE_ROOT, 0755) == 0 && chmod(PLAN_IMAGE_ROOT, 0755) < 0)
		return error_set_errno(error, errno, "cannot make " PLAN_IMAGE_ROOT);
	int store_fd AUTO_CLOSE = open(PLAN_IMAGE_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory_fd < 0 || store_fd < 0)
		return error_set_errno(error, errno, "cannot open %s",
			directory_fd < 0 ? directory : PLAN_IMAGE_ROOT);
	int fd AUTO_CLOSE = openat(directory_fd, IMAGE_RESULT_FILE,
		O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return error_set_errno(
			error, errno, "cannot open %s/" IMAGE_RESULT_FILE, directory);
	int r = take_over(fd, error);
	if (r < 0)
		return r;
	if (renameat2(directory_fd, IMAGE_RESULT_FILE, store_fd, name, RENAME_NOREPLACE) < 0) {
		r = -errno;
		if (r == -EXDEV)
			r = copy_into(fd, store_fd, name, error);
		else if (r != -EEXIST)
			r = error_set_errno(error, -r, "cannot write " PLAN_IMAGE_ROOT "/%s", name);
		if (r == 0 || r == -EEXIST)
			unlinkat(directory_fd, IMAGE_RESULT_FILE, 0);
		if (r < 0 && r != -EEXIST)
			return r;
	}
	return fsync(store_fd) < 0 ? error_set_errno(error, errno, "cannot write " PLAN_IMAGE_ROOT)
				   : 0;
}
