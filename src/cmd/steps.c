/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/steps.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/install.h"
#include "cmd/accepted.h"
#include "cmd/live-change.h"
#include "cmd/report.h"
#include "host/bus.h"
#include "spec/resolved.h"

DEFINE_CHOICES(action_names, ACTION_COUNT, [ACTION_NOTHING] = "nothing", [ACTION_CHANGE] = "change",
	[ACTION_START] = "start", [ACTION_RESTART] = "restart", [ACTION_STOP] = "stop");

/* --- the VMs ------------------------------------------------------------------------------- */

static int compare_steps(const void *a, const void *b)
{
	const struct step *left = a;
	const struct step *right = b;
	return strcmp(left->name, right->name);
}

static struct step *find(struct steps *steps, const char *name)
{
	const struct step key = {.name = name};
	if (!steps->count)
		return NULL;
	return bsearch(&key, steps->items, steps->count, sizeof(key), compare_steps);
}

static int add(struct steps *steps, const char *name, const struct member *member)
{
	struct step *items = arena_grow(&steps->arena, steps->items, steps->count, sizeof(*items));
	const char *kept = items ? arena_dup(&steps->arena, name, strlen(name)) : NULL;
	if (!kept)
		return -ENOMEM;
	items[steps->count++] = (struct step){.name = kept, .member = member};
	steps->items = items;
	return 0;
}

static int add_specs(struct steps *steps)
{
	const struct set *set = &steps->collection.set;
	for (size_t i = 0; i < set->count; i++) {
		const char *name = set->items[i].document->name;
		if (!name || set_find(set, name) != &set->items[i])
			continue;
		int r = add(steps, name, &set->items[i]);
		if (r < 0)
			return r;
	}
	qsort(steps->items, steps->count, sizeof(*steps->items), compare_steps);
	return 0;
}

struct running {
	struct steps *steps;
	size_t specs; /* how many have one */
	int result;
};

static void mark(const char *name, const char *active, void *context)
{
	struct running *running = context;
	struct steps *steps = running->steps;
	size_t count = steps->count;
	bool failed = strcmp(active, "failed") == 0;
	/* Those that were found by now stand behind, in no order. */
	steps->count = running->specs;
	struct step *step = find(steps, name);
	steps->count = count;
	if (step) {
		step->running = !failed;
		step->failed = failed;
		step->moves = step->running && strcmp(active, "active") != 0;
	} else if (!failed && running->result == 0) {
		running->result = add(steps, name, NULL);
		if (running->result == 0)
			steps->items[steps->count - 1].running = true;
	}
}

static int add_units(struct steps *steps, struct error *error)
{
	struct sd_bus *bus CLEANUP(bus_close) = NULL;
	struct running running = {.steps = steps, .specs = steps->count};
	int r = bus_open(&bus, error);
	if (r == 0)
		r = bus_each_vm(bus, mark, &running, error);
	if (r == 0 && running.result < 0)
		r = error_set_errno(error, -running.result, "cannot list the VMs");
	qsort(steps->items, steps->count, sizeof(*steps->items), compare_steps);
	return r;
}

/* Leaves only those with a name that was given. */
static int select_names(struct steps *steps, char *const *names, size_t count, struct error *error)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		if (find(steps, names[i]))
			continue;
		struct buf text CLEANUP(buf_done) = {0};
		report_write_unknown(&steps->collection.documents, KIND_VM, names[i], &text);
		return error_set(error, ENOENT, "%s", buf_text(&text));
	}
	for (size_t i = 0; i < steps->count; i++) {
		bool named = false;
		for (size_t j = 0; j < count; j++)
			named |= strcmp(names[j], steps->items[i].name) == 0;
		if (named)
			steps->items[kept++] = steps->items[i];
	}
	steps->count = kept;
	return 0;
}

/* --- what to do ---------------------------------------------------------------------------- */

bool change_is_live(const struct change *change)
{
	return change->class == CHANGE_LIVE;
}

static bool has_class(const struct step *step, enum change_class class)
{
	for (size_t i = 0; i < step->changes.count; i++)
		if (step->changes.items[i].class == class)
			return true;
	return false;
}

static int read_booted(struct step *step, struct error *error)
{
	step->booted = calloc(1, sizeof(*step->booted));
	if (!step->booted)
		return error_set_errno(
			error, ENOMEM, "cannot read the booted spec of %s", step->name);
	int r = resolved_plan_booted(step->booted, step->name, error);
	/* It has ended by now, or starts and has none yet. */
	if (r == -ENOENT) {
		resolved_plan_done(step->booted);
		free(step->booted);
		step->booted = NULL;
		return 0;
	}
	return r;
}

/* Most are what they were, which their text says. */
static void forget_same(struct step *step)
{
	const struct resolved_plan *booted = step->booted;
	if (!booted || booted->text.length != step->spec.length ||
		memcmp(buf_text(&booted->text), buf_text(&step->spec), step->spec.length) != 0)
		return;
	resolved_plan_done(step->booted);
	free(step->booted);
	step->booted = NULL;
}

static void decide_gone(struct step *step)
{
	const struct vm *vm = step->booted ? step->booted->plan.vm : NULL;
	if (!step->running)
		return;
	if (vm && vm->protected)
		step->why = "its spec has gone, and it is 'protected'";
	else if (vm && vm->on_remove == ON_REMOVE_KEEP)
		step->why = "its spec has gone, and 'on-remove' is keep";
	else
		step->action = ACTION_STOP;
}

static void count_pending(struct step *step, bool live)
{
	for (size_t i = 0; i < step->changes.count; i++)
		step->pending += !live || !change_is_live(&step->changes.items[i]);
}

static void decide_changed(struct step *step, const struct vm *vm)
{
	bool live = has_class(step, CHANGE_LIVE);
	if (vm->on_change == ON_CHANGE_NONE) {
		count_pending(step, false);
		if (step->pending)
			step->why = "'on-change' is none";
	} else if (vm->on_change == ON_CHANGE_RESTART && has_class(step, CHANGE_RESTART)) {
		step->action = ACTION_RESTART;
	} else {
		count_pending(step, true);
		step->action = live ? ACTION_CHANGE : ACTION_NOTHING;
	}
	if (step->action == ACTION_RESTART && vm->protected) {
		step->action = live ? ACTION_CHANGE : ACTION_NOTHING;
		count_pending(step, true);
		step->why = "it is 'protected' from restarts";
	}
}

static void decide(struct step *step)
{
	const struct vm *vm = step->member->in_force->vm;
	bool wanted = vm->state == STATE_RUNNING || (vm->state == STATE_AUTO && vm->autostart);
	if (has_class(step, CHANGE_FORBIDDEN)) {
		step->why = "a disk is never made smaller: set its 'size' back";
		step->refused = true;
	} else if (step->running && vm->state == STATE_STOPPED) {
		if (vm->protected)
			step->why = "it is 'protected' from stops";
		else
			step->action = ACTION_STOP;
	} else if (step->running && !(step->moves && wanted)) {
		decide_changed(step, vm);
	} else if (wanted) {
		/* One that starts already, for another or for who was killed, is waited for. */
		step->action = ACTION_START;
	}
}

/* Some of what can be made live in general cannot be to this VM. */
static void judge(const struct step *step, struct change *change)
{
	if (!change_is_live(change))
		return;
	change->waits_because = live_change_why_not(step, change);
	if (change->waits_because)
		change->class = CHANGE_RESTART;
}

static int look_at(struct steps *steps, struct step *step, struct error *error)
{
	const struct member *member = step->member;
	int r = step->running ? read_booted(step, error) : 0;
	if (r < 0)
		return r;
	if (!member) {
		decide_gone(step);
		return 0;
	}
	if (member->document->broken) {
		step->why = "its spec has errors";
		step->refused = true;
	}
	if (!member->in_force)
		return 0;
	resolved_write(member->documents, member->in_force, false, &step->spec);
	r = buf_error(&step->spec);
	step->accept = r == 0 && !member->version && !accepted_is_newest(step->name, &step->spec);
	if (r == 0)
		forget_same(step);
	if (r == 0 && step->booted)
		r = changes_find(&steps->arena, &vm_table, resolved_plan_document(step->booted)->vm,
			member->in_force->vm, &step->changes);
	if (r < 0)
		return error_set_errno(error, -r, "cannot compare the specs of %s", step->name);
	for (size_t i = 0; i < step->changes.count; i++)
		judge(step, &step->changes.items[i]);
	decide(step);
	return 0;
}

/* A spec directory that is not there is one that is away: a link in between, a mount. */
static bool directory_is_away(void)
{
	const char *path = getenv("VMLET_PATH");
	char first[PATH_MAX];
	path = path ? path : INSTALL_SPEC_PATH;
	snprintf(first, sizeof(first), "%.*s", (int)strcspn(path, ":"), path);
	return access(first, R_OK | X_OK) < 0;
}

bool member_is_pending(const struct member *member)
{
	struct arena arena CLEANUP(arena_done) = {0};
	struct buf spec CLEANUP(buf_done) = {0};
	struct resolved_plan booted;
	struct changes changes = {0};
	struct error ignored;
	if (!member->in_force)
		return false;
	int r = resolved_plan_booted(&booted, member->document->name, &ignored);
	if (r == 0)
		resolved_write(member->documents, member->in_force, false, &spec);
	bool same = booted.text.length == spec.length &&
		    memcmp(buf_text(&booted.text), buf_text(&spec), spec.length) == 0;
	if (r == 0 && !same)
		changes_find(&arena, &vm_table, resolved_plan_document(&booted)->vm,
			member->in_force->vm, &changes);
	resolved_plan_done(&booted);
	return changes.count > 0;
}

/* A file of which not even the names are known may be the spec of any that seems to have none. */
static void keep_unknown(struct steps *steps)
{
	const struct documents *documents = &steps->collection.documents;
	bool away = directory_is_away();
	bool unknown = away;
	for (size_t i = 0; i < documents->count; i++) {
		const struct document *document = documents->items[i];
		unknown |= document->broken && (!document->name || !document->tree);
	}
	for (size_t i = 0; unknown && i < steps->count; i++) {
		struct step *step = &steps->items[i];
		if (step->member || step->action != ACTION_STOP)
			continue;
		step->action = ACTION_NOTHING;
		step->why = away ? "its spec has gone with the whole directory"
				 : "its spec has gone, or is in a file that has errors";
		step->refused = true;
	}
}

int steps_read(struct steps *steps, char *const *names, size_t count, struct error *error)
{
	*steps = (struct steps){0};
	int r = collect_directories(&steps->collection);
	if (r == 0)
		r = accepted_put_in_force(&steps->collection);
	if (r == 0)
		r = add_specs(steps);
	if (r < 0)
		return error_set_errno(error, -r, "cannot read the specs");
	r = add_units(steps, error);
	if (r == 0 && count)
		r = select_names(steps, names, count, error);
	for (size_t i = 0; r == 0 && i < steps->count; i++)
		r = look_at(steps, &steps->items[i], error);
	if (r == 0)
		keep_unknown(steps);
	return r;
}

void steps_done(struct steps *steps)
{
	for (size_t i = 0; i < steps->count; i++) {
		struct step *step = &steps->items[i];
		if (step->booted)
			resolved_plan_done(step->booted);
		free(step->booted);
		buf_done(&step->spec);
	}
	arena_done(&steps->arena);
	collection_done(&steps->collection);
}
