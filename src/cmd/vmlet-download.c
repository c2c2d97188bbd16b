/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vmlet-download: ExecStart= of vm-download@NAME.service, as a user of its own, with network. It
 * leaves the file of an image in $STATE_DIRECTORY, whole and with the right digests, and looks at
 * nothing in it.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>

#include "base/file.h"
#include "base/log.h"
#include "cmd/image-options.h"
#include "host/download.h"
#include "host/image-file.h"

#define PARTIAL_FILE ".download"
#define SOURCE_FILE ".source"
#define MIB (UINT64_C(1024) * 1024)

static const char help[] =
	"Usage: vmlet-download --url URL [--sha256 DIGEST] [--sha512 DIGEST] [--size-limit BYTES]\n"
	"\n"
	"Downloads an image into $STATE_DIRECTORY. vm-download@NAME.service runs it.\n";

static void tell_progress(uint64_t bytes, uint64_t total_bytes)
{
	if (total_bytes)
		sd_notifyf(0, "STATUS=Downloading: %" PRIu64 " %% of %" PRIu64 " MiB",
			bytes * 100 / total_bytes, total_bytes / MIB);
	else
		sd_notifyf(0, "STATUS=Downloading: %" PRIu64 " MiB", bytes / MIB);
}

/* What is there of another image is not gone on with. */
static int forget_others(int fd, const struct image *image, struct error *error)
{
	struct buf wanted CLEANUP(buf_done) = {0};
	struct buf present CLEANUP(buf_done) = {0};
	buf_printf(&wanted, "%s\n%s\n%s\n", image->url, image->sha256 ? image->sha256 : "",
		image->sha512 ? image->sha512 : "");
	if (buf_error(&wanted) < 0)
		return error_set(error, ENOMEM, "not enough memory");
	if (file_read_at(fd, SOURCE_FILE, MIB, &present) == 0 &&
		strcmp(buf_text(&present), buf_text(&wanted)) == 0)
		return 0;
	unlinkat(fd, PARTIAL_FILE, 0);
	unlinkat(fd, IMAGE_DOWNLOAD_FILE, 0);
	unlinkat(fd, IMAGE_RESULT_FILE, 0);
	int r = file_replace_at(fd, SOURCE_FILE, buf_text(&wanted), wanted.length, 0600, false);
	return r < 0 ? error_set_errno(error, -r, "cannot write " SOURCE_FILE) : 0;
}

static bool is_there(int fd, const char *file)
{
	return faccessat(fd, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int download(const char *directory, const struct image *image, struct error *error)
{
	const struct download request = {image->url, image->size_limit_bytes, tell_progress};
	int fd AUTO_CLOSE = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(error, errno, "cannot open %s", directory);
	int r = forget_others(fd, image, error);
	if (r < 0 || is_there(fd, IMAGE_DOWNLOAD_FILE) || is_there(fd, IMAGE_RESULT_FILE))
		return r;
	r = download_file(&request, directory, PARTIAL_FILE, error);
	if (r < 0)
		return r;
	sd_notify(0, "STATUS=Checking the digest");
	r = image_file_verify(directory, PARTIAL_FILE, image, error);
	if (r == -EBADMSG)
		unlinkat(fd, PARTIAL_FILE, 0);
	if (r < 0)
		return r;
	if (renameat(fd, PARTIAL_FILE, fd, IMAGE_DOWNLOAD_FILE) < 0 || fsync(fd) < 0)
		return error_set_errno(error, errno, "cannot write in %s", directory);
	return 0;
}

int main(int argc, char **argv)
{
	struct log log = log_open_stderr("vmlet-download");
	const char *directory = getenv("STATE_DIRECTORY");
	struct image image;
	struct error error;
	bool asked = argc == 2 && strcmp(argv[1], "--help") == 0;
	if (asked || image_options_parse(argc - 1, argv + 1, &image) < 0 || !image.url ||
		!directory) {
		fputs(help, asked ? stdout : stderr);
		return asked ? 0 : EX_USAGE;
	}
	if (download(directory, &image, &error) == 0)
		return 0;
	log_line(&log, LOG_LEVEL_ERROR, "%s", error.message);
	sd_notifyf(0, "STATUS=%s", error.message);
	return 1;
}
