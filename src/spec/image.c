/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The key table of kind image. */
#include "spec/image.h"

#include "base/macros.h"
#include "spec/kind.h"

/* clang-format off */
static const struct key image_keys[] = {
	{
		.name = "kind", .type = KEY_CHOICE, .offset = offsetof(struct image, kind),
		.choices = &kind_names, .example = "image",
		.summary = "What the document describes.",
	}, {
		.name = "name", .type = KEY_NAME, .offset = offsetof(struct image, name),
		.example = "debian-12",
		.summary = "The name that 'disks' give as 'image'; by default the file's name.",
	}, {
		.name = "description", .type = KEY_LINE, .offset = offsetof(struct image, description),
		.max = 1024, .example = "Debian 12, generic cloud image",
		.summary = "One line for people.",
	}, {
		.name = "path", .type = KEY_PATH, .offset = offsetof(struct image, path),
		.required = true, .example = "/srv/images/debian-12-genericcloud-amd64.qcow2",
		.summary = "The image's file: a whole qcow2 file that everyone may read.",
	},
};
/* clang-format on */
const struct key_table image_table = {image_keys, ARRAY_SIZE(image_keys), sizeof(struct image)};
