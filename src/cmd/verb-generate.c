/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "cmd/generate.h"
#include "cmd/report.h"
#include "cmd/verbs.h"
#include "host/running.h"

int verb_generate(const struct log *log, int argc, char **argv)
{
	if (argc != 2 || argv[1][0] == '-')
		return VERB_USAGE;
	struct collection collection CLEANUP(collection_done);
	struct error error;
	struct strings running = {0};
	int r = collect_directories(&collection);
	if (r == 0)
		r = running_list(&collection.arena, &running);
	if (r < 0) {
		log_line(log, LOG_LEVEL_ERROR, "cannot read the specs: %s", strerror(-r));
		return 1;
	}
	const struct report report_options = {0};
	report_diags(&report_options, &collection, NULL, 0);
	r = generate(&collection.set, &running, argv[1], argv[1], &error);
	if (r < 0)
		log_line(log, LOG_LEVEL_ERROR, "%s", error.message);
	return r < 0 || collection.diags.errors > 0;
}
