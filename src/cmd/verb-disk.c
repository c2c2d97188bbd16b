/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/live-disk.h"
#include "cmd/progress.h"
#include "cmd/table.h"
#include "cmd/target.h"
#include "cmd/verbs.h"
#include "host/agent.h"
#include "host/hotplug.h"
#include "spec/rules.h"
#include "spec/scalar.h"

#define MIB (UINT64_C(1024) * 1024)
#define TRIM_TIMEOUT_USEC UINT64_C(600000000)

struct work {
	struct target target;
	struct block block;
	bool open;
	json_t *nodes;
	struct error error;
	bool json;
	bool repair;
	bool compress;
	struct progress progress;
	int count; /* of what stands behind the VM's name */
	char **arguments;
};

static int open_block(struct work *work)
{
	int r = block_open(
		&work->block, work->target.plan, work->target.running, NULL, 0, &work->error);
	work->open = r == 0;
	return r < 0 ? r : block_query_nodes(&work->block, &work->nodes, &work->error);
}

static void work_close(struct work *work)
{
	json_decref(work->nodes);
	if (work->open)
		block_close(&work->block);
	target_close(&work->target);
}

static void write_mib(uint64_t bytes, struct buf *buf)
{
	if (bytes && bytes % (1024 * MIB) == 0)
		buf_printf(buf, "%" PRIu64 " GiB", bytes / (1024 * MIB));
	else
		buf_printf(buf, "%" PRIu64 " MiB", (bytes + MIB - 1) / MIB);
}

static uint64_t number(const json_t *node, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(json_object_get(node, "image"), key));
}

/* --- list ---------------------------------------------------------------------------------- */

/* A disk of the VM as it is, or one that its spec has and it has not yet. */
struct row {
	const struct plan_disk *disk;
	const json_t *node; /* NULL when QEMU does not have it open */
	const char *state;
};

struct rows {
	struct row items[2 * DISKS_MAX];
	size_t count;
};

static bool has_disk(const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->disk_count; i++)
		if (strcmp(plan->disks[i].disk->part.name, name) == 0)
			return true;
	return false;
}

static const char *state_of(const struct work *work, const struct plan_disk *disk)
{
	bool there = disk->file_name && block_find_node(work->nodes, disk);
	if (work->target.running)
		return there || !disk->file_name ? "attached" : "detached";
	return there || !disk->file_name ? "there" : "new";
}

static void collect_rows(const struct work *work, struct rows *rows)
{
	const struct plan *plan = work->target.plan;
	const struct plan *spec = work->target.member ? &work->target.member->plan : NULL;
	for (size_t i = 0; i < plan->disk_count; i++)
		rows->items[rows->count++] =
			(struct row){&plan->disks[i], block_find_node(work->nodes, &plan->disks[i]),
				state_of(work, &plan->disks[i])};
	for (size_t i = 0; spec && spec != plan && i < spec->disk_count; i++) {
		const struct plan_disk *disk = &spec->disks[i];
		const json_t *node = block_find_node(work->nodes, disk);
		if (!has_disk(plan, disk->disk->part.name))
			rows->items[rows->count++] =
				(struct row){disk, node, node ? "attached" : "not attached"};
	}
}

static const char *source_of(const struct plan_disk *disk)
{
	if (disk->disk->uri)
		return disk->disk->uri;
	return disk->file ? disk->file : "(empty)";
}

static const char *kind_of(const struct disk *disk)
{
	return disk->cdrom.given ? "cdrom" : choice_name(&disk_format_names, disk->format);
}

static void write_cell(const void *context, size_t index, int column, struct buf *buf)
{
	const struct row *row = &((const struct rows *)context)->items[index];
	switch (column) {
	case 0:
		buf_puts(buf, row->disk->disk->part.name);
		break;
	case 1:
		buf_puts(buf, row->state);
		break;
	case 2:
		buf_puts(buf, kind_of(row->disk->disk));
		break;
	case 3:
		if (row->node)
			write_mib(number(row->node, "virtual-size"), buf);
		break;
	case 4:
		if (row->node)
			write_mib(number(row->node, "actual-size"), buf);
		break;
	default:
		buf_puts(buf, source_of(row->disk));
		break;
	}
}

static json_t *row_json(const struct row *row)
{
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:s?}", "name", row->disk->disk->part.name,
		"state", row->state, "format", kind_of(row->disk->disk), "size",
		row->node ? json_integer((json_int_t)number(row->node, "virtual-size"))
			  : json_null(),
		"allocated",
		row->node ? json_integer((json_int_t)number(row->node, "actual-size"))
			  : json_null(),
		"source", source_of(row->disk), "image", row->disk->disk->image);
}

static int print_json(json_t *value)
{
	char *text AUTO_FREE = json_dumps(value, JSON_INDENT(2));
	json_decref(value);
	return text && puts(text) >= 0 ? 0 : -ENOMEM;
}

static int run_list(struct work *work)
{
	static const char *const titles[] = {"DISK", "STATE", "FORMAT", "SIZE", "USED", "SOURCE"};
	struct rows rows = {0};
	int r = open_block(work);
	if (r < 0)
		return r;
	collect_rows(work, &rows);
	if (work->json) {
		json_t *list = json_array();
		for (size_t i = 0; i < rows.count; i++)
			json_array_append_new(list, row_json(&rows.items[i]));
		return print_json(list);
	}
	const struct table table = {
		.titles = titles,
		.columns = ARRAY_SIZE(titles),
		.rows = rows.count,
		.cell = write_cell,
		.context = &rows,
	};
	table_print(&table);
	return 0;
}

/* --- one disk ------------------------------------------------------------------------------ */

/* It was said before why not. */
static int told(struct work *work, int r)
{
	work->error.message[0] = '\0';
	return r;
}

static const struct plan_disk *spec_disk(struct work *work, const char *name)
{
	if (work->target.member)
		return target_disk(&work->target, &work->target.member->plan, name);
	log_line(work->target.log, LOG_LEVEL_ERROR, "the spec of %s is gone or has errors",
		work->target.name);
	return NULL;
}

static int run_info(struct work *work)
{
	const struct plan_disk *disk =
		target_disk(&work->target, work->target.plan, work->arguments[0]);
	if (!disk)
		return told(work, -ENOENT);
	int r = open_block(work);
	json_t *node = r == 0 ? block_find_node(work->nodes, disk) : NULL;
	if (r == 0 && !node)
		r = error_set(&work->error, ENOENT, "disk %s is not there yet, or not attached",
			work->arguments[0]);
	if (r < 0)
		return r;
	/* What QEMU itself says: query-named-block-nodes. */
	return print_json(json_incref(node));
}

static void say_size(const char *name, const char *what, uint64_t bytes)
{
	struct buf text CLEANUP(buf_done) = {0};
	write_mib(bytes, &text);
	printf("%s %s %s\n", name, what, buf_text(&text));
}

static int grow_running(struct work *work, const struct plan_disk *disk)
{
	int r = open_block(work);
	if (r == 0)
		r = live_disk_grow(&work->block, disk, &work->error);
	if (r == 0)
		say_size(disk->disk->part.name, "has", disk->disk->size_bytes);
	return r;
}

/* The spec says how large a disk is: another size is told where to be written. */
static int check_size(struct work *work, const struct plan_disk *disk, const char *text)
{
	uint64_t bytes;
	const struct document *document = work->target.member->document;
	struct place place = rules_place(document->merged, "disks.*.size", disk->disk->part.name);
	if (scalar_parse_size(text, &bytes) < 0)
		return error_set(&work->error, EINVAL,
			"'%s' is not a size with its unit, such as 20GiB", text);
	if (bytes == disk->disk->size_bytes)
		return 0;
	return error_set(&work->error, EINVAL,
		"the spec says how large disk %s is: write 'size: %s' at %s:%u, run 'systemctl "
		"daemon-reload', and 'vmlet disk resize %s %s'",
		disk->disk->part.name, text, place.source ? place.source->file : "its spec",
		place.line, work->target.name, disk->disk->part.name);
}

static int run_resize(struct work *work)
{
	static const char *const prepare[] = {"prepare", NULL};
	struct buf output CLEANUP(buf_done) = {0};
	const struct plan_disk *disk = spec_disk(work, work->arguments[0]);
	if (!disk)
		return told(work, -ENOENT);
	int r = work->count > 1 ? check_size(work, disk, work->arguments[1]) : 0;
	if (r < 0)
		return r;
	if (!disk->file_name || !disk->disk->size_bytes)
		return error_set(&work->error, EINVAL, "the spec gives disk %s no 'size'",
			work->arguments[0]);
	if (work->target.running)
		return grow_running(work, disk);
	const struct sandbox sandbox = {.plan = work->target.plan};
	r = sandbox_run(&sandbox, prepare, &output, &work->error);
	if (r == 0)
		say_size(work->arguments[0], "has", disk->disk->size_bytes);
	return r;
}

/* Runs an action of vmlet-storage on one disk, or on each file of the VM's own. */
static int each_disk(struct work *work, const char *action, const char *option,
	int (*tell)(const struct work *work, const char *disk, const char *output))
{
	const struct plan *plan = work->target.plan;
	const struct sandbox sandbox = {.plan = plan};
	int r = 0;
	if (work->count && !target_disk(&work->target, plan, work->arguments[0]))
		return told(work, -ENOENT);
	for (size_t i = 0; r == 0 && i < plan->disk_count; i++) {
		const char *name = plan->disks[i].disk->part.name;
		const char *const arguments[] = {action, name, option, NULL};
		struct buf output CLEANUP(buf_done) = {0};
		if (work->count ? strcmp(name, work->arguments[0]) != 0 : !plan->disks[i].file_name)
			continue;
		progress_show(&work->progress, "%s of disk %s", action, name);
		r = sandbox_run(&sandbox, arguments, &output, &work->error);
		progress_clear(&work->progress);
		if (progress_interrupted())
			return error_set(
				&work->error, EINTR, "cancelled: disk %s is as it was", name);
		if (r == 0)
			r = tell(work, name, buf_text(&output));
	}
	return r;
}

static int tell_check(const struct work *work, const char *disk, const char *output)
{
	if (work->json)
		return print_json(json_pack("{s:s, s:s}", "disk", disk, "result", output));
	printf("%s: %s", disk, output);
	return 0;
}

static int run_check(struct work *work)
{
	if (target_need_stopped(&work->target, "a check") < 0)
		return told(work, -EBUSY);
	return each_disk(work, "check", work->repair ? "repair" : NULL, tell_check);
}

static int tell_compact(const struct work *work, const char *disk, const char *output)
{
	char *end = NULL;
	uint64_t before = strtoull(output, &end, 10);
	uint64_t after = strtoull(end, NULL, 10);
	if (work->json)
		return print_json(json_pack("{s:s, s:I, s:I}", "disk", disk, "before",
			(json_int_t)before, "after", (json_int_t)after));
	printf("%s: %" PRIu64 " MiB, was %" PRIu64 " MiB\n", disk, (after + MIB - 1) / MIB,
		(before + MIB - 1) / MIB);
	return 0;
}

/* While a guest runs, it knows best what it does not need. */
static int trim(struct work *work)
{
	char path[128];
	snprintf(path, sizeof(path), PLAN_RUNTIME_ROOT "/%s/" PLAN_AGENT_SOCKET, work->target.name);
	if (!agent_is_there(path) || !agent_ask(path, "guest-fstrim", TRIM_TIMEOUT_USEC))
		return error_set(&work->error, EOPNOTSUPP,
			"%s runs and has no agent that could trim its file systems: run fstrim in "
			"it, or "
			"stop it",
			work->target.name);
	puts("The guest gave back what its file systems do not use.");
	return 0;
}

static int run_compact(struct work *work)
{
	if (work->target.running)
		return trim(work);
	return each_disk(work, "compact", work->compress ? "compress" : NULL, tell_compact);
}

/* --- while it runs ------------------------------------------------------------------------- */

static int need_running(struct work *work)
{
	return work->target.running
		       ? open_block(work)
		       : error_set(&work->error, ESRCH, "VM %s does not run", work->target.name);
}

static int run_attach(struct work *work)
{
	const struct plan_disk *disk = spec_disk(work, work->arguments[0]);
	if (!disk)
		return told(work, -ENOENT);
	int r = need_running(work);
	return r < 0 ? r
		     : live_disk_attach(&work->block, &work->target.collection.arena,
			       &work->target.member->plan, disk, &work->error);
}

static int run_detach(struct work *work)
{
	const char *name = work->arguments[0];
	if (!scalar_is_name(name, PART_NAME_LENGTH_MAX))
		return error_set(&work->error, EINVAL, "'%s' is not a name of a disk", name);
	int r = need_running(work);
	return r < 0 ? r : hotplug_remove(&work->block, name, &work->error);
}

static const struct plan_disk *find_drive(struct work *work)
{
	const struct plan_disk *disk =
		target_disk(&work->target, work->target.plan, work->arguments[0]);
	if (disk && disk->disk->cdrom.given)
		return disk;
	if (disk)
		log_line(work->target.log, LOG_LEVEL_ERROR, "%s is not a CD-ROM drive",
			work->arguments[0]);
	return NULL;
}

static int run_eject(struct work *work)
{
	if (!find_drive(work))
		return told(work, -ENOENT);
	int r = need_running(work);
	return r < 0 ? r : hotplug_eject(&work->block, work->arguments[0], &work->error);
}

static int run_insert(struct work *work)
{
	if (!find_drive(work))
		return told(work, -ENOENT);
	int r = need_running(work);
	return r < 0 ? r
		     : live_disk_insert(
			       &work->block, work->arguments[0], work->arguments[1], &work->error);
}

static bool take_options(struct work *work, int *argc, char **argv)
{
	int kept = 0;
	for (int i = 0; i < *argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			work->json = true;
		else if (strcmp(argv[i], "--repair") == 0)
			work->repair = true;
		else if (strcmp(argv[i], "--compress") == 0)
			work->compress = true;
		else if (argv[i][0] == '-')
			return false;
		else
			argv[kept++] = argv[i];
	}
	*argc = kept;
	return true;
}

int verb_disk(const struct log *log, int argc, char **argv)
{
	static const struct {
		const char *name;
		int least;
		int most; /* behind the VM's name */
		int (*run)(struct work *work);
	} actions[] = {
		{"list", 0, 0, run_list},
		{"info", 1, 1, run_info},
		{"resize", 1, 2, run_resize},
		{"check", 0, 1, run_check},
		{"compact", 0, 1, run_compact},
		{"attach", 1, 1, run_attach},
		{"detach", 1, 1, run_detach},
		{"eject", 1, 1, run_eject},
		{"insert", 2, 2, run_insert},
	};
	struct work work = {0};
	if (!take_options(&work, &argc, argv) || argc < 3)
		return VERB_USAGE;
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (strcmp(argv[1], actions[i].name) != 0)
			continue;
		work.count = argc - 3;
		work.arguments = argv + 3;
		if (work.count < actions[i].least || work.count > actions[i].most)
			return VERB_USAGE;
		int r = target_open(&work.target, log, argv[2]);
		if (r == 0) {
			/* Ctrl-C is told from here on, and what is under way is ended cleanly. */
			work.progress = progress_begin();
			r = actions[i].run(&work);
			progress_clear(&work.progress);
			if (r < 0 && work.error.message[0])
				log_line(log, LOG_LEVEL_ERROR, "%s", work.error.message);
		}
		work_close(&work);
		return r < 0;
	}
	return VERB_USAGE;
}
