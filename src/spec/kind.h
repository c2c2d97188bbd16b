/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a document may describe. */
#pragma once

#include "spec/key.h"

enum kind {
	KIND_VM,
	KIND_PROFILE,
	KIND_NETWORK,
	KIND_IMAGE,
	KIND_COUNT,
};

extern const struct choices kind_names;

/* The keys of a kind. A profile has a VM's. */
const struct key_table *kind_table(enum kind kind);

/* One sentence on a kind. */
const char *kind_summary(enum kind kind);
