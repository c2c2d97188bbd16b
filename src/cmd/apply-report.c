/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/apply-report.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cmd/live-change.h"
#include "cmd/verbs.h"

static bool is_off(const struct step *step)
{
	return step->action != ACTION_NOTHING || step->pending || step->refused || step->why;
}

size_t apply_report_count(const struct steps *steps)
{
	size_t count = 0;
	for (size_t i = 0; i < steps->count; i++)
		count += is_off(&steps->items[i]) || steps->items[i].changes.count;
	return count;
}

size_t apply_report_todo(const struct steps *steps)
{
	size_t count = 0;
	for (size_t i = 0; i < steps->count; i++)
		count += steps->items[i].action != ACTION_NOTHING || steps->items[i].accept;
	return count;
}

/* --- text ---------------------------------------------------------------------------------- */

static const char *value_of(const char *text, bool part)
{
	return text ? text : part ? "" : "(none)";
}

static void print_change(const struct change *change)
{
	static const char *const colours[CHANGE_CLASS_COUNT] = {[CHANGE_RESTART] = "\033[33m",
		[CHANGE_LIVE] = "\033[32m",
		[CHANGE_FORBIDDEN] = "\033[31m"};
	bool part = change->key->type == KEY_PARTS;
	bool coloured = wants_colour(STDOUT_FILENO) && colours[change->class];
	printf("  %s%-9s%s %s", coloured ? colours[change->class] : "",
		choice_name(&change_class_names, change->class), coloured ? "\033[0m" : "",
		change->path);
	if (part)
		printf(": %s\n", change->part_after ? "new" : "gone");
	else
		printf(": %s -> %s\n", value_of(change->before, part),
			value_of(change->after, part));
	if (change->waits_because)
		printf("            (not while it runs: %s)\n", change->waits_because);
}

void apply_report_changes(const struct steps *steps)
{
	for (size_t i = 0; i < steps->count; i++) {
		const struct step *step = &steps->items[i];
		if (!is_off(step) && !step->changes.count)
			continue;
		apply_report_step(step, false);
		for (size_t j = 0; j < step->changes.count; j++)
			print_change(&step->changes.items[j]);
	}
}

static void write_paths(const struct step *step, bool done, struct buf *buf)
{
	bool any = false;
	for (size_t i = 0; i < step->changes.count; i++) {
		const struct change *change = &step->changes.items[i];
		bool is_done = change->done || (!done && change_is_live(change));
		if (step->action == ACTION_CHANGE && !is_done)
			continue;
		buf_printf(buf, "%s%s", any ? ", " : ": ", change->path);
		any = true;
	}
}

void apply_report_step(const struct step *step, bool done)
{
	static const char *const words[ACTION_COUNT][2] = {
		[ACTION_NOTHING] = {"as it is", "as it is"},
		[ACTION_CHANGE] = {"to change while it runs", "changed while it runs"},
		[ACTION_START] = {"to start", "started"},
		[ACTION_RESTART] = {"to restart", "restarted"},
		[ACTION_STOP] = {"to stop", "stopped"},
	};
	struct buf line CLEANUP(buf_done) = {0};
	if (!is_off(step))
		return;
	buf_printf(
		&line, "%s: %s", step->name, step->problem ? "failed" : words[step->action][done]);
	if (step->action == ACTION_CHANGE || step->action == ACTION_RESTART)
		write_paths(step, done, &line);
	if (step->problem)
		buf_printf(&line, ": %s", step->problem);
	else if (step->why)
		buf_printf(&line, ": %s", step->why);
	if (step->pending)
		buf_printf(&line, "; %zu %s until it is restarted", step->pending,
			step->pending == 1 ? "change waits" : "changes wait");
	if (buf_error(&line) == 0)
		puts(buf_text(&line));
	fflush(stdout);
}

/* --- JSON ---------------------------------------------------------------------------------- */

static json_t *change_json(const struct change *change)
{
	return json_pack("{s:s, s:s, s:s?, s:s?, s:b, s:s?}", "key", change->path, "class",
		choice_name(&change_class_names, change->class), "before", change->before, "after",
		change->after, "done", change->done, "waits-because", change->waits_because);
}

static json_t *step_json(const struct step *step)
{
	json_t *changes = json_array();
	for (size_t i = 0; i < step->changes.count; i++)
		json_array_append_new(changes, change_json(&step->changes.items[i]));
	return json_pack("{s:s, s:s, s:b, s:b, s:s?, s:s?, s:I, s:o}", "name", step->name, "action",
		choice_name(&action_names, step->action), "running", step->running, "failed",
		step->problem || step->refused, "why", step->why, "error", step->problem, "pending",
		(json_int_t)step->pending, "changes", changes);
}

void apply_report_json(const struct steps *steps, bool planned)
{
	json_t *vms = json_array();
	for (size_t i = 0; i < steps->count; i++)
		json_array_append_new(vms, step_json(&steps->items[i]));
	json_t *whole = json_pack("{s:b, s:b, s:o}", "planned", planned, "changed",
		apply_report_todo(steps) > 0, "vms", vms);
	char *text AUTO_FREE = json_dumps(whole, JSON_INDENT(2));
	json_decref(whole);
	if (text)
		puts(text);
}
