/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "base/install.h"
#include "cmd/collect.h"
#include "cmd/verbs.h"
#include "emit/dropin.h"
#include "emit/qemu.h"
#include "spec/encode.h"

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

static int write_view(
	const struct member *member, const char *view, struct arena *arena, struct buf *buf)
{
	int r = 0;
	if (strcmp(view, "--unit") == 0)
		r = dropin_emit(&member->plan, member->source->file, GENERATOR_OUTPUT, arena, buf);
	else if (strcmp(view, "--argv") == 0)
		r = write_argv(&member->plan, arena, buf);
	else
		encode_mapping(&vm_table, &member->loaded->vm, buf);
	return r < 0 ? r : buf_error(buf);
}

int verb_show(const struct log *log, int argc, char **argv)
{
	const char *view = "--unit";
	char *name = NULL;
	for (int i = 1; i < argc; i++) {
		bool known = strcmp(argv[i], "--unit") == 0 || strcmp(argv[i], "--argv") == 0 ||
			     strcmp(argv[i], "--resolved") == 0;
		if (known)
			view = argv[i];
		else if (argv[i][0] == '-' || name)
			return EXIT_USAGE;
		else
			name = argv[i];
	}
	if (!name)
		return EXIT_USAGE;
	struct collection collection CLEANUP(collection_done);
	struct buf text CLEANUP(buf_done) = {0};
	int r = collect_directories(&collection);
	const struct member *member = r < 0 ? NULL : set_find(&collection.set, name);
	if (r == 0 && (!member || member->loaded->broken)) {
		char *check[] = {argv[0], name};
		return verb_check(log, 2, check);
	}
	if (r == 0)
		r = write_view(member, view, &collection.arena, &text);
	if (r < 0) {
		log_line(log, LOG_LEVEL_ERROR, "cannot show %s: %s", name, strerror(-r));
		return 1;
	}
	fputs(buf_text(&text), stdout);
	return 0;
}
