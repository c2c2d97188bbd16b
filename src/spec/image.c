/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The key table of kind image. */
#include "spec/image.h"

#include "base/macros.h"
#include "spec/kind.h"

DEFINE_CHOICES(
	image_format_names, IMAGE_FORMAT_COUNT, [IMAGE_QCOW2] = "qcow2", [IMAGE_RAW] = "raw");

DEFINE_CHOICES(compressed_names, COMPRESSED_COUNT, [COMPRESSED_NONE] = "none",
	[COMPRESSED_XZ] = "xz", [COMPRESSED_GZ] = "gz", [COMPRESSED_ZST] = "zst");

#define MIB (UINT64_C(1024) * 1024)
#define TIB (MIB * MIB)
#define SHA256_DIGITS 64
#define SHA512_DIGITS 128

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
		.name = "url", .type = KEY_URL, .offset = offsetof(struct image, url),
		.example = "https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-genericcloud-amd64.qcow2",
		.summary = "Where the image is downloaded from, by https, http or file.",
	}, {
		.name = "path", .type = KEY_PATH, .offset = offsetof(struct image, path),
		.example = "/srv/images/debian-12-genericcloud-amd64.qcow2",
		.summary = "The file that the image is copied from; everyone may read it.",
	}, {
		.name = "sha256", .type = KEY_DIGEST, .offset = offsetof(struct image, sha256),
		.max = SHA256_DIGITS,
		.example = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
		.summary = "The SHA-256 digest of the file; what has another is not used.",
	}, {
		.name = "sha512", .type = KEY_DIGEST, .offset = offsetof(struct image, sha512),
		.max = SHA512_DIGITS,
		.example = "9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca7"
			   "2323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043",
		.summary = "The SHA-512 digest of the file.",
	}, {
		.name = "format", .type = KEY_CHOICE, .offset = offsetof(struct image, format),
		.choices = &image_format_names, .fallback = "qcow2", .example = "raw",
		.summary = "The format of the file, which is never guessed.",
	}, {
		.name = "compressed", .type = KEY_CHOICE,
		.offset = offsetof(struct image, compressed), .choices = &compressed_names,
		.fallback = "none", .example = "xz",
		.summary = "How the file is compressed as a whole.",
	}, {
		.name = "size-limit", .type = KEY_SIZE,
		.offset = offsetof(struct image, size_limit_bytes), .min = MIB, .max = 64 * TIB,
		.fallback = "64GiB", .example = "2GiB",
		.summary = "A file that is larger, compressed or not, is refused.",
	},
};
/* clang-format on */
const struct key_table image_table = {image_keys, ARRAY_SIZE(image_keys), sizeof(struct image)};
