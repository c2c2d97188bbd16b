/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is legal but looks like a mistake, on the host at hand. */
#pragma once

#include "plan/set.h"

/* What is asked of the host. */
struct host_facts {
	uint64_t memory_bytes; /* 0: not known */
	uint64_t cpu_count;    /* 0: not known */
	bool kvm;
	bool (*file_exists)(const char *path);
};

/* Adds the warnings for a VM, when it is whole. Returns -ENOMEM when memory is short, else 0. */
int warnings_check(
	const struct member *member, const struct host_facts *facts, struct diags *diags);
