/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is true of all VMs of a host: /etc/vmlet/vmlet.conf, a mapping like a spec. */
#pragma once

#include "spec/key.h"
#include "spec/node.h"

struct conf {
	uint64_t max_parallel_starts; /* 0: as many as there are */
};

extern const struct key_table conf_table;

/* Reads it. Mistakes go to diags, and leave the defaults. Returns -ENOMEM when memory is short,
 * else 0. */
int conf_read(struct arena *arena, const struct source *source, struct diags *diags,
	struct conf *ret_conf);
