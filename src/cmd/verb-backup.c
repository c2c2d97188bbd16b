/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cmd/backup-store.h"
#include "cmd/progress.h"
#include "cmd/target.h"
#include "cmd/verbs.h"
#include "host/disk-copy.h"
#include "spec/resolved.h"

#define CHAIN_MAX 256
#define BITMAP_PREFIX "vmlet-"
#define BITMAP_BYTES (BACKUP_ID_BYTES + sizeof(BITMAP_PREFIX))

struct work {
	struct target target;
	struct backups backups;
	struct backup backup; /* the new one */
	const struct backup *parent;
	char id[BACKUP_ID_BYTES];
	char path[PATH_MAX];
	struct disk_copies copies;
	struct sandbox_file files[DISKS_MAX];
	char host[DISKS_MAX][PATH_MAX];
	char inside[DISKS_MAX][64];
	char new_bitmap[BITMAP_BYTES];
	char old_bitmap[BITMAP_BYTES];
	struct progress progress;
	bool json;
	struct error error;
};

static int no_memory(struct work *work)
{
	return error_set(&work->error, ENOMEM, "not enough memory");
}

/* --- what is backed up --------------------------------------------------------------------- */

static int choose_disks(struct work *work, bool incremental)
{
	const struct plan *plan = work->target.plan;
	for (size_t i = 0; i < plan->disk_count; i++) {
		const struct plan_disk *disk = &plan->disks[i];
		if (!disk->file_name || !disk_is_writable(disk->disk))
			continue;
		if (disk->key_path)
			return error_set(&work->error, ENOTSUP,
				"disk %s is encrypted, and would not be in the backup: copy its "
				"file while "
				"%s is stopped",
				disk->disk->part.name, work->target.name);
		if (incremental && disk->disk->format == DISK_RAW)
			return error_set(&work->error, ENOTSUP,
				"raw disk %s does not keep what was written since the last backup: "
				"make "
				"a full one",
				disk->disk->part.name);
		work->copies.items[work->copies.count++] =
			(struct disk_copy){.disk = disk, .fd = -1, .bitmap = work->old_bitmap};
	}
	return work->copies.count ? 0
				  : error_set(&work->error, ENOENT, "%s has no disks of its own",
					    work->target.name);
}

/* The last one that was finished. Whether the disks have its bitmap, QEMU says. */
static int choose_parent(struct work *work)
{
	if (!work->backups.count)
		return error_set(&work->error, ENOENT,
			"there is no backup of %s to go on from: make a full one first",
			work->target.name);
	work->parent = &work->backups.items[work->backups.count - 1];
	snprintf(work->old_bitmap, sizeof(work->old_bitmap), BITMAP_PREFIX "%.32s",
		work->parent->id);
	const struct backup *chain[CHAIN_MAX];
	size_t count;
	return backups_chain(&work->backups, work->parent, chain, CHAIN_MAX, &count, &work->error);
}

static int choose_id(struct work *work)
{
	uint64_t bits[2];
	if (getrandom(bits, sizeof(bits), 0) != sizeof(bits))
		return error_set_errno(&work->error, errno, "no random numbers");
	snprintf(work->id, sizeof(work->id), "%016" PRIx64 "%016" PRIx64, bits[0], bits[1]);
	snprintf(work->new_bitmap, sizeof(work->new_bitmap), BITMAP_PREFIX "%s", work->id);
	return 0;
}

/* --- where it goes ------------------------------------------------------------------------- */

static int make_directory(struct work *work, const char *directory)
{
	unsigned number = 1;
	if (work->backups.count)
		number = work->backups.items[work->backups.count - 1].number + 1;
	/* One that was never finished keeps its number. */
	for (;; number++) {
		snprintf(work->path, sizeof(work->path), "%.3900s/%s.%u", directory,
			work->target.name, number);
		if (mkdir(work->path, 0700) == 0)
			break;
		if (errno != EEXIST)
			return error_set_errno(&work->error, errno, "cannot make %s", work->path);
	}
	work->backup = (struct backup){.number = number,
		.directory = work->path,
		.id = work->id,
		.parent = work->parent ? work->parent->id : NULL};
	return 0;
}

static int open_copies(struct work *work)
{
	struct arena *arena = &work->target.collection.arena;
	for (size_t i = 0; i < work->copies.count; i++) {
		struct disk_copy *copy = &work->copies.items[i];
		const char *name = copy->disk->disk->part.name;
		struct backup_disk *disk = &work->backup.disks[work->backup.disk_count++];
		*disk = (struct backup_disk){.name = name};
		disk->file = arena_join(arena, name, ".qcow2", NULL);
		if (!disk->file)
			return no_memory(work);
		snprintf(work->host[i], PATH_MAX, "%.4000s/%s", work->path, disk->file);
		snprintf(work->inside[i], sizeof(work->inside[i]), SANDBOX_FILES "/%zu", i);
		copy->fd = open(work->host[i], O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		/* The directory is its owner's alone; QEMU is another user. */
		if (copy->fd < 0 || fchmod(copy->fd, 0666) < 0)
			return error_set_errno(
				&work->error, errno, "cannot write %s", work->host[i]);
		copy->inside = work->inside[i];
		work->files[i] = (struct sandbox_file){work->host[i], work->inside[i], true};
	}
	return 0;
}

static void remove_backup(struct work *work)
{
	for (size_t i = 0; i < work->backup.disk_count; i++)
		unlink(work->host[i]);
	char spec[PATH_MAX];
	snprintf(spec, sizeof(spec), "%.4000s/spec.yaml", work->path);
	unlink(spec);
	if (work->backup.directory)
		rmdir(work->path);
}

/* What the VM was, for one who has nothing else left. */
static int write_spec(struct work *work)
{
	struct buf text CLEANUP(buf_done) = {0};
	const struct target *target = &work->target;
	if (target->running) {
		buf_add(&text, buf_text(&target->booted.text), target->booted.text.length);
	} else {
		resolved_write(
			&target->collection.documents, target->member->document, false, &text);
	}
	int fd AUTO_CLOSE = open(work->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? -errno : buf_error(&text);
	if (r == 0)
		r = file_replace_at(fd, "spec.yaml", buf_text(&text), text.length, 0600, true);
	return r < 0 ? error_set_errno(&work->error, -r, "cannot write %s/spec.yaml", work->path)
		     : 0;
}

/* --- the copy ------------------------------------------------------------------------------ */

static bool show_progress(void *context, uint64_t done, uint64_t total)
{
	struct work *work = context;
	progress_show(&work->progress, "Backup of %s: %" PRIu64 " %%", work->target.name,
		total ? done * 100 / total : 0);
	return !progress_interrupted();
}

/* The bitmaps of earlier backups are of no use once a newer one is known to be good. */
static void remove_bitmaps(struct work *work, struct block *block)
{
	json_t *nodes = NULL;
	struct error ignored;
	if (block_query_nodes(block, &nodes, &ignored) < 0)
		return;
	for (size_t i = 0; i < work->copies.count; i++) {
		size_t index;
		const json_t *bitmap;
		const json_t *node = block_find_node(nodes, work->copies.items[i].disk);
		json_array_foreach(json_object_get(node, "dirty-bitmaps"), index, bitmap)
		{
			const char *name = json_string_value(json_object_get(bitmap, "name"));
			if (!name || strncmp(name, BITMAP_PREFIX, strlen(BITMAP_PREFIX)) != 0 ||
				strcmp(name, work->new_bitmap) == 0)
				continue;
			block_execute(block, "block-dirty-bitmap-remove",
				json_pack("{s:O, s:s}", "node", json_object_get(node, "node-name"),
					"name", name),
				NULL, &ignored);
		}
	}
	json_decref(nodes);
}

static int explain_bitmap(struct work *work, int r)
{
	if (!work->parent || !strstr(work->error.message, work->old_bitmap))
		return r;
	return error_set(&work->error, ENOENT,
		"the disks of %s do not know what was written since %s (another backup went "
		"elsewhere, "
		"or they are others): make a full one",
		work->target.name, work->parent->directory);
}

static int copy_disks(struct work *work)
{
	struct block block CLEANUP(block_close) = {.qmp = {.fd = -1}};
	work->copies.what = work->parent ? COPY_CHANGES : COPY_ALL;
	work->copies.new_bitmap = work->new_bitmap;
	work->copies.freeze = work->target.running;
	int r = block_open(&block, work->target.plan, work->target.running, work->files,
		work->copies.count, &work->error);
	if (r == 0)
		r = disks_copy(&block, &work->copies, show_progress, work, &work->error);
	if (r < 0)
		return explain_bitmap(work, r);
	for (size_t i = 0; i < work->copies.count; i++)
		fchmod(work->copies.items[i].fd, 0600);
	r = backup_finish(&work->backup, work->target.name, &work->error);
	if (r == 0)
		remove_bitmaps(work, &block);
	return r;
}

static void print_result(const struct work *work)
{
	if (!work->json) {
		printf("%s\n", work->path);
		return;
	}
	json_t *result = json_pack("{s:s, s:s, s:s?}", "path", work->path, "id", work->id, "parent",
		work->backup.parent);
	json_dumpf(result, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(result);
}

static int make_backup(struct work *work, const char *directory, bool incremental)
{
	int r = backups_read(&work->target.collection.arena, directory, work->target.name,
		&work->backups, &work->error);
	if (r == 0 && incremental)
		r = choose_parent(work);
	if (r == 0)
		r = choose_disks(work, incremental);
	if (r == 0)
		r = choose_id(work);
	if (r == 0)
		r = make_directory(work, directory);
	if (r < 0)
		return r;
	r = open_copies(work);
	if (r == 0)
		r = write_spec(work);
	if (r == 0)
		r = copy_disks(work);
	progress_clear(&work->progress);
	if (r < 0)
		remove_backup(work);
	else
		print_result(work);
	return r;
}

int verb_backup(const struct log *log, int argc, char **argv)
{
	bool json = argc > 3 && strcmp(argv[argc - 1], "--json") == 0;
	bool incremental = argc - json == 4 && strcmp(argv[3], "--incremental") == 0;
	if (argc != 3 + incremental + json || argv[1][0] == '-' || argv[2][0] == '-')
		return VERB_USAGE;
	struct work work = {.json = json};
	int r = target_open(&work.target, log, argv[1]);
	if (r == 0) {
		work.progress = progress_begin();
		r = make_backup(&work, argv[2], incremental);
		if (r < 0)
			log_line(log, LOG_LEVEL_ERROR, "%s", work.error.message);
	}
	for (size_t i = 0; i < work.copies.count; i++)
		close_fd(&work.copies.items[i].fd);
	target_close(&work.target);
	return r < 0;
}
