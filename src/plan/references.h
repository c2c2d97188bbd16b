/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What VMs say of other documents by name. */
#pragma once

#include "spec/document.h"

/* Refuses a VM whose network or dependency no document describes, and one that depends on itself by
 * way of others. One whose network is broken shares that error. Returns -ENOMEM when memory is
 * short, else 0. */
int references_check(struct arena *arena, const struct documents *documents, struct diags *diags);
