/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a VM was booted with, in its runtime directory: its stop must not depend on what the spec
 * says by then. */
#pragma once

#include "base/error.h"
#include "plan/plan.h"

/* Writes the resolved spec of a VM and what vmlet-stop reads of it, as files of the directory's
 * owner. */
int booted_write(const struct vm *vm, int directory_fd, const char *spec, size_t length,
	struct error *error);
