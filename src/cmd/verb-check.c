/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "cmd/report.h"
#include "cmd/verbs.h"
#include "host/facts.h"

#define BARRIER_TIMEOUT_USEC UINT64_C(5000000)

static int cannot_read(const struct log *log, int r)
{
	log_line(log, LOG_LEVEL_ERROR, "cannot read the specs: %s", strerror(-r));
	return 1;
}

/* Returns how many of these VMs there are not. */
static int tell_unknown(
	const struct log *log, const struct set *set, char *const *names, size_t count)
{
	int unknown = 0;
	for (size_t i = 0; i < count; i++) {
		if (set_find(set, names[i]))
			continue;
		struct buf text CLEANUP(buf_done) = {0};
		report_write_unknown(set->documents, KIND_VM, names[i], &text);
		log_line(log, LOG_LEVEL_ERROR, "%s", buf_text(&text));
		unknown++;
	}
	return unknown;
}

/* With names, those VMs only. */
static int warn(struct collection *collection, char *const *names, size_t count)
{
	const struct host_facts facts = facts_gather();
	const struct set *set = &collection->set;
	int r = 0;
	for (size_t i = 0; r == 0 && i < (count ? count : set->count); i++) {
		const struct member *member = count ? set_find(set, names[i]) : &set->items[i];
		if (member)
			r = warnings_check(member, &facts, &collection->diags);
	}
	return r;
}

static int check(const struct log *log, const struct report *report, struct collection *collection,
	char *const *names, size_t count)
{
	int unknown = tell_unknown(log, &collection->set, names, count);
	int r = warn(collection, names, count);
	if (r == 0)
		r = report_diags(report, collection, names, count);
	if (r < 0)
		return cannot_read(log, r);
	if (r && !report->json)
		fprintf(stderr, "%d error%s\n", r, r == 1 ? "" : "s");
	return r || unknown;
}

/* --- in the place of what cannot start ----------------------------------------------------- */

/* Why it cannot be started, in one line. */
static void write_reason(
	const struct collection *collection, enum kind kind, const char *name, struct buf *buf)
{
	const struct document *document = documents_find(&collection->documents, kind, name);
	const char *what = kind == KIND_VM ? "" : choice_name(&kind_names, (int)kind);
	if (!document)
		report_write_unknown(&collection->documents, kind, name, buf);
	else if (document->broken)
		diag_write_line(&collection->diags.items[document->first_diag], buf);
	else
		buf_printf(buf,
			"the spec of %s%s%s is good now: run 'systemctl daemon-reload' and start "
			"it again",
			what, *what ? " " : "", name);
}

/* What the unit of a VM, network or image without a usable spec runs: it says why, to the journal
 * and as the unit's status, and always fails. */
static int explain_start(const struct log *log, enum kind kind, char *name)
{
	if (!scalar_is_name(name, NAME_LENGTH_MAX)) {
		log_line(log, LOG_LEVEL_ERROR, "'%s' cannot be the name of a VM", name);
		return 1;
	}
	struct collection collection CLEANUP(collection_done);
	struct buf reason CLEANUP(buf_done) = {0};
	const struct report report = {0};
	int r = collect_directories(&collection);
	if (r < 0)
		return cannot_read(log, r);
	write_reason(&collection, kind, name, &reason);
	const struct document *document = documents_find(&collection.documents, kind, name);
	if (kind == KIND_VM && document && document->broken)
		report_diags(&report, &collection, &name, 1);
	else
		log_line(log, LOG_LEVEL_ERROR, "%s", buf_text(&reason));
	sd_notifyf(0, "STATUS=%s", buf_text(&reason));
	/* Who is gone when they are read, systemd and the journal cannot tell whose words they
	 * were. */
	sd_notify_barrier(0, BARRIER_TIMEOUT_USEC);
	return 1;
}

/* A file has a dot or a slash in its name: what a word means must not depend on where one stands.
 */
static bool is_name(const char *argument)
{
	return scalar_is_name(argument, NAME_LENGTH_MAX);
}

/* A file that is to replace a spec, judged among the others. */
static int check_as(
	const struct log *log, const struct report *report, const char *name, const char *path)
{
	struct collection collection CLEANUP(collection_done);
	if (!is_name(name)) {
		log_line(log, LOG_LEVEL_ERROR, "'%s' cannot be the name of a spec", name);
		return VERB_USAGE;
	}
	int r = collect_as(&collection, path, name);
	return r < 0 ? cannot_read(log, r) : check(log, report, &collection, NULL, 0);
}

int verb_check(const struct log *log, int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--start") == 0)
		return explain_start(log, KIND_VM, argv[2]);
	if (argc == 3 && strcmp(argv[1], "--start-network") == 0)
		return explain_start(log, KIND_NETWORK, argv[2]);
	if (argc == 3 && strcmp(argv[1], "--start-image") == 0)
		return explain_start(log, KIND_IMAGE, argv[2]);
	struct report report = {0};
	int first = 1;
	for (; first < argc && strncmp(argv[first], "--", 2) == 0; first++) {
		if (strcmp(argv[first], "--json") == 0)
			report.json = true;
		else if (strcmp(argv[first], "--strict") == 0)
			report.strict = true;
		else if (strcmp(argv[first], "--as") == 0 && first + 3 == argc)
			return check_as(log, &report, argv[first + 1], argv[first + 2]);
		else
			return VERB_USAGE;
	}
	char *const *arguments = argv + first;
	size_t count = (size_t)(argc - first);
	size_t names = 0;
	for (size_t i = 0; i < count; i++) {
		if (arguments[i][0] == '-' && arguments[i][1])
			return VERB_USAGE;
		names += is_name(arguments[i]);
	}
	if (names && names < count) {
		log_line(log, LOG_LEVEL_ERROR, "give names or files, not both");
		return VERB_USAGE;
	}
	struct collection collection CLEANUP(collection_done);
	bool files = count && !names;
	int r = files ? collect_files(&collection, arguments, count)
		      : collect_directories(&collection);
	if (r < 0)
		return cannot_read(log, r);
	return check(log, &report, &collection, arguments, names);
}
