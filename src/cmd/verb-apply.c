/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cmd/accepted.h"
#include "cmd/apply-report.h"
#include "cmd/live-change.h"
#include "cmd/loaded.h"
#include "cmd/progress.h"
#include "cmd/quiet.h"
#include "cmd/report.h"
#include "cmd/stale.h"
#include "cmd/verbs.h"
#include "host/bus.h"
#include "host/running.h"

/* Where the lock is. */
#define DIRECTORY "/run/vmlet-apply"
#define POLL_INTERVAL_USEC 20000
#define EXIT_DIFFERS 2

struct apply {
	const struct log *log;
	bool all;
	bool dry_run;
	bool json;
	bool settle;
	bool if_changed;
	struct steps steps;
	struct sd_bus *bus;
	struct progress progress;
	bool failed;
	bool interrupted;
};

static bool take_options(struct apply *apply, int *argc, char **argv)
{
	int kept = 1;
	for (int i = 1; i < *argc; i++) {
		if (strcmp(argv[i], "--all") == 0)
			apply->all = true;
		else if (strcmp(argv[i], "--dry-run") == 0)
			apply->dry_run = true;
		else if (strcmp(argv[i], "--json") == 0)
			apply->json = true;
		else if (strcmp(argv[i], "--settle") == 0)
			apply->settle = true;
		else if (strcmp(argv[i], "--if-changed") == 0)
			apply->if_changed = true;
		else if (argv[i][0] == '-')
			return false;
		else
			argv[kept++] = argv[i];
	}
	*argc = kept;
	return apply->all == (kept == 1);
}

static int lock(int *ret_fd, struct error *error)
{
	if (mkdir(DIRECTORY, 0700) < 0 && errno != EEXIST)
		return error_set_errno(error, errno, "cannot make " DIRECTORY);
	int fd AUTO_CLOSE = open(DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return error_set_errno(error, errno, "cannot open " DIRECTORY);
	*ret_fd = file_lock_at(fd);
	return *ret_fd < 0 ? error_set_errno(error, -*ret_fd, "cannot lock " DIRECTORY) : 0;
}

/* --- systemd ------------------------------------------------------------------------------- */

static int reload(struct apply *apply, struct error *error)
{
	struct strings running;
	struct steps *steps = &apply->steps;
	if (running_list(&steps->arena, &running) < 0)
		return error_set(error, ENOMEM, "not enough memory");
	int r = loaded_differs(&steps->collection.set, &running, DIRECTORY, error);
	if (r <= 0)
		return r;
	progress_show(&apply->progress, "systemd reads the units");
	return bus_reload(apply->bus, error);
}

static void tell_problem(struct apply *apply, struct step *step, const struct error *error)
{
	apply->failed = true;
	step->problem = arena_dup(&apply->steps.arena, error->message, strlen(error->message));
	if (!step->problem)
		step->problem = "not enough memory";
}

/* A version that cannot be kept, for want of room as a rule, is no reason to leave the VMs as they
 * are. */
static void accept(struct apply *apply)
{
	struct steps *steps = &apply->steps;
	struct error error;
	for (size_t i = 0; i < steps->count; i++) {
		const struct step *step = &steps->items[i];
		if (!step->accept || step->refused)
			continue;
		int r = accepted_add(step->name, &step->spec, &error);
		if (r == 0)
			r = accepted_roll_forward(step->name, &error);
		if (r == 0)
			continue;
		apply->failed = true;
		log_line(apply->log, LOG_LEVEL_ERROR,
			"%s: %s; its last good spec stays the one before", step->name,
			error.message);
	}
}

static void unit_name(const char *vm, char unit[static NAME_LENGTH_MAX + sizeof("vm@.service")])
{
	snprintf(unit, NAME_LENGTH_MAX + sizeof("vm@.service"), "vm@%s.service", vm);
}

static int begin_job(struct apply *apply, const struct step *step, struct error *error)
{
	char unit[NAME_LENGTH_MAX + sizeof("vm@.service")];
	unit_name(step->name, unit);
	switch (step->action) {
	case ACTION_START:
		/* Whatever it failed of, its spec may mend. */
		if (step->failed)
			bus_unit_reset_failed(apply->bus, unit, error);
		return bus_unit_start(apply->bus, unit, error);
	case ACTION_RESTART:
		return bus_unit_restart(apply->bus, unit, error);
	case ACTION_STOP:
		return bus_unit_stop(apply->bus, unit, error);
	default:
		return 0;
	}
}

static bool is_job(const struct step *step)
{
	return step->action == ACTION_START || step->action == ACTION_RESTART ||
	       step->action == ACTION_STOP;
}

/* Whether it came to what was asked. */
static void judge_end(struct apply *apply, struct step *step, const char *result)
{
	char unit[NAME_LENGTH_MAX + sizeof("vm@.service")];
	struct unit_state state;
	struct error error;
	unit_name(step->name, unit);
	int r = bus_unit_state(apply->bus, unit, &state, &error);
	bool runs = r == 0 && strcmp(state.active, "active") == 0;
	if (r == 0 && runs == (step->action == ACTION_STOP)) {
		/* A guest may power itself off as soon as it is up. */
		if (step->action == ACTION_STOP || strcmp(result, "success") != 0)
			r = error_set(&error, EIO, "%s (%s): systemctl status %s", state.active,
				result, unit);
	}
	if (r < 0)
		tell_problem(apply, step, &error);
}

static bool has_ended(struct apply *apply, struct step *step)
{
	char unit[NAME_LENGTH_MAX + sizeof("vm@.service")];
	struct unit_progress now;
	struct error error;
	unit_name(step->name, unit);
	if (bus_unit_progress(apply->bus, unit, &now, &error) < 0) {
		tell_problem(apply, step, &error);
		return true;
	}
	if (now.busy)
		return false;
	judge_end(apply, step, now.result);
	return true;
}

static void report(const struct apply *apply, const struct step *step)
{
	if (!apply->json)
		apply_report_step(step, true);
}

/* All jobs are given at once, as systemd knows their order. */
static void run_jobs(struct apply *apply)
{
	struct steps *steps = &apply->steps;
	bool *waits = arena_alloc(&steps->arena, (steps->count + 1) * sizeof(*waits));
	struct error error;
	size_t left = 0;
	for (size_t i = 0; waits && i < steps->count; i++) {
		struct step *step = &steps->items[i];
		waits[i] = is_job(step) && begin_job(apply, step, &error) == 0;
		if (is_job(step) && !waits[i])
			tell_problem(apply, step, &error);
		left += waits[i];
	}
	size_t total = left;
	while (left && !progress_interrupted()) {
		progress_show(
			&apply->progress, "%zu of %zu VMs start, stop or restart", left, total);
		for (size_t i = 0; i < steps->count; i++) {
			if (!waits[i] || !has_ended(apply, &steps->items[i]))
				continue;
			waits[i] = false;
			left--;
			progress_clear(&apply->progress);
			report(apply, &steps->items[i]);
		}
		usleep(POLL_INTERVAL_USEC);
	}
	apply->interrupted |= left > 0;
	apply->failed |= left > 0 || !waits;
}

static void restart_networks(struct apply *apply)
{
	struct steps *steps = &apply->steps;
	struct strings units = {0};
	struct error error;
	int r = stale_units(&steps->arena, apply->bus, &steps->collection.set, &units, &error);
	for (size_t i = 0; r == 0 && i < units.count; i++) {
		struct unit_progress now = {.busy = true};
		r = bus_unit_restart(apply->bus, units.items[i], &error);
		while (r == 0 && now.busy) {
			progress_show(&apply->progress, "%s starts again", units.items[i]);
			usleep(POLL_INTERVAL_USEC);
			r = bus_unit_progress(apply->bus, units.items[i], &now, &error);
		}
		progress_clear(&apply->progress);
		if (r == 0 && strcmp(now.result, "success") != 0)
			r = error_set(&error, EIO, "%s fails (%s): systemctl status %s",
				units.items[i], now.result, units.items[i]);
		if (r == 0 && !apply->json)
			printf("%s: restarted\n", units.items[i]);
	}
	if (r == 0)
		return;
	apply->failed = true;
	log_line(apply->log, LOG_LEVEL_ERROR, "%s", error.message);
}

static void change_live(struct apply *apply)
{
	struct steps *steps = &apply->steps;
	for (size_t i = 0; i < steps->count && !progress_interrupted(); i++) {
		struct step *step = &steps->items[i];
		struct error error;
		if (step->action != ACTION_CHANGE)
			continue;
		progress_show(&apply->progress, "%s changes while it runs", step->name);
		if (live_changes_make(steps, step, &error) < 0)
			tell_problem(apply, step, &error);
		progress_clear(&apply->progress);
		report(apply, step);
	}
}

/* --- one run ------------------------------------------------------------------------------- */

static void carry_out(struct apply *apply, struct error *error)
{
	struct steps *steps = &apply->steps;
	int r = bus_open(&apply->bus, error);
	if (r == 0) {
		accept(apply);
		r = reload(apply, error);
	}
	progress_clear(&apply->progress);
	if (r < 0) {
		apply->failed = true;
		log_line(apply->log, LOG_LEVEL_ERROR, "%s", error->message);
		return;
	}
	restart_networks(apply);
	change_live(apply);
	for (size_t i = 0; i < steps->count; i++)
		if (steps->items[i].action == ACTION_NOTHING)
			report(apply, &steps->items[i]);
	run_jobs(apply);
	progress_clear(&apply->progress);
}

static int report_specs(struct apply *apply, char *const *names, size_t count)
{
	const struct report to_people = {0};
	struct steps *steps = &apply->steps;
	int errors = report_diags(&to_people, &steps->collection, names, count);
	for (size_t i = 0; i < steps->count; i++)
		apply->failed |= steps->items[i].refused;
	return errors;
}

static int run(struct apply *apply, char *const *names, size_t count, struct error *error)
{
	struct steps *steps = &apply->steps;
	int r = steps_read(steps, names, count, error);
	if (r < 0)
		return r;
	apply->failed |= report_specs(apply, names, count) != 0;
	if (!apply->dry_run)
		carry_out(apply, error);
	for (size_t i = 0; apply->dry_run && !apply->json && i < steps->count; i++)
		apply_report_step(&steps->items[i], false);
	if (apply->json)
		apply_report_json(steps, apply->dry_run);
	if (apply->interrupted)
		log_line(apply->log, LOG_LEVEL_WARNING,
			"interrupted: systemd goes on with what was begun, and another 'vmlet "
			"apply' "
			"does the rest");
	return 0;
}

/* Specs that are being written are waited for. */
static int run_locked(struct apply *apply, char *const *names, size_t count, struct error *error)
{
	int lock_fd AUTO_CLOSE = -1;
	int r = lock(&lock_fd, error);
	if (r == 0 && apply->settle)
		r = quiet_wait(error);
	if (r == 0 && apply->if_changed && quiet_is_as_noted(DIRECTORY))
		return 0;
	if (r == 0 && apply->all && !apply->dry_run)
		r = quiet_note(DIRECTORY, error);
	return r < 0 ? r : run(apply, names, count, error);
}

int verb_apply(const struct log *log, int argc, char **argv)
{
	struct apply apply = {.log = log};
	struct error error;
	if (!take_options(&apply, &argc, argv))
		return VERB_USAGE;
	apply.progress = progress_begin();
	int r = run_locked(&apply, argv + 1, (size_t)argc - 1, &error);
	progress_clear(&apply.progress);
	if (r < 0)
		log_line(log, LOG_LEVEL_ERROR, "%s", error.message);
	int code = r < 0 || apply.failed ? 1 : 0;
	if (code == 0 && apply.dry_run && apply_report_todo(&apply.steps))
		code = EXIT_DIFFERS;
	bus_close(&apply.bus);
	steps_done(&apply.steps);
	return code;
}
