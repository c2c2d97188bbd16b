/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The VMs that run, and what they use. */
#pragma once

#include "cmd/collect.h"
#include "host/bus.h"
#include "host/usage.h"

struct live_vm {
	char name[NAME_LENGTH_MAX + 1];
	struct unit_state unit;
	char cgroup[256];
	const struct plan *plan; /* of its spec; NULL when that is gone or broken */
	uint64_t usec;		 /* CLOCK_MONOTONIC, when it was looked at */
	struct usage usage;
};

struct live {
	struct collection collection;
	struct live_vm *items; /* in the order of names */
	size_t count;
	size_t capacity;
};

/* Looks at all that run. The caller ends it with live_done() in any case. */
int live_read(struct live *live, struct error *error);

/* The one with that name; NULL for none. */
const struct live_vm *live_find(const struct live *live, const char *name);

void live_done(struct live *live);
