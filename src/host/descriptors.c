/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/descriptors.h"

#include <linux/close_range.h>
#include <string.h>
#include <systemd/sd-daemon.h>

int descriptors_receive(struct descriptors *ret_descriptors, struct error *error)
{
	char **names = NULL;
	int count = sd_listen_fds_with_names(1, &names);
	if (count < 0)
		return error_set_errno(error, -count, "cannot read the passed descriptors");
	*ret_descriptors = (struct descriptors){count ? names : NULL};
	return 0;
}

int descriptors_take(const struct descriptors *descriptors, const char *name)
{
	for (int i = 0; descriptors->names && descriptors->names[i]; i++) {
		if (strcmp(descriptors->names[i], name) != 0)
			continue;
		int r = sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s", name);
		return r < 0 ? r : SD_LISTEN_FDS_START + i;
	}
	return -ENOENT;
}

int descriptors_place(const struct descriptors *descriptors, const char *name, int number)
{
	int fd = descriptors_take(descriptors, name);
	if (fd < 0)
		return fd;
	return dup2(fd, number) < 0 ? -errno : 0;
}

int descriptors_close_below(int limit)
{
	return close_range(3, (unsigned)limit - 1, CLOSE_RANGE_CLOEXEC) < 0 ? -errno : 0;
}

void descriptors_done(struct descriptors *descriptors)
{
	for (int i = 0; descriptors->names && descriptors->names[i]; i++)
		free(descriptors->names[i]);
	free(descriptors->names);
	descriptors->names = NULL;
}
