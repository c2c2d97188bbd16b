/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/target.h"

#include <stdio.h>
#include <string.h>

#include "cmd/report.h"
#include "cmd/verbs.h"
#include "host/bus.h"

static int fail(const struct target *target, int r, const char *message)
{
	log_line(target->log, LOG_LEVEL_ERROR, "%s", message);
	return r;
}

static int ask_state(struct target *target)
{
	char unit[NAME_LENGTH_MAX + sizeof("vm@.service")];
	struct sd_bus *bus CLEANUP(bus_close) = NULL;
	struct unit_state state;
	struct error error;
	snprintf(unit, sizeof(unit), "vm@%s.service", target->name);
	int r = bus_open(&bus, &error);
	if (r == 0)
		r = bus_unit_state(bus, unit, &state, &error);
	if (r < 0)
		return fail(target, r, error.message);
	target->running = strcmp(state.active, "active") == 0;
	if (target->running || strcmp(state.active, "inactive") == 0 ||
		strcmp(state.active, "failed") == 0)
		return 0;
	log_line(target->log, LOG_LEVEL_ERROR, "VM %s is %s: wait until it has done that",
		target->name, state.active);
	return -EBUSY;
}

static int plan_booted(struct target *target)
{
	struct error error;
	int r = resolved_plan_booted(&target->booted, target->name, &error);
	target->plan = &target->booted.plan;
	return r < 0 ? fail(target, r, error.message) : 0;
}

static int explain_missing(const struct target *target)
{
	const struct collection *collection = &target->collection;
	const struct member *member = set_find(&collection->set, target->name);
	struct buf text CLEANUP(buf_done) = {0};
	if (member)
		diag_write_line(&collection->diags.items[member->document->first_diag], &text);
	else
		report_write_unknown(&collection->documents, KIND_VM, target->name, &text);
	return fail(target, -ENOENT, buf_text(&text));
}

int target_open(struct target *target, const struct log *log, const char *name)
{
	*target = (struct target){.log = log, .name = name};
	if (!vm_argument(log, name))
		return -EINVAL;
	int r = collect_directories(&target->collection);
	if (r < 0)
		return fail(target, r, "cannot read the specs");
	target->member = set_find(&target->collection.set, name);
	if (target->member && target->member->document->broken)
		target->member = NULL;
	r = ask_state(target);
	if (r < 0)
		return r;
	if (target->running)
		return plan_booted(target);
	if (!target->member)
		return explain_missing(target);
	target->plan = &target->member->plan;
	return 0;
}

void target_close(struct target *target)
{
	resolved_plan_done(&target->booted);
	collection_done(&target->collection);
}

int target_need_stopped(const struct target *target, const char *what)
{
	if (!target->running)
		return 0;
	log_line(target->log, LOG_LEVEL_ERROR,
		"%s runs, and %s needs it stopped: systemctl stop vm@%s", target->name, what,
		target->name);
	return -EBUSY;
}

const struct plan_disk *target_disk(
	const struct target *target, const struct plan *plan, const char *name)
{
	struct buf known CLEANUP(buf_done) = {0};
	for (size_t i = 0; i < plan->disk_count; i++) {
		if (strcmp(plan->disks[i].disk->part.name, name) == 0)
			return &plan->disks[i];
		buf_printf(&known, "%s%s", i ? ", " : "", plan->disks[i].disk->part.name);
	}
	log_line(target->log, LOG_LEVEL_ERROR, "%s has no disk %s; it has: %s", target->name, name,
		known.length ? buf_text(&known) : "none");
	return NULL;
}

bool disk_is_kept(const struct plan_disk *disk)
{
	return disk->file_name && disk_is_writable(disk->disk);
}
