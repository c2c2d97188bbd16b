/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "base/install.h"
#include "cmd/report.h"
#include "cmd/verbs.h"
#include "emit/dropin.h"
#include "emit/qemu.h"
#include "spec/resolved.h"

/* Where systemd has generators write (systemd.generator(7)). */
#define GENERATOR_OUTPUT "/run/systemd/generator"

static int write_argv(const struct plan *plan, struct arena *arena, struct buf *buf)
{
	struct options options = {.arena = arena};
	qemu_emit(plan, &options);
	buf_puts(buf, INSTALL_QEMU "\n");
	for (size_t i = 0; i < options.count; i++) {
		buf_printf(buf, "%s\n", options.items[i].flag);
		if (options.items[i].value)
			buf_printf(buf, "%s\n", options.items[i].value);
	}
	return options.failed ? -ENOMEM : 0;
}

struct view {
	char *name; /* of the VM */
	const char *what;
	bool origins;
};

static int write_view(const struct set *set, const struct member *member, const struct view *view,
	struct arena *arena, struct buf *buf)
{
	int r = 0;
	if (strcmp(view->what, "--unit") == 0)
		r = dropin_emit(&member->plan, member->document->source->file, GENERATOR_OUTPUT,
			arena, buf);
	else if (strcmp(view->what, "--argv") == 0)
		r = write_argv(&member->plan, arena, buf);
	else
		resolved_write(set->documents, member->document, view->origins, buf);
	return r < 0 ? r : buf_error(buf);
}

/* Returns whether the arguments are well. */
static bool read_arguments(int argc, char **argv, struct view *view)
{
	*view = (struct view){0};
	for (int i = 1; i < argc; i++) {
		const char *argument = argv[i];
		if (strcmp(argument, "--unit") == 0 || strcmp(argument, "--argv") == 0 ||
			strcmp(argument, "--resolved") == 0)
			view->what = argument;
		else if (strcmp(argument, "--origin") == 0)
			view->origins = true;
		else if (argument[0] == '-' || view->name)
			return false;
		else
			view->name = argv[i];
	}
	if (!view->what)
		view->what = view->origins ? "--resolved" : "--unit";
	return view->name && (!view->origins || strcmp(view->what, "--resolved") == 0);
}

static int explain_absence(
	const struct log *log, struct collection *collection, const struct view *view)
{
	const struct report report = {0};
	struct buf text CLEANUP(buf_done) = {0};
	if (set_find(&collection->set, view->name)) {
		report_diags(&report, collection, &view->name, 1);
		return 1;
	}
	report_write_unknown(&collection->documents, KIND_VM, view->name, &text);
	log_line(log, LOG_LEVEL_ERROR, "%s", buf_text(&text));
	return 1;
}

int verb_show(const struct log *log, int argc, char **argv)
{
	struct view view;
	if (!read_arguments(argc, argv, &view))
		return VERB_USAGE;
	struct collection collection CLEANUP(collection_done);
	struct buf text CLEANUP(buf_done) = {0};
	int r = collect_directories(&collection);
	const struct member *member = r < 0 ? NULL : set_find(&collection.set, view.name);
	if (r == 0 && (!member || member->document->broken))
		return explain_absence(log, &collection, &view);
	if (r == 0)
		r = write_view(&collection.set, member, &view, &collection.arena, &text);
	if (r < 0) {
		log_line(log, LOG_LEVEL_ERROR, "cannot show %s: %s", view.name, strerror(-r));
		return 1;
	}
	fputs(buf_text(&text), stdout);
	return 0;
}
