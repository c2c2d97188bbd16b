/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What stays of vmlet-run beside QEMU: a process that tells systemd when the guest is ready, that
 * it lives and what it does (sd_notify(3)), the journal what happens, and serves the console. QEMU
 * runs on without it; a process above it starts it again when it is killed.
 */
#pragma once

#include "base/error.h"
#include "plan/plan.h"

/* The supervisor's ends; -1 where there is none. */
struct supervisor_files {
	int qmp;
	int serial;
	int serial_listener;
	int tcp;
	int notify_listener;
	int state_directory;
	int slot;	/* given back when the VM is ready */
	bool suspended; /* QEMU loads the state that is in the latter */
};

/* Starts it; what it does in its processes ends with QEMU. The plan must stay as it is, as they are
 * copies of this one; the descriptors stay the caller's to close. argv is main()'s, of argc words:
 * in its own processes it is overwritten, so that ps(1) tells them from QEMU. */
int supervisor_start(const struct plan *plan, const struct supervisor_files *files, int argc,
	char **argv, struct error *error);
