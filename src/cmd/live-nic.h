/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a spec says of interfaces, done to a VM that runs. */
#pragma once

#include "base/arena.h"
#include "host/block.h"

/* Why a change of an interface, or that it comes or goes, cannot be made to a running VM; NULL when
 * it can. old or new is NULL for one that comes or goes. */
const char *live_nic_why_not(const struct plan *running, const struct plan *spec,
	const struct plan_nic *old, const struct plan_nic *new, bool comes_or_goes);

/* Plugs its cable in or pulls it, as its spec says. */
int live_nic_set_link(struct block *block, const struct plan_nic *nic, struct error *error);

/* Brings the tap's VLANs and rates to what the spec says. */
int live_nic_change(const struct plan_nic *nic, struct error *error);

/* Opens the tap and gives QEMU the device; or has the guest let it go, and removes it. */
int live_nic_attach(
	struct block *block, struct arena *arena, const struct plan_nic *nic, struct error *error);
int live_nic_detach(struct block *block, const struct plan_nic *nic, struct error *error);
