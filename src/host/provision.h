/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a guest is told about itself at its first boot: cloud-init's seed, Ignition's configuration,
 * credentials of its systemd. */
#pragma once

#include "base/error.h"
#include "plan/plan.h"

/* Builds the seed in the state directory, when it holds anything else than it should, and writes
 * the other texts to the runtime directory. What is from files comes through
 * $CREDENTIALS_DIRECTORY. */
int provision_vm(const struct plan *plan, const char *state_directory, int state_fd,
	const char *runtime_directory, struct error *error);
