/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/uri.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DIGITS "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define NAME_BYTES LETTERS DIGITS "._~-"

DEFINE_CHOICES(uri_scheme_names, URI_SCHEME_COUNT, [URI_NBD] = "nbd", [URI_NBD_UNIX] = "nbd+unix",
	[URI_ISCSI] = "iscsi", [URI_NFS] = "nfs", [URI_RBD] = "rbd");

/* Takes bytes of the set off the text; whether there was one. */
static bool take(const char **text, const char *bytes, char ret[URI_LENGTH_MAX + 1])
{
	size_t length = strspn(*text, bytes);
	if (length > URI_LENGTH_MAX)
		return false;
	memcpy(ret, *text, length);
	ret[length] = '\0';
	*text += length;
	return length > 0;
}

static bool take_word(const char **text, const char *word)
{
	size_t length = strlen(word);
	if (strncmp(*text, word, length) != 0)
		return false;
	*text += length;
	return true;
}

static bool take_host(const char **text, struct uri *uri)
{
	if (take_word(text, "["))
		return take(text, DIGITS "ABCDEFabcdef:", uri->host) && take_word(text, "]");
	return **text != '.' && **text != '-' && take(text, LETTERS DIGITS ".-", uri->host);
}

/* From 1 to 65535, without leading zeros. */
static bool take_port(const char **text, const char *otherwise, struct uri *uri)
{
	char digits[URI_LENGTH_MAX + 1];
	unsigned port = 0;
	snprintf(uri->port, sizeof(uri->port), "%s", otherwise);
	if (!take_word(text, ":"))
		return true;
	if (!take(text, DIGITS, digits) || digits[0] == '0' || strlen(digits) > 5)
		return false;
	for (const char *digit = digits; *digit; digit++)
		port = port * 10 + (unsigned)(*digit - '0');
	snprintf(uri->port, sizeof(uri->port), "%.5s", digits);
	return port <= 65535;
}

/* How long an absolute path of names is that the text begins with; 0 for none. */
static size_t path_length(const char *text)
{
	const char *at = text;
	do {
		size_t length = *at == '/' ? strspn(at + 1, NAME_BYTES) : 0;
		if (!length)
			return 0;
		at += 1 + length;
	} while (*at == '/');
	return (size_t)(at - text);
}

static bool take_path(const char **text, char ret[URI_LENGTH_MAX + 1])
{
	return path_length(*text) && take(text, NAME_BYTES "/", ret);
}

static bool parse_nbd(const char **text, struct uri *uri)
{
	if (!take_host(text, uri) || !take_port(text, "10809", uri))
		return false;
	return !**text || (take_word(text, "/") && (take(text, NAME_BYTES "/", uri->name) || true));
}

static bool parse_nbd_unix(const char **text, struct uri *uri)
{
	if (!take_word(text, "/"))
		return false;
	take(text, NAME_BYTES "/", uri->name);
	return take_word(text, "?socket=") && take_path(text, uri->more);
}

/* SAM-5, 4.7: a logical unit has a number below 16384. */
static bool parse_iscsi(const char **text, struct uri *uri)
{
	return take_host(text, uri) && take_port(text, "3260", uri) && take_word(text, "/") &&
	       take(text, LETTERS DIGITS ".:-", uri->name) && take_word(text, "/") &&
	       take(text, DIGITS, uri->more) && strlen(uri->more) <= 4 &&
	       (uri->more[0] != '0' || !uri->more[1]);
}

static bool parse_nfs(const char **text, struct uri *uri)
{
	return take_host(text, uri) && take_path(text, uri->name);
}

static bool parse_rbd(const char **text, struct uri *uri)
{
	return take(text, LETTERS DIGITS "._-", uri->host) && take_word(text, "/") &&
	       take(text, LETTERS DIGITS "._-", uri->name) &&
	       (!take_word(text, "?user=") || take(text, LETTERS DIGITS "._-", uri->more));
}

int uri_parse(const char *text, struct uri *ret_uri)
{
	static bool (*const parsers[URI_SCHEME_COUNT])(const char **text, struct uri *uri) = {
		[URI_NBD] = parse_nbd,
		[URI_NBD_UNIX] = parse_nbd_unix,
		[URI_ISCSI] = parse_iscsi,
		[URI_NFS] = parse_nfs,
		[URI_RBD] = parse_rbd,
	};
	if (strlen(text) > URI_LENGTH_MAX)
		return -EINVAL;
	for (int scheme = 0; scheme < URI_SCHEME_COUNT; scheme++) {
		struct uri uri = {.scheme = (enum uri_scheme)scheme};
		const char *at = text;
		if (!take_word(&at, choice_name(&uri_scheme_names, scheme)) ||
			!take_word(&at, "://"))
			continue;
		if (!parsers[scheme](&at, &uri) || *at)
			return -EINVAL;
		*ret_uri = uri;
		return 0;
	}
	return -EINVAL;
}

bool url_is_valid(const char *text)
{
	struct uri uri = {0};
	if (strlen(text) > URL_LENGTH_MAX)
		return false;
	if (take_word(&text, "file://"))
		return path_length(text) && !text[path_length(text)];
	if (!take_word(&text, "https://") && !take_word(&text, "http://"))
		return false;
	if (strlen(text) > URL_LENGTH_MAX || !take_host(&text, &uri) || !take_port(&text, "", &uri))
		return false;
	return !*text ||
	       (*text == '/' && !text[strspn(text, LETTERS DIGITS "-._~:/?#[]@!$&'()*+,;=%")]);
}
