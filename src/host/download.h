/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file from the network, through libcurl. Runs unprivileged; what was cut off goes on where it
 * ended. */
#pragma once

#include <stdint.h>

#include "base/error.h"

struct download {
	const char *url;
	uint64_t limit_bytes;
	/* Called about once a second; total_bytes is 0 when the server does not say. */
	void (*progress)(uint64_t bytes, uint64_t total_bytes);
};

/* Makes directory/file hold what is at the URL, going on with what is there already if the server
 * still has the same. A connection that breaks is made again, until five in a row bring nothing.
 * -EFBIG when it is over the limit, -ENOSPC when there is no room; nothing is left then. On -EIO
 * and -ETIMEDOUT what came stays for the next time. */
int download_file(const struct download *download, const char *directory, const char *file,
	struct error *error);
