/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/enter.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>

static const struct {
	const char *name;
	int flag;
} namespaces[] = {
	{"user", CLONE_NEWUSER},
	{"mnt", CLONE_NEWNS},
	{"net", CLONE_NEWNET},
	{"ipc", CLONE_NEWIPC},
	{"uts", CLONE_NEWUTS},
};

/* Those of a process that are not this one's: who is in one cannot join it. Negative errno. */
static int find_others(pid_t pid)
{
	int flags = 0;
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		char own[64];
		char other[64];
		struct stat here;
		struct stat there;
		snprintf(own, sizeof(own), "/proc/self/ns/%s", namespaces[i].name);
		snprintf(other, sizeof(other), "/proc/%d/ns/%s", (int)pid, namespaces[i].name);
		if (stat(own, &here) < 0 || stat(other, &there) < 0)
			return -errno;
		if (here.st_ino != there.st_ino || here.st_dev != there.st_dev)
			flags |= namespaces[i].flag;
	}
	return flags;
}

static int become(const struct stat *owner)
{
	if (setresgid(owner->st_gid, owner->st_gid, owner->st_gid) < 0 ||
		setresuid(owner->st_uid, owner->st_uid, owner->st_uid) < 0 ||
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return geteuid() == 0 ? -EPERM : 0;
}

int enter_service(pid_t pid, int pidfd, int directory_fd, struct error *error)
{
	struct stat owner;
	if (geteuid() != 0)
		return 0;
	int r = fstat(directory_fd, &owner) < 0 ? -errno : owner.st_uid == 0 ? -EPERM : 0;
	int flags = r < 0 ? r : find_others(pid);
	/* Groups while it is the host's root who asks. */
	r = flags < 0 ? flags : setgroups(0, NULL) < 0 ? -errno : 0;
	if (r == 0 && flags)
		r = setns(pidfd, flags) < 0 ? -errno : 0;
	if (r == 0)
		r = become(&owner);
	return r < 0 ? error_set_errno(error, -r, "cannot go to where QEMU is") : 0;
}
