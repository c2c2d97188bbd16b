/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "cmd/verbs.h"
#include "emit/reference.h"

static int print(const struct log *log, const struct buf *text)
{
	if (buf_error(text) < 0) {
		log_line(log, LOG_LEVEL_ERROR, "out of memory");
		return 1;
	}
	fputs(buf_text(text), stdout);
	return 0;
}

static int explain_key(const struct log *log, enum kind kind, const char *path)
{
	struct buf text CLEANUP(buf_done) = {0};
	if (reference_write_key(kind, path, &text) == 0)
		return print(log, &text);
	log_line(log, LOG_LEVEL_ERROR, "there is no key '%s' in kind %s%s%s", path,
		choice_name(&kind_names, (int)kind), text.length ? ": " : "", buf_text(&text));
	return 1;
}

int verb_explain(const struct log *log, int argc, char **argv)
{
	struct buf text CLEANUP(buf_done) = {0};
	enum kind kind = KIND_VM;
	bool paths = false;
	int first = 1;
	if (argc == 2 && strcmp(argv[1], "--markdown") == 0) {
		reference_write_markdown(&text);
		return print(log, &text);
	}
	if (argc == 2 && strcmp(argv[1], "--mdoc") == 0) {
		reference_write_mdoc(&text);
		return print(log, &text);
	}
	if (argc > first && strcmp(argv[first], "--keys") == 0) {
		paths = true;
		first++;
	}
	int given = argc > first ? choice_parse(&kind_names, argv[first]) : -1;
	if (given >= 0) {
		kind = (enum kind)given;
		first++;
	}
	if (argc > first + 1 || (argc > first && (paths || argv[first][0] == '-')))
		return VERB_USAGE;
	if (argc > first)
		return explain_key(log, kind, argv[first]);
	if (paths)
		reference_write_paths(kind, &text);
	else
		reference_write_list(kind, &text);
	return print(log, &text);
}
