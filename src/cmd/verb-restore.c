/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/backup-store.h"
#include "cmd/progress.h"
#include "cmd/target.h"
#include "cmd/verbs.h"
#include "host/sandbox.h"

#define CHAIN_MAX 256

struct work {
	struct target target;
	struct backups backups;
	const struct backup *chain[CHAIN_MAX];
	size_t count;
	bool replace;
	struct progress progress;
	struct error error;
};

/* "DIR" is the last backup in it, "DIR/web.3" that one. */
static int find_backup(struct work *work, const char *path)
{
	struct arena *arena = &work->target.collection.arena;
	const char *name = work->target.name;
	const char *slash = strrchr(path, '/');
	const char *last = slash ? slash + 1 : path;
	const char *directory = path;
	const struct backup *found = NULL;
	size_t length = strlen(name);
	bool one = strncmp(last, name, length) == 0 && last[length] == '.';
	if (one)
		directory = slash ? arena_dup(arena, path, (size_t)(slash - path)) : ".";
	if (!directory)
		return error_set(&work->error, ENOMEM, "not enough memory");
	int r = backups_read(arena, directory, name, &work->backups, &work->error);
	for (size_t i = 0; r == 0 && i < work->backups.count; i++) {
		const char *at = strrchr(work->backups.items[i].directory, '/') + 1;
		if (!one || strcmp(at, last) == 0)
			found = &work->backups.items[i];
	}
	if (r == 0 && !found)
		r = error_set(&work->error, ENOENT, "there is no finished backup of %s in %s", name,
			path);
	return r < 0 ? r
		     : backups_chain(&work->backups, found, work->chain, CHAIN_MAX, &work->count,
			       &work->error);
}

static int verify(struct work *work)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < work->count && !progress_interrupted(); i++) {
		progress_show(&work->progress, "Checking %s", work->chain[i]->directory);
		r = backup_verify(work->chain[i], &work->error);
	}
	return r;
}

static const struct backup_disk *find_disk(const struct backup *backup, const char *name)
{
	for (size_t i = 0; i < backup->disk_count; i++)
		if (strcmp(backup->disks[i].name, name) == 0)
			return &backup->disks[i];
	return NULL;
}

/* The disks of the backup are those of the spec, and nothing is overwritten unless that was asked
 * for. */
static int check_disks(struct work *work)
{
	const struct plan *plan = work->target.plan;
	const struct backup *last = work->chain[work->count - 1];
	for (size_t i = 0; i < last->disk_count; i++) {
		const char *name = last->disks[i].name;
		const struct plan_disk *disk = NULL;
		char path[PATH_MAX];
		for (size_t j = 0; j < plan->disk_count; j++)
			if (strcmp(plan->disks[j].disk->part.name, name) == 0)
				disk = &plan->disks[j];
		if (!disk || !disk->file_name)
			return error_set(&work->error, ENOENT,
				"the spec of %s has no disk %s, which the backup has (%s/spec.yaml "
				"says "
				"what it was)",
				work->target.name, name, last->directory);
		snprintf(path, sizeof(path), PLAN_PRIVATE_ROOT "/%s/%s", work->target.name,
			disk->file_name);
		if (!work->replace && access(path, F_OK) == 0)
			return error_set(&work->error, EEXIST,
				"%s is there: --replace puts the backup in its place", path);
	}
	return 0;
}

static int restore_disk(struct work *work, const char *name)
{
	struct arena *arena = &work->target.collection.arena;
	struct sandbox_file files[CHAIN_MAX];
	const char *arguments[CHAIN_MAX + 3] = {"restore", name};
	struct sandbox sandbox = {.plan = work->target.plan, .files = files};
	struct buf output CLEANUP(buf_done) = {0};
	for (size_t i = 0; i < work->count; i++) {
		const struct backup_disk *disk = find_disk(work->chain[i], name);
		char path[PATH_MAX];
		/* It came after the full backup. */
		if (!disk)
			return error_set(&work->error, EINVAL, "%s does not have disk %s",
				work->chain[i]->directory, name);
		if (!realpath(work->chain[i]->directory, path))
			return error_set_errno(
				&work->error, errno, "%s", work->chain[i]->directory);
		const char *inside = arena_printf(arena, SANDBOX_FILES "/%zu", i);
		const char *host = arena_join(arena, path, "/", disk->file, NULL);
		/* The sandbox is another user's; the directory is who made the backup's alone. */
		if (!inside || !host)
			return error_set(&work->error, ENOMEM, "not enough memory");
		if (chmod(host, 0644) < 0)
			return error_set_errno(&work->error, errno, "%s", host);
		files[sandbox.file_count++] = (struct sandbox_file){host, inside, false};
		arguments[i + 2] = inside;
	}
	progress_show(&work->progress, "Restoring disk %s", name);
	int r = sandbox_run(&sandbox, arguments, &output, &work->error);
	for (size_t i = 0; i < sandbox.file_count; i++)
		chmod(files[i].host, 0600);
	return r;
}

static int restore(struct work *work)
{
	const struct backup *last = work->chain[work->count - 1];
	const char *names[DISKS_MAX + 2] = {"restored"};
	const struct sandbox sandbox = {.plan = work->target.plan};
	struct buf output CLEANUP(buf_done) = {0};
	int r = 0;
	for (size_t i = 0; r == 0 && i < last->disk_count; i++) {
		names[i + 1] = last->disks[i].name;
		r = restore_disk(work, last->disks[i].name);
		if (r == 0 && progress_interrupted())
			r = error_set(&work->error, EINTR, "cancelled: nothing was changed");
	}
	return r < 0 ? r : sandbox_run(&sandbox, names, &output, &work->error);
}

int verb_restore(const struct log *log, int argc, char **argv)
{
	bool json = argc > 3 && strcmp(argv[argc - 1], "--json") == 0;
	struct work work = {.replace = argc - json == 4 && strcmp(argv[3], "--replace") == 0};
	if (argc != 3 + work.replace + json || argv[1][0] == '-' || argv[2][0] == '-')
		return VERB_USAGE;
	int r = target_open(&work.target, log, argv[1]);
	if (r == 0 && target_need_stopped(&work.target, "a restore") < 0)
		r = -EBUSY;
	if (r < 0) {
		target_close(&work.target);
		return 1;
	}
	work.progress = progress_begin();
	r = find_backup(&work, argv[2]);
	if (r == 0)
		r = check_disks(&work);
	if (r == 0)
		r = verify(&work);
	if (r == 0)
		r = restore(&work);
	progress_clear(&work.progress);
	if (r < 0)
		log_line(log, LOG_LEVEL_ERROR, "%s", work.error.message);
	else if (json)
		printf("{\"name\": \"%s\", \"backup\": \"%s\"}\n", work.target.name,
			work.chain[work.count - 1]->id);
	else
		printf("%s is as in %s\n", work.target.name, work.chain[work.count - 1]->directory);
	target_close(&work.target);
	return r < 0;
}
