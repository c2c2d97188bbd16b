/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A base image as its spec says it: kind image. */
#pragma once

#include "spec/key.h"

enum compressed {
	COMPRESSED_NONE,
	COMPRESSED_XZ,
	COMPRESSED_GZ,
	COMPRESSED_ZST,
	COMPRESSED_COUNT,
};

enum image_format {
	IMAGE_QCOW2,
	IMAGE_RAW,
	IMAGE_FORMAT_COUNT,
};

extern const struct choices compressed_names;
extern const struct choices image_format_names;

struct image {
	int kind; /* enum kind */
	const char *name;
	const char *description;
	/* one of these is given */
	const char *url;
	const char *path;
	const char *sha256; /* of what is downloaded; NULL when not given */
	const char *sha512;
	int format;	/* enum image_format */
	int compressed; /* enum compressed */
	uint64_t size_limit_bytes;
};

extern const struct key_table image_table;
