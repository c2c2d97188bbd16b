/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ISO 9660 image of cloud-init's NoCloud source, with the label cidata. */
#pragma once

#include <stddef.h>

#include "base/error.h"

struct seed_file {
	const char *name; /* as cloud-init looks for it */
	const char *text;
};

/* Makes directory/image hold exactly these files, through xorriso; work_directory takes the files
 * meanwhile. Does nothing when the image holds them already. The image is replaced whole. */
int seed_prepare(const char *directory, int directory_fd, const char *image,
	const char *work_directory, const struct seed_file *files, size_t count,
	struct error *error);
