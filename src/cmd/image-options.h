/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an image is, as options of a command line. */
#pragma once

#include "spec/image.h"

/* Takes --url, --path, --sha256, --sha512, --format, --compressed and --size-limit. Returns 0, or
 * -EINVAL for anything else. */
int image_options_parse(int argc, char **argv, struct image *ret_image);
