/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a VM needs before QEMU starts, made as the VM's own user. Each step may be killed and run
 * again. */
#pragma once

#include "base/error.h"
#include "plan/plan.h"

/* The directory that systemd gave in $STATE_DIRECTORY or $RUNTIME_DIRECTORY (systemd.exec(5)), or
 * otherwise where it is none, or a list of them. */
const char *prepare_directory(const char *variable, const char *otherwise);

/* Sweeps what a killed run left, checks that the host has what the plan needs, makes and grows the
 * disks and builds the seed, in the directories that systemd gave ($STATE_DIRECTORY and
 * $RUNTIME_DIRECTORY, else the plan's). The plan learns what disks stand on, in the arena. */
int prepare_vm(struct arena *arena, struct plan *plan, struct error *error);

/* The disks of it only, for a VM that does not run yet or that gets another disk. */
int prepare_storage(struct arena *arena, struct plan *plan, struct error *error);

/* Leaves in the runtime directory what the VM was booted with: its resolved spec, and the stop
 * timeout by itself for vmlet-stop. */
int prepare_booted_spec(
	const struct plan *plan, const char *text, size_t length, struct error *error);
