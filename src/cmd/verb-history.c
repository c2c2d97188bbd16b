/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs of the versions that were accepted: history and rollback. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "cmd/accepted.h"
#include "cmd/table.h"
#include "cmd/verbs.h"
#include "spec/change.h"
#include "spec/resolved.h"
#include "spec/scalar.h"

#define DATE_BYTES 32

/* --- history ------------------------------------------------------------------------------- */

struct history {
	struct arena arena;
	const char *vm;
	struct accepted_versions versions;
	const char **summaries; /* what each changed */
	uint64_t in_force;	/* 0: the newest, or none */
};

static void write_date(uint64_t usec, char text[DATE_BYTES])
{
	time_t time = (time_t)(usec / USEC_SECOND);
	struct tm parts;
	localtime_r(&time, &parts);
	strftime(text, DATE_BYTES, "%Y-%m-%d %H:%M:%S", &parts);
}

static const char *summarise(struct history *history, const struct changes *changes)
{
	struct buf text CLEANUP(buf_done) = {0};
	for (size_t i = 0; i < changes->count; i++)
		buf_printf(&text, "%s%s", i ? ", " : "", changes->items[i].path);
	return arena_dup(&history->arena, buf_text(&text), text.length);
}

/* What a version changed of the one before. */
static const char *compare(struct history *history, uint64_t before, uint64_t after)
{
	struct resolved_plan old;
	struct resolved_plan new;
	struct changes changes;
	struct error ignored;
	const char *text = NULL;
	int r = accepted_read(&old, history->vm, before, &ignored);
	int s = accepted_read(&new, history->vm, after, &ignored);
	if (r == 0 && s == 0 &&
		changes_find(&history->arena, &vm_table, resolved_plan_document(&old)->vm,
			new.plan.vm, &changes) == 0)
		text = changes.count ? summarise(history, &changes) : "what it refers to";
	resolved_plan_done(&old);
	resolved_plan_done(&new);
	return text ? text : "?";
}

static void write_cell(const void *context, size_t index, int column, struct buf *buf)
{
	const struct history *history = context;
	const struct accepted_version *version = &history->versions.items[index];
	char date[DATE_BYTES];
	switch (column) {
	case 0:
		buf_printf(buf, "%" PRIu64, version->number);
		break;
	case 1:
		write_date(version->usec, date);
		buf_puts(buf, date);
		break;
	case 2:
		if (history->in_force == version->number)
			buf_puts(buf, "in force");
		break;
	default:
		buf_puts(buf, history->summaries[index]);
		break;
	}
}

static int print_json(const struct history *history)
{
	json_t *list = json_array();
	for (size_t i = 0; i < history->versions.count; i++) {
		const struct accepted_version *version = &history->versions.items[i];
		json_array_append_new(list,
			json_pack("{s:I, s:I, s:b, s:s}", "version", (json_int_t)version->number,
				"accepted-usec", (json_int_t)version->usec, "in-force",
				history->in_force == version->number, "changed",
				history->summaries[i]));
	}
	char *text AUTO_FREE = json_dumps(list, JSON_INDENT(2));
	json_decref(list);
	return text && puts(text) >= 0 ? 0 : 1;
}

static int print_table(const struct history *history)
{
	static const char *const titles[] = {"VERSION", "ACCEPTED", "STATE", "CHANGED"};
	const struct table table = {
		.titles = titles,
		.columns = ARRAY_SIZE(titles),
		.rows = history->versions.count,
		.cell = write_cell,
		.context = history,
	};
	table_print(&table);
	return 0;
}

/* The version that counts in place of the spec, if one does; else the newest, if that is the spec.
 */
static uint64_t version_in_force(const struct collection *collection, const struct history *history)
{
	const struct member *member = set_find(&collection->set, history->vm);
	struct buf spec CLEANUP(buf_done) = {0};
	if (!member || !member->in_force)
		return 0;
	if (member->version)
		return member->version;
	resolved_write(member->documents, member->in_force, false, &spec);
	return history->versions.count && accepted_is_newest(history->vm, &spec)
		       ? history->versions.items[history->versions.count - 1].number
		       : 0;
}

static int read_history(struct history *history, struct error *error)
{
	struct collection collection;
	int r = accepted_list(&history->arena, history->vm, &history->versions, error);
	if (r < 0)
		return r;
	history->summaries = arena_alloc(
		&history->arena, (history->versions.count + 1) * sizeof(*history->summaries));
	if (!history->summaries)
		return error_set(error, ENOMEM, "not enough memory");
	for (size_t i = 0; i < history->versions.count; i++) {
		const struct accepted_version *items = history->versions.items;
		history->summaries[i] =
			i ? compare(history, items[i - 1].number, items[i].number) : "";
	}
	r = collect_directories(&collection);
	if (r == 0)
		r = accepted_put_in_force(&collection);
	if (r == 0)
		history->in_force = version_in_force(&collection, history);
	collection_done(&collection);
	return r < 0 ? error_set_errno(error, -r, "cannot read the specs") : 0;
}

int verb_history(const struct log *log, int argc, char **argv)
{
	bool json = argc == 3 && strcmp(argv[2], "--json") == 0;
	struct history history = {0};
	struct error error;
	if ((argc != 2 && !json) || argv[1][0] == '-')
		return VERB_USAGE;
	history.vm = vm_argument(log, argv[1]);
	if (!history.vm)
		return 1;
	int code = 1;
	if (read_history(&history, &error) < 0)
		log_line(log, LOG_LEVEL_ERROR, "%s", error.message);
	else
		code = json ? print_json(&history) : print_table(&history);
	arena_done(&history.arena);
	return code;
}

/* --- rollback ------------------------------------------------------------------------------ */

/* The version before the one that counts. */
static int choose(const struct accepted_versions *versions, const struct member *member,
	const char *word, uint64_t *ret_number, struct error *error)
{
	uint64_t number = 0;
	uint64_t now = member->version;
	if (word && scalar_parse_count(word, &number) < 0)
		return error_set(error, EINVAL, "'%s' is not the number of a version", word);
	if (!now && versions->count)
		now = versions->items[versions->count - 1].number;
	uint64_t before = 0;
	bool there = false;
	for (size_t i = 0; i < versions->count; i++) {
		if (versions->items[i].number < now)
			before = versions->items[i].number;
		there |= versions->items[i].number == number;
	}
	if (!word)
		number = before;
	if (word ? !there : !before)
		return error_set(error, ENOENT, "VM %s has no %s; see 'vmlet history %s'",
			member->document->name, word ? "such version" : "earlier version",
			member->document->name);
	*ret_number = number;
	return 0;
}

static int roll_back(struct collection *collection, const char *vm, const char *word,
	uint64_t *ret_number, struct error *error)
{
	struct accepted_versions versions;
	struct buf spec CLEANUP(buf_done) = {0};
	const struct member *member = set_find(&collection->set, vm);
	if (!member)
		return error_set(error, ENOENT, "no spec named %s", vm);
	if (member->document->broken)
		return error_set(error, EINVAL,
			"the spec of %s has errors, and version %" PRIu64
			" is in force: see 'vmlet check'",
			vm, member->version);
	int r = accepted_list(&collection->arena, vm, &versions, error);
	if (r == 0)
		r = choose(&versions, member, word, ret_number, error);
	if (r < 0)
		return r;
	resolved_write(&collection->documents, member->document, false, &spec);
	if (buf_error(&spec) < 0)
		return error_set(error, ENOMEM, "not enough memory");
	/* To the newest, which is the spec: that counts again. */
	bool forward = *ret_number == versions.items[versions.count - 1].number &&
		       accepted_is_newest(vm, &spec);
	return forward ? accepted_roll_forward(vm, error)
		       : accepted_roll_back(vm, *ret_number, &spec, error);
}

int verb_rollback(const struct log *log, int argc, char **argv)
{
	struct collection collection;
	struct error error;
	uint64_t number = 0;
	if (argc < 2 || argc > 3 || argv[1][0] == '-')
		return VERB_USAGE;
	const char *vm = vm_argument(log, argv[1]);
	if (!vm)
		return 1;
	int r = collect_directories(&collection);
	if (r == 0)
		r = accepted_put_in_force(&collection);
	if (r < 0)
		error_set_errno(&error, -r, "cannot read the specs");
	else
		r = roll_back(&collection, vm, argc > 2 ? argv[2] : NULL, &number, &error);
	collection_done(&collection);
	if (r < 0) {
		log_line(log, LOG_LEVEL_ERROR, "%s", error.message);
		return 1;
	}
	printf("%s: version %" PRIu64 " counts until its spec changes\n", vm, number);
	char apply[] = "apply";
	char *arguments[] = {apply, argv[1], NULL};
	return verb_apply(log, 2, arguments);
}
