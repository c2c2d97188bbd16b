/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An image on its way into the store, in a directory of its own: from what was downloaded or is at
 * a path to a whole qcow2 file that stands on no other. Runs unprivileged and without network; each
 * step may be killed and run again.
 */
#pragma once

#include "base/error.h"
#include "spec/image.h"

/* In the directory: what was downloaded, whole and checked; and the result. */
#define IMAGE_DOWNLOAD_FILE "download"
#define IMAGE_RESULT_FILE "image.qcow2"

/* Whether the file below the directory has the digests that the image gives. -EBADMSG when it has
 * not; the caller removes it then. */
int image_file_verify(
	const char *directory, const char *file, const struct image *image, struct error *error);

/* Makes the result in the directory, or does nothing where it is. On an error nothing is left of
 * it. -EBADMSG for a wrong digest, -EINVAL for what is no such image, -EFBIG for one over the
 * limit. */
int image_file_convert(const char *directory, const struct image *image, struct error *error);
