/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/quiet.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/install.h"

#define QUIET_USEC (USEC_SECOND / 2)
#define POLL_INTERVAL_USEC 50000
#define LONGEST_USEC (60 * USEC_SECOND)
#define NOTE "specs"
#define NOTE_BYTES_MAX ((size_t)64 * 1024 * 1024)

/* --- what the files are -------------------------------------------------------------------- */

/* fcntl(2): a read lease is refused while anybody has the file open for writing. Where leases are
 * not possible nobody can tell. */
static bool is_being_written(int directory_fd, const char *name)
{
	int fd AUTO_CLOSE =
		openat(directory_fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return false;
	if (fcntl(fd, F_SETLEASE, F_RDLCK) < 0)
		return errno == EAGAIN;
	fcntl(fd, F_SETLEASE, F_UNLCK);
	return false;
}

/* What changes when a file is replaced, written or taken away. */
static void describe(int directory_fd, const char *name, struct buf *text, bool *ret_written)
{
	struct stat status;
	if (fstatat(directory_fd, name, &status, 0) < 0)
		return;
	buf_printf(text, "%s %ju %jd %jd.%09ld\n", name, (uintmax_t)status.st_ino,
		(intmax_t)status.st_size, (intmax_t)status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
	if (S_ISREG(status.st_mode) && ret_written && !*ret_written)
		*ret_written = is_being_written(directory_fd, name);
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void describe_directory(const char *path, struct buf *text, bool *ret_written)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, NULL, compare_names);
	int fd AUTO_CLOSE = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	buf_printf(text, "%s\n", path);
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		size_t length = strlen(name);
		bool is_spec = (length > 5 && strcmp(name + length - 5, ".yaml") == 0) ||
			       strcmp(name, "vmlet.conf") == 0;
		if (fd >= 0 && is_spec)
			describe(fd, name, text, ret_written);
		free(entries[i]);
	}
	free(entries);
}

static int describe_all(struct buf *text, bool *ret_written)
{
	const char *search = getenv("VMLET_PATH");
	search = search ? search : INSTALL_SPEC_PATH;
	while (*search) {
		char path[PATH_MAX];
		size_t length = strcspn(search, ":");
		snprintf(path, sizeof(path), "%.*s", (int)length, search);
		describe_directory(path, text, ret_written);
		search += length + (search[length] == ':');
	}
	return buf_error(text);
}

/* --- waiting ------------------------------------------------------------------------------- */

static bool same(const struct buf *a, const struct buf *b)
{
	return a->length == b->length && memcmp(buf_text(a), buf_text(b), a->length) == 0;
}

int quiet_wait(struct error *error)
{
	struct buf before CLEANUP(buf_done) = {0};
	uint64_t begun = clock_usec(CLOCK_MONOTONIC);
	uint64_t quiet_since = begun;
	int r = describe_all(&before, NULL);
	while (r == 0) {
		struct buf now CLEANUP(buf_done) = {0};
		bool written = false;
		usleep(POLL_INTERVAL_USEC);
		r = describe_all(&now, &written);
		uint64_t time = clock_usec(CLOCK_MONOTONIC);
		if (written || !same(&before, &now))
			quiet_since = time;
		if (time - quiet_since >= QUIET_USEC || time - begun >= LONGEST_USEC)
			return 0;
		struct buf swap = before;
		before = now;
		now = swap;
	}
	return error_set_errno(error, -r, "cannot look at the spec files");
}

/* --- notes --------------------------------------------------------------------------------- */

int quiet_note(const char *directory, struct error *error)
{
	struct buf text CLEANUP(buf_done) = {0};
	int fd AUTO_CLOSE = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? -errno : describe_all(&text, NULL);
	if (r == 0)
		r = file_replace_at(fd, NOTE, buf_text(&text), text.length, 0600, false);
	return r < 0 ? error_set_errno(error, -r, "cannot write %s/" NOTE, directory) : 0;
}

bool quiet_is_as_noted(const char *directory)
{
	struct buf text CLEANUP(buf_done) = {0};
	struct buf noted CLEANUP(buf_done) = {0};
	int fd AUTO_CLOSE = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 && describe_all(&text, NULL) == 0 &&
	       file_read_at(fd, NOTE, NOTE_BYTES_MAX, &noted) == 0 && same(&text, &noted);
}
