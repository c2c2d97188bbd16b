/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/disk.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/install.h"
#include "host/process.h"
#include "host/qcow2.h"
#include "plan/plan.h"

#define MIB (UINT64_C(1024) * 1024)
#define TIMING_ATTEMPTS 20
#define NO_IMAGE "" /* the name of none: only what clones share is below such a disk */
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

/* --- what a disk stands on ----------------------------------------------------------------- */

void disk_layers_done(struct disk_layers *layers)
{
	for (size_t i = 0; i < layers->count; i++)
		free(layers->paths[i]);
	layers->count = 0;
}

static int add_layer(struct disk_layers *layers, const char *path, struct error *error)
{
	if (layers->count == DISK_LAYERS_MAX)
		return error_set(error, EXDEV, "%s stands on more than %d files", layers->paths[0],
			DISK_LAYERS_MAX);
	char *copy = strdup(path);
	if (!copy)
		return error_set(error, ENOMEM, "not enough memory");
	layers->paths[layers->count++] = copy;
	return 0;
}

/* Goes down from a disk, opening nothing but what is in the image store. */
static int follow(int fd, const char *path, const char *image, struct disk_layers *layers,
	struct error *error)
{
	struct qcow2_header header;
	int r = qcow2_read_header(fd, path, &header, error);
	while (r == 0 && *header.backing) {
		if (!plan_is_layer(header.backing, image))
			return error_set(error, EXDEV,
				"%s stands on %s, which is no image of its: nothing of it is "
				"opened",
				path, header.backing);
		r = add_layer(layers, header.backing, error);
		if (r < 0)
			return r;
		path = layers->paths[layers->count - 1];
		r = disk_check_readable(path, "image", error);
		if (r < 0)
			return r;
		int below AUTO_CLOSE = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (below < 0)
			return error_set_errno(error, errno, "image %s", path);
		r = qcow2_read_header(below, path, &header, error);
	}
	return r;
}

int disk_read_layers(int fd, const char *path, const char *image, struct disk_layers *ret_layers,
	struct error *error)
{
	struct disk_layers layers = {0};
	int r = follow(fd, path, image, &layers, error);
	if (r < 0)
		disk_layers_done(&layers);
	else
		*ret_layers = layers;
	return r;
}

static void base_name(const char *file, char name[NAME_MAX + 1])
{
	snprintf(name, NAME_MAX + 1, ".%.200s.base", file);
}

static int describe_base(const char *base, struct buf *text, struct error *error)
{
	struct stat status;
	if (stat(base, &status) < 0)
		return error_set_errno(error, errno, "image %s", base);
	buf_printf(text, "%s\n%lld bytes, changed at %lld.%09ld\n", base, (long long)status.st_size,
		(long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
	return buf_error(text) < 0 ? error_set(error, ENOMEM, "not enough memory") : 0;
}

int disk_note_base(int directory_fd, const char *file, const char *base, struct error *error)
{
	char name[NAME_MAX + 1];
	struct buf text CLEANUP(buf_done) = {0};
	base_name(file, name);
	int r = describe_base(base, &text, error);
	if (r < 0)
		return r;
	r = file_replace_at(directory_fd, name, buf_text(&text), text.length, 0600, false);
	return r < 0 ? error_set_errno(error, -r, "cannot write %s", name) : 0;
}

/* A layer over a file that is not what it was is garbage. */
static int check_base(const struct disk_request *request, const char *base, struct error *error)
{
	char name[NAME_MAX + 1];
	struct buf noted CLEANUP(buf_done) = {0};
	struct buf present CLEANUP(buf_done) = {0};
	base_name(request->file, name);
	int r = file_read_at(request->directory_fd, name, (size_t)2 * PATH_MAX, &noted);
	if (r == -ENOENT)
		return disk_note_base(request->directory_fd, request->file, base, error);
	if (r < 0)
		return error_set_errno(error, -r, "cannot read %s/%s", request->directory, name);
	/* Who was put over another file since has a note of the old one. */
	size_t length = strlen(base);
	if (strncmp(buf_text(&noted), base, length) != 0 || buf_text(&noted)[length] != '\n')
		return disk_note_base(request->directory_fd, request->file, base, error);
	r = describe_base(base, &present, error);
	if (r < 0 || strcmp(buf_text(&noted), buf_text(&present)) == 0)
		return r;
	return error_set(error, EXDEV,
		"image %s is not the one that disk %s/%s was made over: put that back, as the disk "
		"is "
		"nothing without it; if it is the same for sure, remove %s/%s",
		base, request->directory, request->file, request->directory, name);
}

/* --- a disk that is there ------------------------------------------------------------------ */

/* What is known of a disk from its own file, without QEMU. */
static int read_size(int fd, const struct disk_request *request, const struct names *names,
	uint64_t *ret_bytes, struct disk_layers *ret_layers, struct error *error)
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
	/* A new disk would stand on the spec's image: this one may be of another version of it. */
	const char *image = request->image ? request->image : NO_IMAGE;
	bool layered = *header.backing;
	if ((request->image && !layered) || (layered && !plan_is_layer(header.backing, image)))
		return error_set(error, EXDEV,
			"disk %s was made over %s, and the spec says %s: give the disk another "
			"name, or set 'image' back",
			names->path, layered ? header.backing : "no image",
			request->image ? request->image_path : "no image");
	if (layered) {
		r = check_base(request, header.backing, error);
		if (r == 0)
			r = disk_read_layers(fd, names->path, NULL, ret_layers, error);
		if (r < 0)
			return r;
	}
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
	struct disk_layers *layers, struct error *error)
{
	uint64_t size_bytes = request->size_bytes;
	uint64_t present_bytes = 0;
	int r = read_size(fd, request, names, &present_bytes, layers, error);
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

/* A new disk; its note comes first, as one without a disk says nothing. */
static int create_over(const struct disk_request *request, const struct names *names,
	struct disk_layers *layers, struct error *error)
{
	uint64_t size_bytes = 0;
	int r = decide_size(request, &size_bytes, error);
	if (r == 0 && request->image_path)
		r = disk_note_base(
			request->directory_fd, request->file, request->image_path, error);
	if (r == 0)
		r = create(request, names, size_bytes, error);
	return r == 0 && request->image_path ? add_layer(layers, request->image_path, error) : r;
}

int disk_prepare(
	const struct disk_request *request, struct disk_layers *ret_layers, struct error *error)
{
	struct names names;
	struct disk_layers layers = {0};
	int r = make_names(request, &names, error);
	if (r < 0)
		return r;
	int fd AUTO_CLOSE = openat(request->directory_fd, request->file,
		O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0)
		r = check_existing(fd, request, &names, &layers, error);
	else if (errno == ELOOP)
		r = error_set(error, EINVAL, "%s is a link, which is not followed", names.path);
	else if (errno != ENOENT)
		r = error_set_errno(error, errno, "cannot open %s", names.path);
	else
		r = create_over(request, &names, &layers, error);
	if (r < 0)
		disk_layers_done(&layers);
	else
		*ret_layers = layers;
	return r;
}
