/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A base image as its spec says it: kind image. */
#pragma once

#include "spec/key.h"

struct image {
	int kind; /* enum kind */
	const char *name;
	const char *description;
	const char *path;
};

extern const struct key_table image_table;
