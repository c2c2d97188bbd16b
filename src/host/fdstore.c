/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/fdstore.h"

#include <stdio.h>
#include <systemd/sd-daemon.h>

#define SYNC_TIMEOUT_USEC UINT64_C(10000000)

static int check(int result, const char *name, struct error *error)
{
	if (result > 0)
		return 0;
	if (result == 0)
		return error_set(error, ENOTCONN,
			"systemd does not listen ($NOTIFY_SOCKET): run this from a unit");
	return error_set_errno(error, -result, "cannot tell systemd about descriptor %s", name);
}

int fdstore_sync(struct error *error)
{
	return check(sd_notify_barrier(0, SYNC_TIMEOUT_USEC), "(barrier)", error);
}

int fdstore_remove(const char *name, struct error *error)
{
	return check(sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s", name), name, error);
}

int fdstore_add(const char *name, int fd, struct error *error)
{
	char state[320];
	/* systemd drops what hangs up otherwise, as a socket that is not connected does. */
	snprintf(state, sizeof(state), "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name);
	return check(sd_pid_notify_with_fds(0, 0, state, &fd, 1), name, error);
}
