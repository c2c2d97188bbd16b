/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Units of networks that run with another command line than they have now. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "plan/set.h"

struct sd_bus;

/* Lists those of all networks of the set, as unit names in the arena. systemd must have loaded the
 * set. */
int stale_units(struct arena *arena, struct sd_bus *bus, const struct set *set,
	struct strings *ret_units, struct error *error);
