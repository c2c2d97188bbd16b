/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest whose file systems stand still for a moment, through its agent (qemu-ga-ref(7),
 * guest-fsfreeze-*). */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct freeze {
	bool frozen;
	int fd;	   /* the thaw comes when it is closed, by whatever */
	pid_t pid; /* who thaws */
};

/* Freezes the guest of a VM, if it has an agent that can. It thaws with freeze_end(), and if this
 * process dies. */
void freeze_begin(struct freeze *freeze, const char *vm);
void freeze_end(struct freeze *freeze);
