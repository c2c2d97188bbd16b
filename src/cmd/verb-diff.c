/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cmd/apply-report.h"
#include "cmd/verbs.h"

struct options {
	bool json;
	bool exit_code;
	bool unit;
};

static bool take_options(struct options *options, int *argc, char **argv)
{
	int kept = 1;
	for (int i = 1; i < *argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			options->json = true;
		else if (strcmp(argv[i], "--exit-code") == 0)
			options->exit_code = true;
		else if (argv[i][0] == '-')
			return false;
		else
			argv[kept++] = argv[i];
	}
	*argc = kept;
	return true;
}

int verb_diff(const struct log *log, int argc, char **argv)
{
	struct options options = {0};
	struct error error;
	struct steps steps;
	if (!take_options(&options, &argc, argv))
		return EXIT_USAGE;
	int r = steps_read(&steps, argv + 1, (size_t)argc - 1, &error);
	if (r < 0)
		log_line(log, LOG_LEVEL_ERROR, "%s", error.message);
	else if (options.json)
		apply_report_json(&steps, true);
	else
		apply_report_changes(&steps);
	int code = r < 0 ? 1 : options.exit_code && apply_report_count(&steps) ? 2 : 0;
	steps_done(&steps);
	return code;
}
