/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/words.h"

#include <string.h>

#include "base/file.h"

#define WORDS_BYTES_MAX ((size_t)16 * 1024 * 1024)

static int split(struct words *words)
{
	char *text = words->text.data;
	for (size_t i = 0; i < words->text.length; i++)
		words->count += text[i] == '\n';
	words->items = calloc(words->count + 1, sizeof(char *));
	if (!words->items)
		return -ENOMEM;
	for (size_t i = 0; i < words->count; i++)
		words->items[i] = strsep(&text, "\n");
	return 0;
}

int words_read_at(int dir_fd, const char *path, struct words *ret_words)
{
	struct words words = {0};
	int r = file_read_at(dir_fd, path, WORDS_BYTES_MAX, &words.text);
	if (r == 0)
		r = split(&words);
	if (r < 0)
		words_done(&words);
	else
		*ret_words = words;
	return r;
}

void words_done(struct words *words)
{
	free(words->items);
	words->items = NULL;
	buf_done(&words->text);
}

int words_write_at(
	int dir_fd, const char *path, char *const words[], size_t count, const char *last)
{
	struct buf text CLEANUP(buf_done) = {0};
	for (size_t i = 0; i < count; i++)
		buf_printf(&text, "%s\n", words[i]);
	if (last)
		buf_printf(&text, "%s\n", last);
	int r = buf_error(&text);
	return r < 0 ? r : file_replace_at(dir_fd, path, buf_text(&text), text.length, 0644, false);
}
