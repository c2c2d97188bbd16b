/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/image-options.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "spec/scalar.h"

static int set_choice(const struct choices *choices, const char *value, int *ret)
{
	int choice = choice_parse(choices, value);
	if (choice < 0)
		return -EINVAL;
	*ret = choice;
	return 0;
}

static int set_option(struct image *image, const char *option, const char *value)
{
	const struct {
		const char *option;
		const char **text;
	} texts[] = {
		{"--url", &image->url},
		{"--path", &image->path},
		{"--sha256", &image->sha256},
		{"--sha512", &image->sha512},
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (strcmp(option, texts[i].option) == 0) {
			*texts[i].text = value;
			return 0;
		}
	if (strcmp(option, "--format") == 0)
		return set_choice(&image_format_names, value, &image->format);
	if (strcmp(option, "--compressed") == 0)
		return set_choice(&compressed_names, value, &image->compressed);
	if (strcmp(option, "--size-limit") == 0)
		return scalar_parse_count(value, &image->size_limit_bytes);
	return -EINVAL;
}

int image_options_parse(int argc, char **argv, struct image *ret_image)
{
	struct image image = {.size_limit_bytes = UINT64_MAX};
	if (argc % 2)
		return -EINVAL;
	for (int i = 0; i < argc; i += 2)
		if (set_option(&image, argv[i], argv[i + 1]) < 0)
			return -EINVAL;
	*ret_image = image;
	return 0;
}
