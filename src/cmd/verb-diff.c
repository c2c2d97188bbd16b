/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/file.h"
#include "cmd/apply-report.h"
#include "cmd/generate.h"
#include "cmd/verbs.h"

/* Where systemd has generators write (systemd.generator(7)). */
#define GENERATOR_OUTPUT "/run/systemd/generator"

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
		else if (strcmp(argv[i], "--unit") == 0)
			options->unit = true;
		else if (argv[i][0] == '-')
			return false;
		else
			argv[kept++] = argv[i];
	}
	*argc = kept;
	return true;
}

/* --- units --------------------------------------------------------------------------------- */

static int make_file(const struct buf *text)
{
	int fd AUTO_CLOSE = memfd_create("unit", 0);
	if (fd < 0)
		return -errno;
	int r = file_write_all(fd, buf_text(text), text->length);
	return r < 0 ? r : TAKE_FD(fd);
}

/* diff(1) itself. Returns its exit code: 1 for a difference. */
static int run_diff(const char *unit, char *loaded, int fd)
{
	char label[128];
	char path[32];
	int status = 0;
	snprintf(label, sizeof(label), "%s", unit);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	char colour[] = "--color=always";
	char program[] = "diff";
	char options[] = "-uN";
	char label_option[] = "--label";
	char *argv[] = {program, options, label_option, label, label_option, label, colour, loaded,
		path, NULL};
	pid_t pid;
	if (!wants_colour(STDOUT_FILENO))
		snprintf(colour, sizeof(colour), "--color=never");
	int r = posix_spawnp(&pid, program, NULL, NULL, argv, environ);
	if (r != 0)
		return -r;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EIO;
}

/* What systemd has loaded of a VM's unit, against what its spec makes of it. */
static int compare_unit(struct steps *steps, const struct step *step)
{
	char unit[NAME_LENGTH_MAX + sizeof("vm@.service")];
	char loaded[PATH_MAX];
	struct buf text CLEANUP(buf_done) = {0};
	const struct member *member = step->member;
	if (!member || !member->in_force)
		return 0;
	snprintf(unit, sizeof(unit), "vm@%s.service", step->name);
	snprintf(loaded, sizeof(loaded), GENERATOR_OUTPUT "/%s.d/10-vmlet.conf", unit);
	int r = generate_text(member, GENERATOR_OUTPUT, &steps->arena, &text);
	int fd AUTO_CLOSE = r < 0 ? r : make_file(&text);
	return fd < 0 ? fd : run_diff(unit, loaded, fd);
}

static int compare_units(struct steps *steps, bool *ret_differ, struct error *error)
{
	for (size_t i = 0; i < steps->count; i++) {
		int r = compare_unit(steps, &steps->items[i]);
		if (r < 0 || r > 1)
			return error_set_errno(error, r < 0 ? -r : EIO,
				"cannot compare the unit of %s", steps->items[i].name);
		*ret_differ |= r == 1;
	}
	return 0;
}

int verb_diff(const struct log *log, int argc, char **argv)
{
	struct options options = {0};
	struct error error;
	struct steps steps;
	if (!take_options(&options, &argc, argv))
		return VERB_USAGE;
	bool differ = false;
	int r = steps_read(&steps, argv + 1, (size_t)argc - 1, &error);
	if (r == 0 && options.unit) {
		r = compare_units(&steps, &differ, &error);
	} else if (r == 0) {
		differ = apply_report_count(&steps) > 0;
		if (options.json)
			apply_report_json(&steps, true);
		else
			apply_report_changes(&steps);
	}
	if (r < 0)
		log_line(log, LOG_LEVEL_ERROR, "%s", error.message);
	steps_done(&steps);
	return r < 0 ? 1 : options.exit_code && differ ? 2 : 0;
}
