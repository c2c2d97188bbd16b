/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A network as its spec says it: kind network. */
#pragma once

#include "spec/key.h"

struct network {
	int kind; /* enum kind */
	const char *name;
	const char *description;
	const char *bridge;
};

extern const struct key_table network_table;
