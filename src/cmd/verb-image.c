/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cmd/collect.h"
#include "cmd/progress.h"
#include "cmd/report.h"
#include "cmd/table.h"
#include "cmd/verbs.h"
#include "host/bus.h"
#include "host/image-users.h"

#define MIB (UINT64_C(1024) * 1024)
#define POLL_INTERVAL_USEC 100000
#define UNIT_BYTES (NAME_LENGTH_MAX + sizeof("vm-download@.service"))

struct view {
	const struct log *log;
	struct collection collection;
	struct image_store store;
	struct row *rows;
	size_t count;
};

/* An image: a document, a file of the store, or both. */
struct row {
	const char *name;  /* NULL for what clones share */
	const char *state; /* "current", "old", "shared", "missing", "by hand" or "broken" */
	const struct stored_image *image; /* NULL when it is missing */
	const char *path;
};

/* --- what there is ------------------------------------------------------------------------- */

static const struct stored_image *find_file(const struct view *view, const char *path)
{
	for (size_t i = 0; i < view->store.count; i++)
		if (strcmp(view->store.items[i].path, path) == 0)
			return &view->store.items[i];
	return NULL;
}

/* The file that new disks stand on. */
static const char *current_path(struct view *view, const char *name)
{
	return plan_image_path(&view->collection.arena, &view->collection.documents, name);
}

static const char *file_state(struct view *view, const struct stored_image *image)
{
	if (!image->name)
		return "shared";
	const char *current = current_path(view, image->name);
	if (!current || strcmp(current, image->path) != 0)
		return "old";
	return documents_find(&view->collection.documents, KIND_IMAGE, image->name) ? "current"
										    : "by hand";
}

static int collect_rows(struct view *view)
{
	const struct documents *documents = &view->collection.documents;
	view->rows = arena_alloc(&view->collection.arena,
		(view->store.count + documents->count + 1) * sizeof(*view->rows));
	if (!view->rows)
		return -ENOMEM;
	for (size_t i = 0; i < documents->count; i++) {
		const struct document *document = documents->items[i];
		if (document->kind != KIND_IMAGE || !document->name)
			continue;
		const char *path = current_path(view, document->name);
		if (!path)
			return -ENOMEM;
		if (document->broken || !find_file(view, path))
			view->rows[view->count++] = (struct row){document->name,
				document->broken ? "broken" : "missing", NULL, path};
	}
	for (size_t i = 0; i < view->store.count; i++) {
		const struct stored_image *image = &view->store.items[i];
		view->rows[view->count++] =
			(struct row){image->name, file_state(view, image), image, image->path};
	}
	return 0;
}

static int open_view(struct view *view)
{
	struct error error;
	int r = collect_directories(&view->collection);
	if (r < 0)
		log_line(view->log, LOG_LEVEL_ERROR, "cannot read the specs: %s", strerror(-r));
	if (r == 0 && (r = image_store_read(&view->collection.arena, &view->store, &error)) < 0)
		log_line(view->log, LOG_LEVEL_ERROR, "%s", error.message);
	return r < 0 ? r : collect_rows(view);
}

/* --- list ---------------------------------------------------------------------------------- */

static void write_users(const struct strings *users, struct buf *buf)
{
	for (size_t i = 0; i < users->count; i++)
		buf_printf(buf, "%s%s", i ? " " : "", users->items[i]);
}

static void write_cell(const void *context, size_t index, int column, struct buf *buf)
{
	const struct view *view = context;
	const struct row *row = &view->rows[index];
	switch (column) {
	case 0:
		if (row->name)
			buf_puts(buf, row->name);
		break;
	case 1:
		buf_puts(buf, row->state);
		break;
	case 2:
		if (row->image)
			buf_printf(
				buf, "%" PRIu64 " MiB", (row->image->size_bytes + MIB - 1) / MIB);
		break;
	case 3:
		buf_puts(buf, strrchr(row->path, '/') + 1);
		break;
	default:
		if (row->image)
			write_users(&row->image->users, buf);
		break;
	}
}

static json_t *row_json(const struct row *row)
{
	json_t *users = json_array();
	for (size_t i = 0; row->image && i < row->image->users.count; i++)
		json_array_append_new(users, json_string(row->image->users.items[i]));
	return json_pack("{s:s?, s:s, s:s, s:o, s:o}", "name", row->name, "state", row->state,
		"path", row->path, "size",
		row->image ? json_integer((json_int_t)row->image->size_bytes) : json_null(),
		"users", users);
}

static int print_json(const struct view *view)
{
	json_t *list = json_array();
	for (size_t i = 0; i < view->count; i++)
		json_array_append_new(list, row_json(&view->rows[i]));
	char *text AUTO_FREE = json_dumps(list, JSON_INDENT(2));
	json_decref(list);
	if (!text)
		return 1;
	puts(text);
	return 0;
}

static int run_list(struct view *view, int argc, char **argv)
{
	static const char *const titles[] = {"NAME", "STATE", "SIZE", "FILE", "USED BY"};
	bool json = argc == 1 && strcmp(argv[0], "--json") == 0;
	if (argc && !json)
		return VERB_USAGE;
	if (open_view(view) < 0)
		return 1;
	if (json)
		return print_json(view);
	const struct table table = {
		.titles = titles,
		.columns = ARRAY_SIZE(titles),
		.rows = view->count,
		.cell = write_cell,
		.context = view,
	};
	table_print(&table);
	return 0;
}

/* --- pull ---------------------------------------------------------------------------------- */

struct pull {
	struct sd_bus *bus;
	const char *name;
	char image_unit[UNIT_BYTES];
	char download_unit[UNIT_BYTES];
};

/* It goes on where it ended the next time. */
static int cancel(const struct pull *pull, struct error *error)
{
	int r = bus_unit_stop(pull->bus, pull->image_unit, error);
	if (r == 0)
		r = bus_unit_stop(pull->bus, pull->download_unit, error);
	return r < 0 ? r
		     : error_set(error, EINTR,
			       "stopped; 'vmlet image pull %s' goes on where it ended", pull->name);
}

static int wait_for_image(const struct pull *pull, struct progress *progress, struct error *error)
{
	for (;;) {
		struct unit_progress image = {0};
		struct unit_progress download = {0};
		int r = bus_unit_progress(pull->bus, pull->image_unit, &image, error);
		if (r == 0)
			r = bus_unit_progress(pull->bus, pull->download_unit, &download, error);
		if (r < 0)
			return r;
		const struct unit_progress *at = download.busy ? &download : &image;
		progress_show(
			progress, "%s: %s", pull->name, at->status[0] ? at->status : "waiting");
		if (progress_interrupted())
			return cancel(pull, error);
		if (!image.busy && !download.busy)
			return 0;
		usleep(POLL_INTERVAL_USEC);
	}
}

/* The unit that failed says why. */
static int explain_failure(const struct pull *pull, struct error *error)
{
	const char *const units[] = {pull->download_unit, pull->image_unit};
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		struct unit_progress unit;
		int r = bus_unit_progress(pull->bus, units[i], &unit, error);
		if (r < 0)
			return r;
		if (strcmp(unit.result, "success") != 0)
			return error_set(error, EIO, "%s: %s (journalctl -u %s)", pull->name,
				unit.status[0] ? unit.status : unit.result, units[i]);
	}
	return error_set(error, EIO, "%s did not make the image: systemctl status %s",
		pull->image_unit, pull->image_unit);
}

static int pull_one(struct view *view, struct sd_bus *bus, const char *name,
	struct progress *progress, struct error *error)
{
	struct pull pull = {.bus = bus, .name = name};
	snprintf(pull.image_unit, UNIT_BYTES, "vm-image@%s.service", name);
	snprintf(pull.download_unit, UNIT_BYTES, "vm-download@%s.service", name);
	const char *path = current_path(view, name);
	if (!path)
		return error_set(error, ENOMEM, "not enough memory");
	if (access(path, F_OK) == 0) {
		printf("%s is there: %s\n", name, path);
		return 0;
	}
	bus_unit_reset_failed(bus, pull.download_unit, error);
	bus_unit_reset_failed(bus, pull.image_unit, error);
	int r = bus_unit_start(bus, pull.image_unit, error);
	if (r == 0)
		r = wait_for_image(&pull, progress, error);
	progress_clear(progress);
	if (r < 0)
		return r;
	if (access(path, F_OK) < 0)
		return explain_failure(&pull, error);
	printf("%s: %s\n", name, path);
	return 0;
}

static bool check_image(const struct view *view, const char *name)
{
	const struct documents *documents = &view->collection.documents;
	const struct document *document = documents_find(documents, KIND_IMAGE, name);
	struct buf text CLEANUP(buf_done) = {0};
	if (document && !document->broken)
		return true;
	if (document)
		diag_write_line(&view->collection.diags.items[document->first_diag], &text);
	else
		report_write_unknown(documents, KIND_IMAGE, name, &text);
	log_line(view->log, LOG_LEVEL_ERROR, "%s", buf_text(&text));
	return false;
}

static int run_pull(struct view *view, int argc, char **argv)
{
	struct sd_bus *bus CLEANUP(bus_close) = NULL;
	struct error error = {""};
	if (argc == 0 || argv[0][0] == '-')
		return VERB_USAGE;
	if (open_view(view) < 0)
		return 1;
	int code = 0;
	int r = bus_open(&bus, &error);
	if (r < 0) {
		log_line(view->log, LOG_LEVEL_ERROR, "%s", error.message);
		return 1;
	}
	struct progress progress = progress_begin();
	for (int i = 0; i < argc && !progress_interrupted(); i++) {
		if (!check_image(view, argv[i])) {
			code = 1;
		} else if (pull_one(view, bus, argv[i], &progress, &error) < 0) {
			log_line(view->log, LOG_LEVEL_ERROR, "%s", error.message);
			code = 1;
		}
	}
	return code;
}

/* --- rm and gc ----------------------------------------------------------------------------- */

/* The spec that names a file, for a disk that is to be made yet. */
static const char *find_spec(struct view *view, const struct stored_image *image)
{
	const struct documents *documents = &view->collection.documents;
	for (size_t i = 0; image->name && i < documents->count; i++) {
		const struct document *document = documents->items[i];
		const struct vm *vm = document->kind == KIND_VM ? document->vm : NULL;
		for (size_t j = 0; vm && !document->broken && j < vm->disks.count; j++) {
			const char *named = vm_disk(vm, j)->image;
			const char *path = named ? current_path(view, named) : NULL;
			if (path && strcmp(path, image->path) == 0)
				return document->name;
		}
	}
	return NULL;
}

static int remove_file(const struct view *view, const struct stored_image *image, bool dry_run,
	struct error *error)
{
	int r = dry_run ? 0 : image_store_remove(image, error);
	if (r == 0)
		printf("%s %s\n", dry_run ? "would remove" : "removed", image->path);
	else
		log_line(view->log, LOG_LEVEL_ERROR, "%s", error->message);
	return r;
}

static bool may_remove(struct view *view, const struct stored_image *image)
{
	struct buf users CLEANUP(buf_done) = {0};
	const char *spec = find_spec(view, image);
	write_users(&image->users, &users);
	if (users.length)
		log_line(view->log, LOG_LEVEL_ERROR, "%s is needed by %s", image->path,
			buf_text(&users));
	else if (spec)
		log_line(view->log, LOG_LEVEL_ERROR, "%s is needed by the spec of %s", image->path,
			spec);
	return !users.length && !spec;
}

/* All files of an image, or none. */
static int run_rm(struct view *view, int argc, char **argv)
{
	struct error error;
	if (argc != 1 || argv[0][0] == '-')
		return VERB_USAGE;
	int lock AUTO_CLOSE = image_store_lock(&error);
	if (lock < 0) {
		log_line(view->log, LOG_LEVEL_ERROR, "%s", error.message);
		return 1;
	}
	if (open_view(view) < 0)
		return 1;
	size_t found = 0;
	bool free = true;
	for (size_t i = 0; i < view->store.count; i++) {
		const struct stored_image *image = &view->store.items[i];
		if (!image->name || strcmp(image->name, argv[0]) != 0)
			continue;
		found++;
		free &= may_remove(view, image);
	}
	if (!found)
		log_line(view->log, LOG_LEVEL_ERROR, "no file of image %s is in " PLAN_IMAGE_ROOT,
			argv[0]);
	if (!found || !free)
		return 1;
	for (size_t i = 0; i < view->store.count; i++) {
		const struct stored_image *image = &view->store.items[i];
		if (image->name && strcmp(image->name, argv[0]) == 0 &&
			remove_file(view, image, false, &error) < 0)
			return 1;
	}
	return 0;
}

/* An image that a document describes is there to be used; one that was put there by hand is not
 * ours to judge. */
static bool is_garbage(struct view *view, const struct stored_image *image)
{
	if (image->users.count || find_spec(view, image))
		return false;
	const char *state = file_state(view, image);
	if (strcmp(state, "shared") == 0)
		return true;
	size_t length = strlen(PLAN_IMAGE_ROOT "/") + strlen(image->name) + strlen(".qcow2");
	return strcmp(state, "old") == 0 && strlen(image->path) > length;
}

/* A file that nothing needs may be what kept another one. */
static int run_gc(struct view *view, int argc, char **argv)
{
	struct error error;
	bool dry_run = argc == 1 && strcmp(argv[0], "--dry-run") == 0;
	if (argc && !dry_run)
		return VERB_USAGE;
	int lock AUTO_CLOSE = image_store_lock(&error);
	if (lock < 0) {
		log_line(view->log, LOG_LEVEL_ERROR, "%s", error.message);
		return 1;
	}
	for (bool again = true; again;) {
		again = false;
		collection_done(&view->collection);
		view->count = 0;
		if (open_view(view) < 0)
			return 1;
		for (size_t i = 0; i < view->store.count; i++) {
			if (!is_garbage(view, &view->store.items[i]))
				continue;
			if (remove_file(view, &view->store.items[i], dry_run, &error) < 0)
				return 1;
			again = !dry_run;
		}
	}
	return 0;
}

int verb_image(const struct log *log, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct view *view, int argc, char **argv);
	} actions[] = {
		{"list", run_list},
		{"pull", run_pull},
		{"rm", run_rm},
		{"gc", run_gc},
	};
	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(actions); i++) {
		if (strcmp(argv[1], actions[i].name) != 0)
			continue;
		struct view view = {.log = log};
		int code = actions[i].run(&view, argc - 2, argv + 2);
		collection_done(&view.collection);
		return code;
	}
	return VERB_USAGE;
}
