/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/journal.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/install.h"
#include "host/process.h"

#define JOURNAL_FILE ".journal"
#define JOURNAL_BYTES_MAX ((size_t)64 * 1024)
#define SECRET_BYTES (PATH_MAX + 32)

struct steps {
	const struct plan *plan;
	const char *directory;
	int fd;
	struct error *error;
};

void journal_add_rename(struct buf *journal, const char *from, const char *to)
{
	buf_printf(journal, "rename %s %s\n", from, to);
}

void journal_add_revert(struct buf *journal, const char *tag)
{
	buf_printf(journal, "revert %s\n", tag);
}

/* --- steps --------------------------------------------------------------------------------- */

static int do_rename(const struct steps *steps, const char *from, const char *to)
{
	/* Names of disks hold no slash; what stands here was written by this user, all the same. */
	if (strchr(from, '/') || strchr(to, '/'))
		return error_set(
			steps->error, EINVAL, "%s/" JOURNAL_FILE " is damaged", steps->directory);
	if (renameat(steps->fd, from, steps->fd, to) < 0 && errno != ENOENT)
		return error_set_errno(
			steps->error, errno, "cannot put %s/%s in place", steps->directory, to);
	return 0;
}

static int run_on_disk(const struct steps *steps, const struct plan_disk *disk,
	const char *const words[], size_t count)
{
	char secret[SECRET_BYTES];
	char options[PATH_MAX + 128];
	const char *argv[16] = {INSTALL_QEMU_IMG};
	size_t used = 1;
	for (size_t i = 0; i < count; i++)
		argv[used++] = words[i];
	snprintf(options, sizeof(options), "driver=qcow2,file.driver=file,file.filename=%s/%s%s",
		steps->directory, disk->file_name, disk->key_path ? ",encrypt.key-secret=key" : "");
	if (disk->key_path) {
		snprintf(secret, sizeof(secret), "secret,id=key,file=%s", disk->key_path);
		argv[used++] = "--object";
		argv[used++] = secret;
	}
	/* "snapshot" would guess the format. */
	argv[used++] = "--image-opts";
	argv[used++] = options;
	struct error reason;
	int r = process_run(argv, &reason);
	return r < 0 ? error_set(steps->error, -r, "disk %s: %s", disk->disk->part.name,
			       reason.message)
		     : 0;
}

static int do_revert(const struct steps *steps, const char *tag)
{
	const char *const apply[] = {"snapshot", "-q", "-a", tag};
	const char *const repair[] = {"check", "-q", "-r", "leaks"};
	int r = 0;
	for (size_t i = 0; r == 0 && i < steps->plan->disk_count; i++) {
		const struct plan_disk *disk = &steps->plan->disks[i];
		if (!disk->file_name || disk->disk->format != DISK_QCOW2 ||
			!disk_is_writable(disk->disk))
			continue;
		/* "snapshot" takes the format by another rule than all else: it is in the header.
		 */
		r = run_on_disk(steps, disk, apply, ARRAY_SIZE(apply));
		/* Who was killed in it may have taken clusters that nothing uses. */
		if (r == 0)
			r = run_on_disk(steps, disk, repair, ARRAY_SIZE(repair));
	}
	return r;
}

static int do_step(const struct steps *steps, char *line)
{
	char *rest = line;
	const char *verb = strsep(&rest, " ");
	if (rest && strcmp(verb, "revert") == 0)
		return do_revert(steps, rest);
	const char *from = rest ? strsep(&rest, " ") : NULL;
	if (from && rest && strcmp(verb, "rename") == 0)
		return do_rename(steps, from, rest);
	return error_set(steps->error, EINVAL, "%s/" JOURNAL_FILE " is damaged", steps->directory);
}

/* --- all of them --------------------------------------------------------------------------- */

/* The text is changed. */
static int do_all(const struct steps *steps, struct buf *journal)
{
	int r = 0;
	for (char *rest = journal->data; r == 0 && rest;) {
		char *line = strsep(&rest, "\n");
		if (*line)
			r = do_step(steps, line);
	}
	if (r == 0 && (fsync(steps->fd) < 0 || unlinkat(steps->fd, JOURNAL_FILE, 0) < 0))
		r = error_set_errno(steps->error, errno, "cannot write in %s", steps->directory);
	return r;
}

int journal_commit(const struct plan *plan, const char *directory, int directory_fd,
	struct buf *journal, struct error *error)
{
	const struct steps steps = {plan, directory, directory_fd, error};
	int r = buf_error(journal);
	if (r == 0)
		r = file_replace_at(
			directory_fd, JOURNAL_FILE, buf_text(journal), journal->length, 0600, true);
	if (r < 0)
		return error_set_errno(error, -r, "cannot write %s/" JOURNAL_FILE, directory);
	return do_all(&steps, journal);
}

int journal_finish(
	const struct plan *plan, const char *directory, int directory_fd, struct error *error)
{
	const struct steps steps = {plan, directory, directory_fd, error};
	struct buf journal CLEANUP(buf_done) = {0};
	int r = file_read_at(directory_fd, JOURNAL_FILE, JOURNAL_BYTES_MAX, &journal);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return error_set_errno(error, -r, "cannot read %s/" JOURNAL_FILE, directory);
	return do_all(&steps, &journal);
}
