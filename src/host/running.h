/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The VMs that run, as their runtime directories tell. */
#pragma once

#include "base/arena.h"
#include "spec/key.h"

/* The names of the VMs that have a runtime directory; none when nothing can be read. Returns
 * -ENOMEM when memory is short, else 0. */
int running_list(struct arena *arena, struct strings *ret_names);
