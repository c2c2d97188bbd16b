/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "cmd/collect.h"
#include "cmd/verbs.h"

static void print_diag(const struct diag *diag, bool colour)
{
	struct buf text CLEANUP(buf_done) = {0};
	diag_write_full(diag, colour, &text);
	fputs(buf_text(&text), stderr);
}

static void print_known(const struct log *log, const char *name, const struct set *set)
{
	struct buf known CLEANUP(buf_done) = {0};
	for (size_t i = 0; i < set->count; i++) {
		const char *other = set->items[i].loaded->vm.name;
		if (other)
			buf_printf(&known, "%s%s", known.length ? ", " : "", other);
	}
	log_line(log, LOG_LEVEL_ERROR, "no spec named %s; known: %s", name,
		known.length ? buf_text(&known) : "none");
}

/* Returns 0 when there is such a VM and it has no errors. */
static int check_name(const struct log *log, const struct collection *collection, const char *name)
{
	const struct member *member = set_find(&collection->set, name);
	if (!member) {
		print_known(log, name, &collection->set);
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

/* What the unit of a VM without a usable spec runs: it says why, and always fails. */
static int explain_start(const struct log *log, const char *name)
{
	if (!scalar_is_name(name, NAME_LENGTH_MAX)) {
		log_line(log, LOG_LEVEL_ERROR, "'%s' cannot be the name of a VM", name);
		return 1;
	}
	char copy[NAME_LENGTH_MAX + 1];
	snprintf(copy, sizeof(copy), "%s", name);
	char *names[] = {copy};
	if (check_names(log, 1, names) == 0)
		log_line(log, LOG_LEVEL_ERROR,
			"the spec of %s is good now: run 'systemctl daemon-reload' and start it "
			"again",
			name);
	return 1;
}

static bool is_name(const char *argument)
{
	return scalar_is_name(argument, NAME_LENGTH_MAX) && access(argument, F_OK) < 0;
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
