/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs of vmlet: each takes its own arguments, argv[0] being the verb, and returns the exit
 * code: 0 done, 1 failed, 2 called wrongly. */
#pragma once

#include "base/log.h"

struct verb {
	const char *name;
	const char *arguments;
	const char *summary;
	const char *details; /* options, or NULL */
	int (*run)(const struct log *log, int argc, char **argv);
};

int verb_apply(const struct log *log, int argc, char **argv);
int verb_backup(const struct log *log, int argc, char **argv);
int verb_check(const struct log *log, int argc, char **argv);
int verb_clone(const struct log *log, int argc, char **argv);
int verb_console(const struct log *log, int argc, char **argv);
int verb_control(const struct log *log, int argc, char **argv);
int verb_diff(const struct log *log, int argc, char **argv);
int verb_disk(const struct log *log, int argc, char **argv);
int verb_explain(const struct log *log, int argc, char **argv);
int verb_generate(const struct log *log, int argc, char **argv);
int verb_history(const struct log *log, int argc, char **argv);
int verb_image(const struct log *log, int argc, char **argv);
int verb_init(const struct log *log, int argc, char **argv);
int verb_list(const struct log *log, int argc, char **argv);
int verb_log(const struct log *log, int argc, char **argv);
int verb_metrics(const struct log *log, int argc, char **argv);
int verb_network(const struct log *log, int argc, char **argv);
int verb_restore(const struct log *log, int argc, char **argv);
int verb_rm(const struct log *log, int argc, char **argv);
int verb_rollback(const struct log *log, int argc, char **argv);
int verb_schema(const struct log *log, int argc, char **argv);
int verb_show(const struct log *log, int argc, char **argv);
int verb_snapshot(const struct log *log, int argc, char **argv);
int verb_status(const struct log *log, int argc, char **argv);
int verb_stop(const struct log *log, int argc, char **argv);
int verb_suspend(const struct log *log, int argc, char **argv);
int verb_top(const struct log *log, int argc, char **argv);

/* What verb_* return when their arguments are wrong: vmlet then prints the verb's usage, and exits
 * with EXIT_USAGE. The 2 of apply and diff is that something differs. */
#define VERB_USAGE (-1)
#define EXIT_USAGE 2

/* Whether to write colours to that stream: a terminal, and no $NO_COLOR (no-color.org). */
bool wants_colour(int fd);

/* Takes the VM's name, the only argument of a verb, out of argv. NULL when it is not a name. */
const char *vm_argument(const struct log *log, const char *argument);
