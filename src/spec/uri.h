/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where things are on the network. Of a disk: the URIs of qemu-block-drivers(7), without user
 * names, passwords and percent-encoding. */
#pragma once

#include <stdbool.h>

#include "base/choice.h"

enum uri_scheme {
	URI_NBD,      /* nbd://HOST[:PORT][/NAME] */
	URI_NBD_UNIX, /* nbd+unix:///[NAME]?socket=PATH */
	URI_ISCSI,    /* iscsi://HOST[:PORT]/NAME/LUN */
	URI_NFS,      /* nfs://HOST/PATH */
	URI_RBD,      /* rbd://POOL/NAME[?user=USER] */
	URI_SCHEME_COUNT,
};

extern const struct choices uri_scheme_names;

#define URI_LENGTH_MAX 1023

struct uri {
	enum uri_scheme scheme;
	char host[URI_LENGTH_MAX + 1]; /* or the pool; an IPv6 address is without brackets */
	char port[8]; /* the scheme's own where none is given; "" where it has none */
	char name[URI_LENGTH_MAX + 1]; /* of the export, target, image, or the path */
	char more[URI_LENGTH_MAX + 1]; /* the socket, LUN or user; "" for none */
};

/* Takes a text apart. -EINVAL when it is none of these. */
int uri_parse(const char *text, struct uri *ret_uri);

/* Whether it says where a file is downloaded from: http[s]://HOST[:PORT][/...] or file:///PATH, of
 * the characters of RFC 3986, without user name and password. */
#define URL_LENGTH_MAX 2047
bool url_is_valid(const char *text);
