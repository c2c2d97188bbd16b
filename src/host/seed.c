/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/seed.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/install.h"
#include "host/process.h"

/* Beside the image lies what it was made from, to tell when it must be made again. */
#define INPUT_SUFFIX ".input"
#define INPUT_BYTES_MAX ((size_t)8 * 1024 * 1024)
#define FILES_MAX 8

static void write_input(const struct seed_file *files, size_t count, struct buf *buf)
{
	for (size_t i = 0; i < count; i++)
		buf_printf(
			buf, "%s %zu\n%s\n", files[i].name, strlen(files[i].text), files[i].text);
}

static bool is_current(
	int directory_fd, const char *image, const char *input_name, const struct buf *input)
{
	struct stat status;
	struct buf stored CLEANUP(buf_done) = {0};
	if (fstatat(directory_fd, image, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
		!S_ISREG(status.st_mode))
		return false;
	return file_read_at(directory_fd, input_name, INPUT_BYTES_MAX, &stored) == 0 &&
	       stored.length == input->length &&
	       memcmp(buf_text(&stored), buf_text(input), input->length) == 0;
}

static int write_files(const char *work_directory, const struct seed_file *files, size_t count,
	struct error *error)
{
	int fd AUTO_CLOSE = open(work_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(error, errno, "cannot open %s", work_directory);
	for (size_t i = 0; i < count; i++) {
		int r = file_replace_at(
			fd, files[i].name, files[i].text, strlen(files[i].text), 0600, false);
		if (r < 0)
			return error_set_errno(
				error, -r, "cannot write %s/%s", work_directory, files[i].name);
	}
	return 0;
}

static void remove_files(const char *work_directory, const struct seed_file *files, size_t count)
{
	char path[PATH_MAX];
	for (size_t i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", work_directory, files[i].name);
		unlink(path);
	}
}

static int run_xorriso(const char *work_directory, const struct seed_file *files, size_t count,
	const char *output, struct error *error)
{
	char sources[FILES_MAX][PATH_MAX];
	const char *argv[16 + FILES_MAX] = {INSTALL_XORRISO, "-as", "mkisofs", "-quiet", "-joliet",
		"-rational-rock", "-volid", "cidata", "-output", output};
	size_t used = 10;
	for (size_t i = 0; i < count; i++) {
		snprintf(sources[i], sizeof(sources[i]), "%s/%s", work_directory, files[i].name);
		argv[used++] = sources[i];
	}
	return process_run(argv, error);
}

static int sync_file(int directory_fd, const char *name)
{
	int fd AUTO_CLOSE = openat(directory_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fchmod(fd, 0600) < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

static int build(const char *directory, int directory_fd, const char *image,
	const char *work_directory, const struct seed_file *files, size_t count,
	struct error *error)
{
	char temporary[NAME_MAX + 1];
	char output[PATH_MAX];
	struct error reason;
	snprintf(temporary, sizeof(temporary), ".%s.tmp", image);
	snprintf(output, sizeof(output), "%s/%s", directory, temporary);
	int r = write_files(work_directory, files, count, &reason);
	if (r == 0)
		r = run_xorriso(work_directory, files, count, output, &reason);
	remove_files(work_directory, files, count);
	if (r < 0) {
		unlinkat(directory_fd, temporary, 0);
		return error_set(error, -r, "cannot build the cloud-init seed: %s", reason.message);
	}
	r = sync_file(directory_fd, temporary);
	if (r == 0 && renameat(directory_fd, temporary, directory_fd, image) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(directory_fd, temporary, 0);
		return error_set_errno(error, -r, "cannot write %s/%s", directory, image);
	}
	return 0;
}

int seed_prepare(const char *directory, int directory_fd, const char *image,
	const char *work_directory, const struct seed_file *files, size_t count,
	struct error *error)
{
	char input_name[NAME_MAX + 1];
	struct buf input CLEANUP(buf_done) = {0};
	if (count > FILES_MAX)
		return error_set(error, E2BIG, "too many files for a seed");
	snprintf(input_name, sizeof(input_name), ".%s" INPUT_SUFFIX, image);
	write_input(files, count, &input);
	if (buf_error(&input) < 0)
		return error_set(error, ENOMEM, "not enough memory for the seed");
	if (is_current(directory_fd, image, input_name, &input))
		return 0;
	int r = build(directory, directory_fd, image, work_directory, files, count, error);
	if (r < 0)
		return r;
	r = file_replace_at(directory_fd, input_name, buf_text(&input), input.length, 0600, true);
	if (r < 0)
		return error_set_errno(error, -r, "cannot write %s/%s", directory, input_name);
	return 0;
}
