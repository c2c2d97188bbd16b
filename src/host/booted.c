/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/booted.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/file.h"

static int replace(int fd, const char *name, const char *data, size_t length)
{
	return file_replace_for_owner_at(fd, name, data, length, 0600, false);
}

int booted_write(
	const struct vm *vm, int directory_fd, const char *spec, size_t length, struct error *error)
{
	char timeout[32];
	int used = snprintf(timeout, sizeof(timeout), "%" PRIu64 "\n", vm->stop_timeout_usec);
	int r = replace(directory_fd, PLAN_STOP_TIMEOUT_FILE, timeout, (size_t)used);
	if (r == 0 && vm->on_host_shutdown == HOST_SHUTDOWN_SUSPEND)
		r = replace(directory_fd, PLAN_SHUTDOWN_SUSPENDS_FILE, "", 0);
	else if (r == 0 && unlinkat(directory_fd, PLAN_SHUTDOWN_SUSPENDS_FILE, 0) < 0 &&
		 errno != ENOENT)
		r = -errno;
	if (r == 0)
		r = replace(directory_fd, PLAN_SPEC_FILE, spec, length);
	return r < 0 ? error_set_errno(error, -r, "cannot write what %s was booted with", vm->name)
		     : 0;
}
