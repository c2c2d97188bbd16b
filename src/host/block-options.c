/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/block-options.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* Takes the next option off, its doubled commas made single (QEMU, "Syntax of QEMU options"). */
static bool take_option(const char **at, struct buf *option)
{
	const char *text = *at;
	buf_reset(option);
	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text == ',' && text[1] != ',')
			break;
		text += *text == ',';
		buf_putc(option, *text);
	}
	*at = *text ? text + 1 : text;
	return true;
}

/* Which of the options that the emitters write are no texts. */
static json_t *typed_value(const char *key, const char *value)
{
	bool on = strcmp(value, "on") == 0;
	if ((on || strcmp(value, "off") == 0) && strcmp(key, "detect-zeroes") != 0)
		return json_boolean(on);
	if (strcmp(key, "lun") == 0 || strncmp(key, "x-", 2) == 0)
		return json_integer((json_int_t)strtoull(value, NULL, 10));
	return json_string(value);
}

/* Sets a.b.c in nested objects. */
static void set_nested(json_t *object, char *key, const char *value)
{
	char *rest = key;
	const char *word = strsep(&rest, ".");
	while (rest) {
		json_t *below = json_object_get(object, word);
		if (!below) {
			below = json_object();
			json_object_set_new(object, word, below);
		}
		object = below;
		word = strsep(&rest, ".");
	}
	json_object_set_new(object, word, typed_value(word, value));
}

/* The option is changed in place. */
static void set_option(json_t *object, char *option, const char *type_key, bool first, bool nested)
{
	char *value = strchr(option, '=');
	if (!value) {
		if (first && type_key)
			json_object_set_new(object, type_key, json_string(option));
		return;
	}
	*value++ = '\0';
	if (nested)
		set_nested(object, option, value);
	else
		json_object_set_new(object, option, json_string(value));
}

static json_t *parse(const char *options, const char *type_key, bool nested)
{
	struct buf option CLEANUP(buf_done) = {0};
	json_t *object = json_object();
	for (bool first = true; object && take_option(&options, &option); first = false)
		if (option.length)
			set_option(object, option.data, type_key, first, nested);
	if (object && buf_error(&option) < 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

json_t *block_options_json(const char *options, const char *type_key)
{
	return parse(options, type_key, true);
}

json_t *device_options_json(const char *options)
{
	return parse(options, "driver", false);
}
