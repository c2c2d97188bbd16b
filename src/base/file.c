/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

int file_read_fd(int fd, size_t limit, struct buf *buf)
{
	char block[16384];
	size_t total = 0;
	for (;;) {
		ssize_t count = read(fd, block, sizeof(block));
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		total += (size_t)count;
		if (total > limit)
			return -EFBIG;
		buf_add(buf, block, (size_t)count);
		/* A regular file gives less than asked at its end only (read(2)). */
		if ((size_t)count < sizeof(block))
			return buf_error(buf);
	}
}

int file_read_at(int dir_fd, const char *name, size_t limit, struct buf *buf)
{
	int fd AUTO_CLOSE =
		openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	struct stat status;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	return file_read_fd(fd, limit, buf);
}

int file_write_all(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t count = write(fd, data, length);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		data += count;
		length -= (size_t)count;
	}
	return 0;
}

static int copy_bytes(int from_fd, int to_fd, off_t from, off_t end)
{
	char block[65536];
	while (from < end) {
		off_t position = from;
		size_t length = (size_t)(end - from);
		ssize_t count = copy_file_range(from_fd, &position, to_fd, &position, length, 0);
		if (count > 0) {
			from += count;
			continue;
		}
		/* Not between all file systems: copy_file_range(2). */
		count = pread(
			from_fd, block, length < sizeof(block) ? length : sizeof(block), from);
		if (count < 0 && errno != EINTR)
			return -errno;
		if (count == 0)
			return 0;
		ssize_t written = count < 0 ? 0 : pwrite(to_fd, block, (size_t)count, from);
		if (written < 0 && errno != EINTR)
			return -errno;
		from += written < 0 ? 0 : written;
	}
	return 0;
}

int file_copy(int from_fd, int to_fd)
{
	struct stat status;
	if (fstat(from_fd, &status) < 0)
		return -errno;
	if (ioctl(to_fd, FICLONE, from_fd) == 0)
		return 0;
	if (ftruncate(to_fd, status.st_size) < 0)
		return -errno;
	for (off_t at = 0; at < status.st_size;) {
		off_t data = lseek(from_fd, at, SEEK_DATA);
		if (data < 0 && errno == ENXIO)
			return 0;
		if (data < 0)
			return -errno;
		off_t hole = lseek(from_fd, data, SEEK_HOLE);
		if (hole < 0)
			return -errno;
		int r = copy_bytes(from_fd, to_fd, data, hole);
		if (r < 0)
			return r;
		at = hole;
	}
	return 0;
}

static int fill(int fd, const char *data, size_t length, bool sync)
{
	int r = file_write_all(fd, data, length);
	if (r < 0)
		return r;
	return sync && fsync(fd) < 0 ? -errno : 0;
}

int file_give(int dir_fd, int fd)
{
	struct stat directory;
	struct stat file;
	if (fstat(dir_fd, &directory) < 0 || fstat(fd, &file) < 0)
		return -errno;
	if (file.st_uid == directory.st_uid && file.st_gid == directory.st_gid)
		return 0;
	return fchown(fd, directory.st_uid, directory.st_gid) < 0 ? -errno : 0;
}

int file_lock_at(int dir_fd)
{
	int fd AUTO_CLOSE =
		openat(dir_fd, ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return -errno;
	return TAKE_FD(fd);
}

int file_open_directory_at(int dir_fd, const char *name, mode_t mode, int *ret_fd)
{
	if (mkdirat(dir_fd, name, mode) < 0 && errno != EEXIST)
		return -errno;
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

/* What has the name already was left by one that was killed, or was planted by the directory's
 * owner: a pipe, which would be waited for, or a link. */
static int create(int dir_fd, const char *name, mode_t mode)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	int fd = openat(dir_fd, name, flags, mode);
	if (fd < 0 && errno == EEXIST && unlinkat(dir_fd, name, 0) == 0)
		fd = openat(dir_fd, name, flags, mode);
	return fd < 0 ? -errno : fd;
}

static int replace(int dir_fd, const char *name, const char *data, size_t length, mode_t mode,
	bool sync, bool give)
{
	/* Two writers at once each have a temporary of their own. */
	char temporary[NAME_MAX + 1];
	const char *slash = strrchr(name, '/');
	int prefix = slash ? (int)(slash + 1 - name) : 0;
	int used = snprintf(temporary, sizeof(temporary), "%.*s.%s.%d.tmp", prefix, name,
		name + prefix, (int)getpid());
	if (used < 0 || (size_t)used >= sizeof(temporary))
		return -ENAMETOOLONG;
	int fd AUTO_CLOSE = create(dir_fd, temporary, mode);
	if (fd < 0)
		return fd;
	int r = give ? file_give(dir_fd, fd) : 0;
	if (r == 0)
		r = fill(fd, data, length, sync);
	if (r == 0 && renameat(dir_fd, temporary, dir_fd, name) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(dir_fd, temporary, 0);
		return r;
	}
	return sync && fsync(dir_fd) < 0 ? -errno : 0;
}

int file_replace_at(
	int dir_fd, const char *name, const char *data, size_t length, mode_t mode, bool sync)
{
	return replace(dir_fd, name, data, length, mode, sync, false);
}

int file_replace_for_owner_at(
	int dir_fd, const char *name, const char *data, size_t length, mode_t mode, bool sync)
{
	return replace(dir_fd, name, data, length, mode, sync, true);
}

int file_create_at(int dir_fd, const char *name, const char *data, size_t length, mode_t mode)
{
	int fd AUTO_CLOSE = openat(dir_fd, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	int r = file_write_all(fd, data, length);
	if (r < 0)
		return r;
	return linkat(fd, "", dir_fd, name, AT_EMPTY_PATH) < 0 ? -errno : 0;
}
