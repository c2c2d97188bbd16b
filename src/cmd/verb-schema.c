/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/macros.h"
#include "cmd/verbs.h"
#include "emit/schema.h"

int verb_schema(const struct log *log, int argc, char **argv)
{
	(void)argv;
	if (argc != 1)
		return VERB_USAGE;
	char *text AUTO_FREE = schema_write();
	if (!text) {
		log_line(log, LOG_LEVEL_ERROR, "cannot write the schema: out of memory");
		return 1;
	}
	fputs(text, stdout);
	return 0;
}
