/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/start-slot.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/file.h"

#define RUNTIME_DIRECTORY "/run/vmlet"
#define SLOTS "starts"
#define TRY_INTERVAL_USEC 50000
#define TRIES_A_SECOND 20

/* Returns the locked file, or -EWOULDBLOCK. */
static int try_slot(int directory_fd, uint64_t number)
{
	char name[32];
	snprintf(name, sizeof(name), "%" PRIu64, number);
	int fd AUTO_CLOSE =
		openat(directory_fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int try_slots(int directory_fd, uint64_t slots)
{
	int r = -EWOULDBLOCK;
	for (uint64_t i = 0; i < slots && r == -EWOULDBLOCK; i++)
		r = try_slot(directory_fd, i);
	return r;
}

int start_slot_take(
	uint64_t slots, void (*waits)(void *context), void *context, struct error *error)
{
	int root_fd AUTO_CLOSE = open(RUNTIME_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int directory_fd AUTO_CLOSE = -1;
	int r = root_fd < 0 ? -errno : file_open_directory_at(root_fd, SLOTS, 0700, &directory_fd);
	for (uint64_t i = 0; r == 0; i++) {
		r = try_slots(directory_fd, slots);
		if (r != -EWOULDBLOCK)
			break;
		r = 0;
		if (i % TRIES_A_SECOND == 0)
			waits(context);
		usleep(TRY_INTERVAL_USEC);
	}
	return r < 0 ? error_set_errno(error, -r, "cannot wait in " RUNTIME_DIRECTORY "/" SLOTS)
		     : r;
}

void start_slot_release(int fd)
{
	if (fd >= 0)
		flock(fd, LOCK_UN);
}
