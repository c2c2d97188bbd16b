/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/disk.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/install.h"
#include "host/process.h"
#include "host/qcow2.h"

#define MIB (UINT64_C(1024) * 1024)
#define TIMING_ATTEMPTS 20
#define SECRET_BYTES (PATH_MAX + 32)

struct names {
	char temporary[NAME_MAX + 1];
	char temporary_path[PATH_MAX];
	char path[PATH_MAX];
};

static int make_names(const struct disk_request *request, struct names *names, struct error *error)
{
	int a = snprintf(names->temporary, sizeof(names->temporary), ".%s.tmp", request->file);
	int b = snprintf(
		names->path, sizeof(names->path), "%s/%s", request->directory, request->file);
	int c = snprintf(names->temporary_path, sizeof(names->temporary_path), "%s/.%s.tmp",
		request->directory, request->file);
	if (a >= (int)sizeof(names->temporary) || b >= PATH_MAX || c >= PATH_MAX)
		return error_set(
			error, ENAMETOOLONG, "the path of disk %s is too long", request->file);
	return 0;
}

static const char *format_of(const struct disk_request *request)
{
	return request->raw ? "raw" : "qcow2";
}

int disk_check_readable(const char *path, const char *what, struct error *error)
{
	int fd AUTO_CLOSE = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 && errno == EACCES)
		return error_set(error, EACCES,
			"%s %s: the VM's user may not read it: make it and its directories "
			"readable by "
			"everyone, outside /home, /root and /tmp",
			what, path);
	if (fd < 0)
		return error_set_errno(error, errno, "%s %s", what, path);
	return 0;
}

int disk_check_foreign(const char *path, int flags, bool raw, struct error *error)
{
	int fd AUTO_CLOSE = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	if (fd < 0 && (errno == EACCES || errno == EPERM))
		return error_set(error, EACCES,
			"disk %s: the VM's user may not open it: give it to group kvm "
			"(chgrp kvm; chmod g+rw), with directories that everyone may enter",
			path);
	if (fd < 0)
		return error_set_errno(error, errno, "disk %s", path);
	if (fstat(fd, &status) < 0)
		return error_set_errno(error, errno, "disk %s", path);
	if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
		return error_set(error, EINVAL,
			"disk %s is neither a regular file nor a block device", path);
	struct qcow2_header header;
	int r = raw ? 0 : qcow2_read_header(fd, path, &header, error);
	if (r == 0 && !raw && *header.backing)
		return error_set(error, EXDEV,
			"disk %s stands on another file: flatten it by 'qemu-img convert -O qcow2'",
			path);
	return r;
}

/* --- the image below ----------------------------------------------------------------------- */

static int read_image_size(const char *path, uint64_t *ret_bytes, struct error *error)
{
	int r = disk_check_readable(path, "image", error);
	if (r < 0)
		return r;
	int fd AUTO_CLOSE = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return error_set_errno(error, errno, "image %s", path);
	struct qcow2_header header;
	r = qcow2_read_header(fd, path, &header, error);
	if (r < 0)
		return r;
	if (*header.backing)
		return error_set(error, EXDEV,
			"image %s stands on another file: flatten it by 'qemu-img convert -O "
			"qcow2'",
			path);
	*ret_bytes = header.size_bytes;
	return 0;
}

/* The size that the disk is to have: what the spec says, else the image's. */
static int decide_size(const struct disk_request *request, uint64_t *ret_bytes, struct error *error)
{
	uint64_t image_bytes = 0;
	*ret_bytes = request->size_bytes;
	if (!request->image_path)
		return 0;
	int r = read_image_size(request->image_path, &image_bytes, error);
	if (r < 0)
		return r;
	if (!request->size_bytes)
		*ret_bytes = image_bytes;
	else if (request->size_bytes < image_bytes)
		return error_set(error, EFBIG,
			"disk %s: its size is less than the %" PRIu64
			" MiB of image %s: make 'size' larger",
			request->file, (image_bytes + MIB - 1) / MIB, request->image_path);
	return 0;
}

/* --- a new disk ---------------------------------------------------------------------------- */

static int create_temporary(const struct disk_request *request, const struct names *names,
	uint64_t size_bytes, struct error *error)
{
	char size[32];
	char secret[SECRET_BYTES];
	const char *argv[20] = {INSTALL_QEMU_IMG, "create", "-q", "-f", format_of(request)};
	size_t used = 5;
	snprintf(size, sizeof(size), "%" PRIu64, size_bytes);
	if (request->image_path) {
		argv[used++] = "-F";
		argv[used++] = "qcow2";
		argv[used++] = "-b";
		argv[used++] = request->image_path;
	}
	if (request->options) {
		argv[used++] = "-o";
		argv[used++] = request->options;
	}
	if (request->key_path) {
		snprintf(secret, sizeof(secret), "secret,id=key,file=%s", request->key_path);
		argv[used++] = "--object";
		argv[used++] = secret;
		argv[used++] = "-o";
		argv[used++] = "encrypt.format=luks,encrypt.key-secret=key";
	}
	argv[used++] = names->temporary_path;
	argv[used++] = size;
	return process_run(argv, error);
}

/* Makes the file's bytes durable, then its name: after a power cut it is there whole or absent. */
static int publish(
	const struct disk_request *request, const struct names *names, struct error *error)
{
	int fd AUTO_CLOSE =
		openat(request->directory_fd, names->temporary, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fchmod(fd, 0600) < 0 || fsync(fd) < 0)
		return error_set_errno(error, errno, "cannot write %s", names->temporary_path);
	if (renameat2(request->directory_fd, names->temporary, request->directory_fd, request->file,
		    RENAME_NOREPLACE) < 0)
		return error_set_errno(error, errno, "cannot put %s in place", names->path);
	if (fsync(request->directory_fd) < 0)
		return error_set_errno(error, errno, "cannot write %s", request->directory);
	return 0;
}

/* QEMU 7.2 measures how fast it derives keys, and gives up where the kernel counts a process's time
 * in ticks and none has gone by (crypto/pbkdf.c). */
static bool is_timing_failure(const struct error *reason)
{
	return strstr(reason->message, "Unable to get accurate CPU usage");
}

static int create(const struct disk_request *request, const struct names *names,
	uint64_t size_bytes, struct error *error)
{
	struct error reason;
	int r = create_temporary(request, names, size_bytes, &reason);
	for (int i = 0; i < TIMING_ATTEMPTS && r < 0 && is_timing_failure(&reason); i++)
		r = create_temporary(request, names, size_bytes, &reason);
	if (r < 0)
		error_set(error, -r, "cannot create disk %s: %s", names->path, reason.message);
	else
		r = publish(request, names, error);
	if (r < 0)
		unlinkat(request->directory_fd, names->temporary, 0);
	return r;
}

/* --- a disk that is there ------------------------------------------------------------------ */

/* What is known of a disk from its own file, without QEMU. */
static int read_size(int fd, const struct disk_request *request, const struct names *names,
	uint64_t *ret_bytes, struct error *error)
{
	struct stat status;
	if (fstat(fd, &status) < 0)
		return error_set_errno(error, errno, "cannot look at %s", names->path);
	if (!S_ISREG(status.st_mode))
		return error_set(error, EINVAL, "%s is not a regular file", names->path);
	if (request->raw) {
		*ret_bytes = (uint64_t)status.st_size;
		return 0;
	}
	struct qcow2_header header;
	int r = qcow2_read_header(fd, names->path, &header, error);
	if (r < 0)
		return r;
	const char *image = request->image_path ? request->image_path : "";
	if (strcmp(header.backing, image) != 0)
		return error_set(error, EXDEV,
			"disk %s was made over %s, and the spec says %s: give the disk another "
			"name, or "
			"set 'image' back",
			names->path, *header.backing ? header.backing : "no image",
			*image ? image : "no image");
	*ret_bytes = header.size_bytes;
	return 0;
}

static int grow(const struct disk_request *request, const struct names *names, uint64_t size_bytes,
	struct error *error)
{
	char size[32];
	char secret[SECRET_BYTES];
	char options[PATH_MAX + 128];
	snprintf(size, sizeof(size), "%" PRIu64, size_bytes);
	const char *plain[] = {INSTALL_QEMU_IMG, "resize", "-q", "-f", format_of(request),
		names->path, size, NULL};
	const char *encrypted[] = {INSTALL_QEMU_IMG, "resize", "-q", "--object", secret,
		"--image-opts", options, size, NULL};
	struct error reason;
	if (request->key_path) {
		/* Names of VMs and disks hold no comma. */
		snprintf(secret, sizeof(secret), "secret,id=key,file=%s", request->key_path);
		snprintf(options, sizeof(options),
			"driver=qcow2,encrypt.key-secret=key,file.driver=file,file.filename=%s",
			names->path);
	}
	int r = process_run(request->key_path ? encrypted : plain, &reason);
	if (r < 0)
		error_set(error, -r, "cannot grow disk %s: %s", names->path, reason.message);
	return r;
}

static int check_existing(int fd, const struct disk_request *request, const struct names *names,
	uint64_t size_bytes, struct error *error)
{
	uint64_t present_bytes = 0;
	int r = read_size(fd, request, names, &present_bytes, error);
	if (r < 0)
		return r;
	if (request->size_bytes && size_bytes < present_bytes)
		return error_set(error, EFBIG,
			"disk %s has %" PRIu64
			" MiB and is never made smaller; the spec says %" PRIu64
			" MiB: set 'size' back",
			names->path, present_bytes / MIB, size_bytes / MIB);
	if (size_bytes > present_bytes)
		return grow(request, names, size_bytes, error);
	return 0;
}

int disk_prepare(const struct disk_request *request, struct error *error)
{
	struct names names;
	uint64_t size_bytes = 0;
	int r = make_names(request, &names, error);
	if (r == 0)
		r = decide_size(request, &size_bytes, error);
	if (r < 0)
		return r;
	int fd AUTO_CLOSE = openat(request->directory_fd, request->file,
		O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0)
		return check_existing(fd, request, &names, size_bytes, error);
	if (errno == ELOOP)
		return error_set(error, EINVAL, "%s is a link, which is not followed", names.path);
	if (errno != ENOENT)
		return error_set_errno(error, errno, "cannot open %s", names.path);
	return create(request, &names, size_bytes, error);
}
