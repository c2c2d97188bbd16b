/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/image-file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/install.h"
#include "host/process.h"
#include "host/qcow2.h"

#define COPY_FILE ".copy.tmp"
#define PLAIN_FILE ".plain.tmp"
#define RESULT_TEMPORARY ".image.tmp"
#define MIB (UINT64_C(1024) * 1024)

struct work {
	const char *directory;
	int fd; /* of the directory */
	const struct image *image;
	struct error *error;
};

static void work_path(const struct work *work, const char *file, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", work->directory, file);
}

/* --- digests ------------------------------------------------------------------------------- */

static int verify_digest(const char *program, const char *path, const char *expected,
	const char *name, struct error *error)
{
	struct buf output CLEANUP(buf_done) = {0};
	const char *argv[] = {program, "--", path, NULL};
	if (!expected)
		return 0;
	int r = process_read(argv, &output, error);
	if (r < 0)
		return r;
	/* A backslash before the digest says that the name is escaped (sha256sum(1)). */
	const char *digest = buf_text(&output);
	digest += *digest == '\\';
	if (strncmp(digest, expected, strlen(expected)) == 0)
		return 0;
	return error_set(error, EBADMSG,
		"the file has another %s: it is %.*s, and the spec says %s; nothing of it was kept",
		name, (int)strlen(expected), digest, expected);
}

int image_file_verify(
	const char *directory, const char *file, const struct image *image, struct error *error)
{
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/%s", directory, file);
	int r = verify_digest(INSTALL_SHA256SUM, path, image->sha256, "sha256", error);
	return r < 0 ? r : verify_digest(INSTALL_SHA512SUM, path, image->sha512, "sha512", error);
}

/* --- from a path --------------------------------------------------------------------------- */

static int open_new(const struct work *work, const char *file)
{
	unlinkat(work->fd, file, 0);
	int fd = openat(work->fd, file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? error_set_errno(
				work->error, errno, "cannot write %s/%s", work->directory, file)
		      : fd;
}

static int open_path(const struct work *work)
{
	struct stat status;
	const char *path = work->image->path;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return error_set(work->error, errno,
			"%s: %s: it and its directories must be readable by everyone, outside "
			"/home, "
			"/root, /tmp and /var/tmp",
			path, strerror(errno));
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
		close(fd);
		return error_set(work->error, EINVAL, "%s is not a regular file", path);
	}
	return fd;
}

/* A copy, so that what is checked is what is used. Its holes and clones are the file system's. */
static int copy_path(const struct work *work)
{
	int from AUTO_CLOSE = open_path(work);
	if (from < 0)
		return from;
	int to AUTO_CLOSE = open_new(work, COPY_FILE);
	if (to < 0)
		return to;
	int r = file_copy(from, to);
	if (r < 0)
		return error_set_errno(work->error, -r, "cannot copy %s", work->image->path);
	return image_file_verify(work->directory, COPY_FILE, work->image, work->error);
}

/* --- from compressed ----------------------------------------------------------------------- */

static int decompress(const struct work *work, const char *source)
{
	static const char *const programs[COMPRESSED_COUNT] = {
		[COMPRESSED_XZ] = INSTALL_XZ,
		[COMPRESSED_GZ] = INSTALL_GZIP,
		[COMPRESSED_ZST] = INSTALL_ZSTD,
	};
	char path[PATH_MAX];
	work_path(work, source, path);
	const char *argv[] = {programs[work->image->compressed], "--decompress", "--stdout",
		"--quiet", path, NULL};
	int fd AUTO_CLOSE = open_new(work, PLAIN_FILE);
	if (fd < 0)
		return fd;
	struct error reason;
	int r = process_run_output(argv, fd, &reason);
	return r < 0 ? error_set(work->error, -r, "cannot decompress the image: %s", reason.message)
		     : 0;
}

/* --- to qcow2 ------------------------------------------------------------------------------ */

static int check_size(const struct work *work, const char *file)
{
	struct stat status;
	if (fstatat(work->fd, file, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set_errno(work->error, errno, "%s/%s", work->directory, file);
	if (!S_ISREG(status.st_mode))
		return error_set(
			work->error, EINVAL, "%s/%s is not a regular file", work->directory, file);
	if ((uint64_t)status.st_size > work->image->size_limit_bytes)
		return error_set(work->error, EFBIG,
			"the image is larger than %" PRIu64
			" MiB: set 'size-limit' if that is right",
			work->image->size_limit_bytes / MIB);
	return 0;
}

static int convert_raw(const struct work *work, const char *source)
{
	char from[PATH_MAX];
	char to[PATH_MAX];
	struct error reason;
	work_path(work, source, from);
	work_path(work, RESULT_TEMPORARY, to);
	const char *argv[] = {
		INSTALL_QEMU_IMG, "convert", "-q", "-f", "raw", "-O", "qcow2", from, to, NULL};
	int r = process_run(argv, &reason);
	return r < 0 ? error_set(work->error, -r, "cannot convert the image: %s", reason.message)
		     : 0;
}

/* A qcow2 file is taken as it is, once nothing is wrong with it: it may be compressed, which a
 * conversion would undo. Its header is read before QEMU opens it, so that it names no other file.
 */
static int check_qcow2(const struct work *work, const char *source)
{
	char path[PATH_MAX];
	struct qcow2_header header;
	struct error reason;
	int fd AUTO_CLOSE = openat(work->fd, source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return error_set_errno(
			work->error, errno, "cannot open %s/%s", work->directory, source);
	int r = qcow2_read_header(fd, "the image", &header, work->error);
	if (r < 0)
		return r;
	if (*header.backing)
		return error_set(work->error, EXDEV,
			"the image stands on another file, %s: flatten it by 'qemu-img convert -O "
			"qcow2'",
			header.backing);
	work_path(work, source, path);
	const char *argv[] = {INSTALL_QEMU_IMG, "check", "-q", "-f", "qcow2", path, NULL};
	r = process_run(argv, &reason);
	if (r < 0)
		return error_set(work->error, -r, "the image is damaged: %s", reason.message);
	return renameat(work->fd, source, work->fd, RESULT_TEMPORARY) < 0
		       ? error_set_errno(work->error, errno, "cannot rename %s", path)
		       : 0;
}

static int publish(const struct work *work)
{
	int fd AUTO_CLOSE = openat(work->fd, RESULT_TEMPORARY, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fsync(fd) < 0 ||
		renameat(work->fd, RESULT_TEMPORARY, work->fd, IMAGE_RESULT_FILE) < 0 ||
		fsync(work->fd) < 0)
		return error_set_errno(work->error, errno, "cannot write in %s", work->directory);
	return 0;
}

static int convert(const struct work *work)
{
	const struct image *image = work->image;
	const char *source = image->path ? COPY_FILE : IMAGE_DOWNLOAD_FILE;
	int r = image->path ? copy_path(work) : 0;
	if (r == 0)
		r = check_size(work, source);
	if (r == 0 && image->compressed != COMPRESSED_NONE) {
		r = decompress(work, source);
		source = PLAIN_FILE;
		if (r == 0)
			r = check_size(work, source);
	}
	if (r == 0)
		r = image->format == IMAGE_RAW ? convert_raw(work, source)
					       : check_qcow2(work, source);
	return r < 0 ? r : publish(work);
}

/* No file grows over what the image may have, and some more for the tables of a qcow2. */
static void limit_files(uint64_t bytes)
{
	bytes += bytes / 64 + 16 * MIB;
	const struct rlimit limit = {.rlim_cur = bytes, .rlim_max = bytes};
	setrlimit(RLIMIT_FSIZE, &limit);
	/* A program that writes more gets an error, and can say so. */
	signal(SIGXFSZ, SIG_IGN);
}

int image_file_convert(const char *directory, const struct image *image, struct error *error)
{
	static const char *const temporaries[] = {COPY_FILE, PLAIN_FILE, RESULT_TEMPORARY};
	int fd AUTO_CLOSE = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(error, errno, "cannot open %s", directory);
	const struct work work = {directory, fd, image, error};
	if (faccessat(fd, IMAGE_RESULT_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	limit_files(image->size_limit_bytes);
	int r = convert(&work);
	for (size_t i = 0; i < ARRAY_SIZE(temporaries); i++)
		unlinkat(fd, temporaries[i], 0);
	/* What is of no use would be found again; what could not be written may fit the next time.
	 */
	if (r == 0 || r == -EINVAL || r == -EXDEV || r == -EFBIG)
		unlinkat(fd, IMAGE_DOWNLOAD_FILE, 0);
	return r;
}
