/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/leases.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "spec/scalar.h"

#define STATE_ROOT "/var/lib/vmlet/network"
#define LEASES_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define FIELDS 4

/* "1795241364 52:54:63:62:cf:ff 10.1.0.154 db 01:52:54:63:62:cf:ff" */
static bool read_lease(char *line, struct lease *ret_lease)
{
	char *fields[FIELDS];
	for (size_t i = 0; i < FIELDS; i++) {
		fields[i] = strsep(&line, " ");
		if (!fields[i])
			return false;
	}
	*ret_lease = (struct lease){
		.mac = fields[1],
		.address = fields[2],
		.name = strcmp(fields[3], "*") == 0 ? NULL : fields[3],
	};
	/* IPv6 leases stand behind a line of their own, and have no MAC address. */
	return scalar_parse_count(fields[0], &ret_lease->expires_sec) == 0 &&
	       strlen(fields[1]) == MAC_TEXT_BYTES - 1;
}

int leases_each(
	const char *network, void (*take)(const struct lease *lease, void *context), void *context)
{
	struct buf text CLEANUP(buf_done) = {0};
	char path[128];
	snprintf(path, sizeof(path), STATE_ROOT "/%s/leases", network);
	int fd AUTO_CLOSE = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	int r = file_read_fd(fd, LEASES_BYTES_MAX, &text);
	if (r < 0)
		return r;
	char *rest = text.data;
	for (char *line; rest && (line = strsep(&rest, "\n"));) {
		struct lease lease;
		if (read_lease(line, &lease))
			take(&lease, context);
	}
	return 0;
}
