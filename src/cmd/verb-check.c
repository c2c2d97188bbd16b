/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "cmd/collect.h"
#include "cmd/verbs.h"

#define BARRIER_TIMEOUT_USEC UINT64_C(5000000)

static void print_diag(const struct diag *diag, bool colour)
{
	struct buf text CLEANUP(buf_done) = {0};
	diag_write_full(diag, colour, &text);
	fputs(buf_text(&text), stderr);
}

static void write_known(const char *name, const struct set *set, struct buf *buf)
{
	const char *separator = "";
	buf_printf(buf, "no spec named %s; known: ", name);
	for (size_t i = 0; i < set->count; i++) {
		const char *other = set->items[i].loaded->vm.name;
		if (!other)
			continue;
		buf_printf(buf, "%s%s", separator, other);
		separator = ", ";
	}
	if (!*separator)
		buf_puts(buf, "none");
}

/* Returns 0 when there is such a VM and it has no errors. */
static int check_name(const struct log *log, const struct collection *collection, const char *name)
{
	const struct member *member = set_find(&collection->set, name);
	if (!member) {
		struct buf text CLEANUP(buf_done) = {0};
		write_known(name, &collection->set, &text);
		log_line(log, LOG_LEVEL_ERROR, "%s", buf_text(&text));
		return 1;
	}
	for (size_t i = member->loaded->first_diag; i < member->loaded->end_diag; i++)
		print_diag(&collection->diags.items[i], wants_colour(STDERR_FILENO));
	return member->loaded->broken;
}

static int out_of_memory(const struct log *log, int r)
{
	log_line(log, LOG_LEVEL_ERROR, "cannot read the specs: %s", strerror(-r));
	return 1;
}

static int check_names(const struct log *log, int count, char **names)
{
	struct collection collection CLEANUP(collection_done);
	int r = collect_directories(&collection);
	if (r < 0)
		return out_of_memory(log, r);
	int failed = 0;
	for (int i = 0; i < count; i++)
		failed |= check_name(log, &collection, names[i]);
	return failed;
}

static int check_all(const struct log *log, int count, char **paths)
{
	struct collection collection CLEANUP(collection_done);
	int r = count ? collect_files(&collection, paths, (size_t)count)
		      : collect_directories(&collection);
	if (r < 0)
		return out_of_memory(log, r);
	for (size_t i = 0; i < collection.diags.count; i++)
		print_diag(&collection.diags.items[i], wants_colour(STDERR_FILENO));
	size_t errors = collection.diags.errors;
	if (errors)
		fprintf(stderr, "%zu error%s\n", errors, errors == 1 ? "" : "s");
	return errors > 0;
}

/* Why a VM cannot be started, in one line. */
static void write_reason(const struct collection *collection, const char *name, struct buf *buf)
{
	const struct member *member = set_find(&collection->set, name);
	if (!member)
		write_known(name, &collection->set, buf);
	else if (member->loaded->broken)
		diag_write_line(&collection->diags.items[member->loaded->first_diag], buf);
	else
		buf_printf(buf,
			"the spec of %s is good now: run 'systemctl daemon-reload' and start it "
			"again",
			name);
}

/* What the unit of a VM without a usable spec runs: it says why, to the journal and as the unit's
 * status, and always fails. */
static int explain_start(const struct log *log, const char *name)
{
	if (!scalar_is_name(name, NAME_LENGTH_MAX)) {
		log_line(log, LOG_LEVEL_ERROR, "'%s' cannot be the name of a VM", name);
		return 1;
	}
	struct collection collection CLEANUP(collection_done);
	struct buf reason CLEANUP(buf_done) = {0};
	int r = collect_directories(&collection);
	if (r < 0)
		return out_of_memory(log, r);
	write_reason(&collection, name, &reason);
	const struct member *member = set_find(&collection.set, name);
	if (member && member->loaded->broken)
		check_name(log, &collection, name);
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

int verb_check(const struct log *log, int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--start") == 0)
		return explain_start(log, argv[2]);
	int names = 0;
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-')
			return EXIT_USAGE;
		names += is_name(argv[i]);
	}
	if (names == 0)
		return check_all(log, argc - 1, argv + 1);
	if (names < argc - 1) {
		log_line(log, LOG_LEVEL_ERROR, "give names or files, not both");
		return EXIT_USAGE;
	}
	return check_names(log, argc - 1, argv + 1);
}
