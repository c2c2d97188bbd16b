/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/disk-copy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/freeze.h"

#define POLL_INTERVAL_USEC 100000
#define CREATE_JOB "vmlet-create"
#define NAME_BYTES 64

struct copying {
	struct block *block;
	const struct disk_copies *copies;
	json_t *nodes;
	struct error *error;
	size_t begun; /* of the jobs */
};

static int execute(struct copying *copying, const char *command, json_t *arguments)
{
	return block_execute(copying->block, command, arguments, NULL, copying->error);
}

static void name_node(const char *prefix, const struct disk_copy *copy, char name[NAME_BYTES])
{
	snprintf(name, NAME_BYTES, "%s%s", prefix, copy->disk->disk->part.name);
}

/* Whether the copy is a raw file. */
static bool is_raw(const struct copying *copying, const struct disk_copy *copy)
{
	return copying->copies->what == COPY_TOP && copy->disk->disk->format == DISK_RAW;
}

/* --- targets ------------------------------------------------------------------------------- */

static uint64_t disk_size(const struct copying *copying, const struct disk_copy *copy)
{
	const json_t *node = block_find_node(copying->nodes, copy->disk);
	return (uint64_t)json_integer_value(
		json_object_get(json_object_get(node, "image"), "virtual-size"));
}

/* A running QEMU gets the open file; the daemon has it in its sandbox. */
static int open_target(struct copying *copying, const struct disk_copy *copy)
{
	char path[BLOCK_PATH_BYTES];
	char file[NAME_BYTES];
	const char *name = copy->inside;
	name_node("copyfile-", copy, file);
	/* QEMU looks at the size once. */
	if (is_raw(copying, copy) && ftruncate(copy->fd, (off_t)disk_size(copying, copy)) < 0)
		return error_set_errno(copying->error, errno, "cannot write the copy of %s",
			copy->disk->disk->part.name);
	if (copying->block->running) {
		int r = block_pass(copying->block, copy->fd, path, copying->error);
		if (r < 0)
			return r;
		name = path;
	}
	return execute(copying, "blockdev-add",
		json_pack(
			"{s:s, s:s, s:s}", "driver", "file", "node-name", file, "filename", name));
}

static int wait_for_job(struct copying *copying, const char *id)
{
	struct block_job job = {0};
	int r = 0;
	while (r == 0 && !job.concluded) {
		r = block_query_job(copying->block, id, &job, copying->error);
		if (r == 0 && !job.concluded)
			usleep(POLL_INTERVAL_USEC / 20);
	}
	if (r < 0)
		return r;
	block_dismiss_job(copying->block, id, copying->error);
	return job.failure[0] ? error_set(copying->error, EIO, "%s", job.failure) : 0;
}

/* What the copy of a disk's own file is to stand on: what QEMU has below it, which is an image or
 * what clones share. NULL for nothing. */
static const char *find_backing(const struct copying *copying, const struct disk_copy *copy)
{
	const json_t *node = block_find_node(copying->nodes, copy->disk);
	const char *backing = json_string_value(
		json_object_get(json_object_get(node, "image"), "backing-filename"));
	bool stands = copying->copies->what == COPY_TOP && backing && plan_is_layer(backing, NULL);
	return stands ? backing : NULL;
}

static int create_target(struct copying *copying, const struct disk_copy *copy)
{
	char file[NAME_BYTES];
	char format[NAME_BYTES];
	const char *driver = is_raw(copying, copy) ? "raw" : "qcow2";
	name_node("copyfile-", copy, file);
	name_node("copy-", copy, format);
	if (!is_raw(copying, copy)) {
		json_t *options = json_pack("{s:s, s:s, s:I}", "driver", "qcow2", "file", file,
			"size", (json_int_t)disk_size(copying, copy));
		const char *backing = find_backing(copying, copy);
		if (backing) {
			json_object_set_new(options, "backing-file", json_string(backing));
			json_object_set_new(options, "backing-fmt", json_string("qcow2"));
		}
		int r = execute(copying, "blockdev-create",
			json_pack("{s:s, s:o}", "job-id", CREATE_JOB, "options", options));
		if (r == 0)
			r = wait_for_job(copying, CREATE_JOB);
		if (r < 0)
			return r;
	}
	/* What the header names is not opened: the copy is written only. */
	json_t *node =
		json_pack("{s:s, s:s, s:s}", "driver", driver, "node-name", format, "file", file);
	if (!is_raw(copying, copy))
		json_object_set_new(node, "backing", json_null());
	return execute(copying, "blockdev-add", node);
}

/* Takes away what copies need while they are made: at the end, and before, what a killed command
 * left. */
static void sweep(struct copying *copying)
{
	struct error ignored;
	block_cancel_job(copying->block, CREATE_JOB);
	for (size_t i = 0; i < copying->copies->count; i++) {
		char name[NAME_BYTES];
		name_node("copy-", &copying->copies->items[i], name);
		block_cancel_job(copying->block, name);
		block_execute(copying->block, "blockdev-del", json_pack("{s:s}", "node-name", name),
			NULL, &ignored);
		name_node("copyfile-", &copying->copies->items[i], name);
		block_execute(copying->block, "blockdev-del", json_pack("{s:s}", "node-name", name),
			NULL, &ignored);
	}
}

/* --- the instant --------------------------------------------------------------------------- */

static json_t *backup_action(
	struct copying *copying, const struct disk_copy *copy, const char *node)
{
	static const char *const syncs[] = {
		[COPY_ALL] = "full", [COPY_TOP] = "top", [COPY_CHANGES] = "bitmap"};
	char target[NAME_BYTES];
	name_node("copy-", copy, target);
	/* auto-dismiss: its end is to be seen. */
	json_t *data = json_pack("{s:s, s:s, s:s, s:s, s:b}", "job-id", target, "device", node,
		"target", target, "sync", syncs[copying->copies->what], "auto-dismiss", 0);
	if (copying->copies->what == COPY_CHANGES) {
		json_object_set_new(data, "bitmap", json_string(copy->bitmap));
		/* It goes on as it is, until the copy is known to be good. */
		json_object_set_new(data, "bitmap-mode", json_string("never"));
	}
	return json_pack("{s:s, s:o}", "type", "blockdev-backup", "data", data);
}

static json_t *bitmap_action(const char *node, const char *bitmap)
{
	return json_pack("{s:s, s:{s:s, s:s, s:b}}", "type", "block-dirty-bitmap-add", "data",
		"node", node, "name", bitmap, "persistent", 1);
}

static int begin(struct copying *copying)
{
	const struct disk_copies *copies = copying->copies;
	struct freeze freeze = {.fd = -1};
	json_t *actions = json_array();
	for (size_t i = 0; i < copies->count; i++) {
		const struct disk_copy *copy = &copies->items[i];
		const char *node = json_string_value(
			json_object_get(block_find_node(copying->nodes, copy->disk), "node-name"));
		if (copies->new_bitmap && copy->disk->disk->format == DISK_QCOW2)
			json_array_append_new(actions, bitmap_action(node, copies->new_bitmap));
		json_array_append_new(actions, backup_action(copying, copy, node));
	}
	if (copies->freeze)
		freeze_begin(&freeze, copying->block->plan->vm->name);
	int r = execute(copying, "transaction", json_pack("{s:o}", "actions", actions));
	if (copies->freeze)
		freeze_end(&freeze);
	copying->begun = r == 0 ? copies->count : 0;
	return r;
}

static void remove_bitmaps(struct copying *copying)
{
	const struct disk_copies *copies = copying->copies;
	struct error ignored;
	for (size_t i = 0; copies->new_bitmap && i < copies->count; i++) {
		const json_t *node = block_find_node(copying->nodes, copies->items[i].disk);
		block_execute(copying->block, "block-dirty-bitmap-remove",
			json_pack("{s:O, s:s}", "node", json_object_get(node, "node-name"), "name",
				copies->new_bitmap),
			NULL, &ignored);
	}
}

/* --- the way ------------------------------------------------------------------------------- */

/* Adds up all jobs; 1 when they have ended. */
static int look(struct copying *copying, uint64_t *ret_done, uint64_t *ret_total)
{
	size_t ended = 0;
	*ret_done = 0;
	*ret_total = 0;
	for (size_t i = 0; i < copying->copies->count; i++) {
		char id[NAME_BYTES];
		struct block_job job;
		name_node("copy-", &copying->copies->items[i], id);
		int r = block_query_job(copying->block, id, &job, copying->error);
		if (r < 0)
			return r;
		if (job.failure[0])
			return error_set(copying->error,
				strstr(job.failure, "No space") ? ENOSPC : EIO, "disk %s: %s",
				copying->copies->items[i].disk->disk->part.name, job.failure);
		*ret_done += job.done;
		*ret_total += job.total;
		ended += job.concluded;
	}
	return ended == copying->copies->count;
}

static int follow(struct copying *copying,
	bool (*progress)(void *context, uint64_t done, uint64_t total), void *context)
{
	for (;;) {
		uint64_t done;
		uint64_t total;
		int r = look(copying, &done, &total);
		if (r != 0)
			return r < 0 ? r : 0;
		if (!progress(context, done, total))
			return error_set(copying->error, EINTR, "cancelled");
		usleep(POLL_INTERVAL_USEC / 2);
	}
}

int disks_copy(struct block *block, const struct disk_copies *copies,
	bool (*progress)(void *context, uint64_t done, uint64_t total), void *context,
	struct error *error)
{
	struct copying copying = {.block = block, .copies = copies, .error = error};
	sweep(&copying);
	int r = block_query_nodes(block, &copying.nodes, error);
	for (size_t i = 0; r == 0 && i < copies->count; i++) {
		if (!block_find_node(copying.nodes, copies->items[i].disk))
			r = error_set(error, ENOENT, "disk %s is not there yet, or not attached",
				copies->items[i].disk->disk->part.name);
		if (r == 0)
			r = open_target(&copying, &copies->items[i]);
		if (r == 0)
			r = create_target(&copying, &copies->items[i]);
	}
	if (r == 0)
		r = begin(&copying);
	if (r == 0)
		r = follow(&copying, progress, context);
	sweep(&copying);
	if (r < 0 && copying.begun)
		remove_bitmaps(&copying);
	json_decref(copying.nodes);
	return r;
}
