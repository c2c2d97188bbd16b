/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/sysctl.h"

#include <fcntl.h>
#include <stdio.h>

static int open_switch(const char *path, int flags)
{
	char full[256];
	snprintf(full, sizeof(full), "/proc/sys/%s", path);
	return open(full, flags | O_CLOEXEC);
}

bool sysctl_is(const char *path, char value)
{
	char now = '\0';
	int fd AUTO_CLOSE = open_switch(path, O_RDONLY);
	return fd >= 0 && read(fd, &now, 1) == 1 && now == value;
}

int sysctl_switch_on(const char *path, struct error *error)
{
	if (sysctl_is(path, '1'))
		return 0;
	int fd AUTO_CLOSE = open_switch(path, O_WRONLY);
	if (fd < 0 || write(fd, "1", 1) != 1)
		return error_set_errno(error, errno, "cannot set /proc/sys/%s to 1", path);
	return 0;
}
