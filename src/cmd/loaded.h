/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether systemd has loaded what the specs say now. */
#pragma once

#include "base/error.h"
#include "plan/set.h"

/* Writes what the generator would, below a directory in which nobody else does, compares it with
 * what it wrote last, and removes it again. Returns 1 when they differ, so that a daemon-reload is
 * due, else 0 or negative errno. */
int loaded_differs(const struct set *set, const struct strings *running, const char *directory,
	struct error *error);
