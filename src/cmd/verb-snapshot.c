/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cmd/progress.h"
#include "cmd/table.h"
#include "cmd/target.h"
#include "cmd/verbs.h"
#include "host/block.h"
#include "host/freeze.h"
#include "host/repair.h"

#define MIB (UINT64_C(1024) * 1024)
#define POLL_INTERVAL_USEC 100000
#define SNAPSHOTS_MAX 256
#define JOB "vmlet-snapshot"

/* A snapshot that all disks have. */
struct snapshot {
	const char *tag;
	time_t date_sec;
	uint64_t memory_bytes; /* 0: of disks only */
	size_t disks;
};

struct work {
	struct target target;
	struct block block;
	bool open;
	json_t *nodes;
	struct snapshot snapshots[SNAPSHOTS_MAX];
	size_t count;
	size_t disks; /* that have snapshots */
	struct progress progress;
	bool marked;
	struct error error;
};

static void work_close(struct work *work)
{
	json_decref(work->nodes);
	if (work->open)
		block_close(&work->block);
	target_close(&work->target);
}

/* --- what there is ------------------------------------------------------------------------- */

static struct snapshot *find(struct work *work, const char *tag)
{
	for (size_t i = 0; i < work->count; i++)
		if (strcmp(work->snapshots[i].tag, tag) == 0)
			return &work->snapshots[i];
	return NULL;
}

static void add_snapshot(struct work *work, const json_t *entry)
{
	const char *tag = json_string_value(json_object_get(entry, "name"));
	struct snapshot *snapshot = tag ? find(work, tag) : NULL;
	if (!tag || (!snapshot && work->count == SNAPSHOTS_MAX))
		return;
	if (!snapshot) {
		snapshot = &work->snapshots[work->count++];
		*snapshot = (struct snapshot){.tag = tag,
			.date_sec = (time_t)json_integer_value(json_object_get(entry, "date-sec"))};
	}
	snapshot->disks++;
	snapshot->memory_bytes +=
		(uint64_t)json_integer_value(json_object_get(entry, "vm-state-size"));
}

static void read_snapshots(struct work *work)
{
	const struct plan *plan = work->target.plan;
	for (size_t i = 0; i < plan->disk_count; i++) {
		size_t index;
		const json_t *entry;
		const json_t *node = disk_is_kept(&plan->disks[i])
					     ? block_find_node(work->nodes, &plan->disks[i])
					     : NULL;
		work->disks += node != NULL;
		const json_t *list = json_object_get(json_object_get(node, "image"), "snapshots");
		json_array_foreach(list, index, entry) add_snapshot(work, entry);
	}
}

/* One without a disk would bring back half a machine; one of a part of the disks does. */
static int check_disks(struct work *work)
{
	const struct plan *plan = work->target.plan;
	for (size_t i = 0; i < plan->disk_count; i++) {
		const struct plan_disk *disk = &plan->disks[i];
		if (!disk_is_writable(disk->disk))
			continue;
		if (!disk->file_name || disk->disk->format != DISK_QCOW2)
			return error_set(&work->error, ENOTSUP,
				"disk %s is not a qcow2 file of the VM's own, and has no snapshots",
				disk->disk->part.name);
		if (!block_find_node(work->nodes, disk))
			return error_set(&work->error, ENOENT,
				"disk %s is not there yet, or is not attached",
				disk->disk->part.name);
	}
	return work->disks ? 0 : error_set(&work->error, ENOENT, "it has no disks");
}

static int work_open(struct work *work, const struct log *log, const char *name)
{
	int r = target_open(&work->target, log, name);
	if (r < 0)
		return r;
	r = block_open(
		&work->block, work->target.plan, work->target.running, NULL, 0, &work->error);
	work->open = r == 0;
	if (r == 0)
		r = block_query_nodes(&work->block, &work->nodes, &work->error);
	if (r < 0)
		log_line(log, LOG_LEVEL_ERROR, "%s", work->error.message);
	else
		read_snapshots(work);
	return r;
}

static int is_complete(struct work *work, const char *tag)
{
	const struct snapshot *snapshot = find(work, tag);
	if (!snapshot)
		return error_set(&work->error, ENOENT,
			"there is no snapshot %s: see 'vmlet snapshot "
			"list %s'",
			tag, work->target.name);
	if (snapshot->disks < work->disks)
		return error_set(&work->error, EINVAL,
			"snapshot %s is of %zu of %zu disks: delete it", tag, snapshot->disks,
			work->disks);
	return 0;
}

/* --- jobs ---------------------------------------------------------------------------------- */

/* Waits for a job of this name; Ctrl-C cancels it. */
static int wait_for_job(struct work *work, const char *what)
{
	struct block_job job;
	int r;
	while ((r = block_query_job(&work->block, JOB, &job, &work->error)) == 0 &&
		!job.concluded) {
		progress_show(&work->progress, "%s: %" PRIu64 " %%", what,
			job.total ? job.done * 100 / job.total : 0);
		if (progress_interrupted()) {
			block_cancel_job(&work->block, JOB);
			r = error_set(&work->error, EINTR, "cancelled");
			break;
		}
		usleep(POLL_INTERVAL_USEC);
	}
	progress_clear(&work->progress);
	if (r < 0)
		return r;
	block_dismiss_job(&work->block, JOB, &work->error);
	return job.failure[0] ? error_set(&work->error, EIO, "%s", job.failure) : 0;
}

static json_t *node_names(struct work *work)
{
	const struct plan *plan = work->target.plan;
	json_t *names = json_array();
	for (size_t i = 0; i < plan->disk_count; i++) {
		const json_t *node = disk_is_kept(&plan->disks[i])
					     ? block_find_node(work->nodes, &plan->disks[i])
					     : NULL;
		if (node)
			json_array_append(names, json_object_get(node, "node-name"));
	}
	return names;
}

/* Before the disks are changed. */
static int mark(struct work *work)
{
	work->marked = true;
	return repair_mark(work->target.name, &work->error);
}

static int run_state_job(struct work *work, const char *command, const char *tag)
{
	if (mark(work) < 0)
		return -EIO;
	json_t *names = node_names(work);
	json_t *arguments = json_pack("{s:s, s:s, s:O, s:O}", "job-id", JOB, "tag", tag, "vmstate",
		json_array_get(names, 0), "devices", names);
	json_decref(names);
	int r = block_execute(&work->block, command, arguments, NULL, &work->error);
	return r < 0 ? r : wait_for_job(work, tag);
}

/* --- create -------------------------------------------------------------------------------- */

/* All disks at one instant (qemu-qmp-ref(7), transaction). */
static int snapshot_disks(struct work *work, const char *tag)
{
	struct freeze freeze;
	if (mark(work) < 0)
		return -EIO;
	json_t *names = node_names(work);
	json_t *actions = json_array();
	size_t index;
	const json_t *name;
	json_array_foreach(names, index, name) json_array_append_new(
		actions, json_pack("{s:s, s:{s:s, s:s}}", "type", "blockdev-snapshot-internal-sync",
				 "data", "device", json_string_value(name), "name", tag));
	json_decref(names);
	if (work->target.running)
		freeze_begin(&freeze, work->target.name);
	int r = block_execute(&work->block, "transaction", json_pack("{s:o}", "actions", actions),
		NULL, &work->error);
	if (!work->target.running)
		return r;
	if (r == 0)
		fprintf(stderr, freeze.frozen ? "The guest's file systems stood still.\n"
					      : "The guest has no agent: its file systems are as "
						"after a power cut.\n");
	freeze_end(&freeze);
	return r;
}

static bool is_tag(const char *tag)
{
	return scalar_is_credential(tag) && strspn(tag, "0123456789") < strlen(tag);
}

static int create(struct work *work, const char *tag, bool memory)
{
	int r = check_disks(work);
	if (r < 0)
		return r;
	if (!is_tag(tag))
		return error_set(&work->error, EINVAL,
			"'%s' is no name for a snapshot: letters, digits, '.', '_' and '-', and "
			"not "
			"digits only",
			tag);
	if (find(work, tag))
		return error_set(&work->error, EEXIST, "there is a snapshot %s", tag);
	if (memory && !work->target.running)
		return error_set(&work->error, ESRCH, "%s does not run, and has nothing in memory",
			work->target.name);
	return memory ? run_state_job(work, "snapshot-save", tag) : snapshot_disks(work, tag);
}

/* --- delete and revert --------------------------------------------------------------------- */

static int delete (struct work *work, const char *tag)
{
	json_t *names = node_names(work);
	size_t index;
	const json_t *name;
	int r = find(work, tag) ? mark(work) : is_complete(work, tag);
	json_array_foreach(names, index, name)
	{
		json_t *answer = NULL;
		if (r < 0)
			break;
		r = block_execute(&work->block, "blockdev-snapshot-delete-internal-sync",
			json_pack("{s:s, s:s}", "device", json_string_value(name), "name", tag),
			&answer, &work->error);
		json_decref(answer);
		/* Of an incomplete one, some disks have nothing. */
		if (r == -EPROTO && strstr(work->error.message, "does not exist"))
			r = 0;
	}
	json_decref(names);
	return r;
}

static int revert(struct work *work, const char *tag)
{
	const char *const arguments[] = {"revert", tag, NULL};
	const struct sandbox sandbox = {.plan = work->target.plan};
	struct buf output CLEANUP(buf_done) = {0};
	int r = is_complete(work, tag);
	if (r < 0)
		return r;
	if (find(work, tag)->memory_bytes && work->target.running)
		return run_state_job(work, "snapshot-load", tag);
	if (work->target.running)
		return error_set(&work->error, EBUSY,
			"%s runs, and the snapshot is of its disks only: systemctl stop vm@%s",
			work->target.name, work->target.name);
	if (find(work, tag)->memory_bytes)
		fprintf(stderr,
			"%s does not run: its disks go back, its memory does not; start it and "
			"revert for both.\n",
			work->target.name);
	block_close(&work->block);
	work->open = false;
	return sandbox_run(&sandbox, arguments, &output, &work->error);
}

/* --- list ---------------------------------------------------------------------------------- */

static void write_cell(const void *context, size_t row, int column, struct buf *buf)
{
	const struct work *work = context;
	const struct snapshot *snapshot = &work->snapshots[row];
	struct tm when;
	char date[32];
	switch (column) {
	case 0:
		buf_puts(buf, snapshot->tag);
		break;
	case 1:
		localtime_r(&snapshot->date_sec, &when);
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &when);
		buf_puts(buf, date);
		break;
	case 2:
		buf_printf(buf, "%zu of %zu", snapshot->disks, work->disks);
		break;
	default:
		if (snapshot->memory_bytes)
			buf_printf(
				buf, "%" PRIu64 " MiB", (snapshot->memory_bytes + MIB - 1) / MIB);
		break;
	}
}

static int print_json(const struct work *work)
{
	json_t *list = json_array();
	for (size_t i = 0; i < work->count; i++) {
		const struct snapshot *snapshot = &work->snapshots[i];
		json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:b}", "name", snapshot->tag,
						    "created", (json_int_t)snapshot->date_sec,
						    "memory", (json_int_t)snapshot->memory_bytes,
						    "complete", snapshot->disks == work->disks));
	}
	char *text AUTO_FREE = json_dumps(list, JSON_INDENT(2));
	json_decref(list);
	return text && puts(text) >= 0 ? 0 : -ENOMEM;
}

static int run_list(struct work *work, bool json)
{
	static const char *const titles[] = {"NAME", "CREATED", "DISKS", "MEMORY"};
	const struct table table = {
		.titles = titles,
		.columns = ARRAY_SIZE(titles),
		.rows = work->count,
		.cell = write_cell,
		.context = work,
	};
	if (json)
		return print_json(work);
	table_print(&table);
	return 0;
}

int verb_snapshot(const struct log *log, int argc, char **argv)
{
	const char *option = argc > 3 && argv[argc - 1][0] == '-' ? argv[argc - 1] : "";
	int count = *option ? argc - 1 : argc;
	const char *action = argc > 1 ? argv[1] : "";
	bool lists = strcmp(action, "list") == 0;
	bool creates = strcmp(action, "create") == 0;
	bool deletes = strcmp(action, "delete") == 0;
	bool reverts = strcmp(action, "revert") == 0;
	bool json = lists && strcmp(option, "--json") == 0;
	bool memory = creates && strcmp(option, "--memory") == 0;
	if (!(lists || creates || deletes || reverts) || count != (lists ? 3 : 4) ||
		(*option && !json && !memory))
		return VERB_USAGE;
	struct work work = {0};
	int r = work_open(&work, log, argv[2]);
	/* Ctrl-C is told from here on, and what is under way is ended cleanly. */
	work.progress = progress_begin();
	if (r == 0) {
		if (lists)
			r = run_list(&work, json);
		else if (creates)
			r = create(&work, argv[3], memory);
		else
			r = deletes ? delete (&work, argv[3]) : revert(&work, argv[3]);
		if (r < 0)
			log_line(log, LOG_LEVEL_ERROR, "%s", work.error.message);
	}
	work_close(&work);
	/* Else it is the next start's to look at the disks: of what a snapshot shares, QEMU keeps
	 * count in memory until it ends. */
	if (r == 0 && work.marked && !work.target.running)
		repair_unmark(argv[2]);
	return r < 0;
}
