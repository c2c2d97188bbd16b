/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Programs that read what guests wrote, run as the VM's own user in a unit of their own,
 * vm-storage-NAME.service, with the template's sandbox and the VM's state directory. Of one VM
 * there is one at a time, and the VM's start waits for its end.
 */
#pragma once

#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"
#include "plan/plan.h"

/* Where files of the host are inside. */
#define SANDBOX_FILES "/run/vmlet/storage"

/* What the sandbox lets through besides: a file of the host at a path of its own inside. */
struct sandbox_file {
	const char *host;
	const char *inside;
	bool writable;
};

struct sandbox {
	const struct plan *plan;
	const struct sandbox_file *files;
	size_t file_count;
};

/* Runs "vmlet-storage NAME ARGUMENTS...", NULL-terminated, waits, and adds what it wrote to the
 * output, of at most 1 MiB. Otherwise an error that holds the end of its messages; -EBUSY when
 * another is under way. */
int sandbox_run(const struct sandbox *sandbox, const char *const arguments[], struct buf *output,
	struct error *error);

/* Starts the same with a connected socket as its standard input and output, and returns the process
 * to wait for. It ends when the other end of the socket is closed. */
int sandbox_start(const struct sandbox *sandbox, const char *const arguments[], int socket_fd,
	pid_t *ret_pid, struct error *error);
