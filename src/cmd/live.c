/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/live.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

static void add(const char *name, const char *active, void *context)
{
	struct live *live = context;
	if (strcmp(active, "failed") == 0)
		return;
	if (live->count == live->capacity) {
		size_t capacity = live->capacity ? 2 * live->capacity : 16;
		struct live_vm *items = realloc(live->items, capacity * sizeof(*items));
		if (!items)
			return;
		live->items = items;
		live->capacity = capacity;
	}
	struct live_vm *vm = &live->items[live->count++];
	const struct member *member = set_find(&live->collection.set, name);
	*vm = (struct live_vm){.plan = member && !member->document->broken ? &member->plan : NULL};
	snprintf(vm->name, sizeof(vm->name), "%s", name);
}

static int compare(const void *a, const void *b)
{
	const struct live_vm *left = a;
	const struct live_vm *right = b;
	return strcmp(left->name, right->name);
}

static int look_at(struct sd_bus *bus, struct live_vm *vm, struct error *error)
{
	char unit[NAME_LENGTH_MAX + sizeof("vm@.service")];
	snprintf(unit, sizeof(unit), "vm@%s.service", vm->name);
	int r = bus_unit_state(bus, unit, &vm->unit, error);
	if (r == 0)
		r = bus_unit_cgroup(bus, unit, vm->cgroup, sizeof(vm->cgroup), error);
	vm->usec = clock_usec(CLOCK_MONOTONIC);
	if (r == 0)
		usage_read(vm->plan, vm->name, vm->unit.main_pid, vm->cgroup, &vm->usage);
	return r;
}

int live_read(struct live *live, struct error *error)
{
	struct sd_bus *bus CLEANUP(bus_close) = NULL;
	*live = (struct live){0};
	int r = collect_directories(&live->collection);
	if (r < 0)
		return error_set_errno(error, -r, "cannot read the specs");
	r = bus_open(&bus, error);
	if (r == 0)
		r = bus_each_vm(bus, add, live, error);
	if (live->count)
		qsort(live->items, live->count, sizeof(*live->items), compare);
	for (size_t i = 0; r == 0 && i < live->count; i++)
		r = look_at(bus, &live->items[i], error);
	return r;
}

const struct live_vm *live_find(const struct live *live, const char *name)
{
	for (size_t i = 0; i < live->count; i++)
		if (strcmp(live->items[i].name, name) == 0)
			return &live->items[i];
	return NULL;
}

void live_done(struct live *live)
{
	collection_done(&live->collection);
	free(live->items);
	*live = (struct live){0};
}
