/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest's state on disk: its memory and devices, in the VM's state directory, beside the disks
 * that go with it. While it is there the disks must not change; the next start takes it up, and
 * removes it before the guest runs, so that it is taken up once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "host/qmp.h"

struct suspend_progress {
	uint64_t done_bytes;
	uint64_t total_bytes;
};

/* Has QEMU, at its monitor, write the guest's state, for which the guest is paused, and leaves it
 * with nothing more to do than to end. directory_fd is the VM's state directory, spec what it was
 * booted with. progress is called now and then, and says by false that it is to end. On an error,
 * -EINTR for that, the guest runs on. */
int suspend_save(struct qmp *qmp, int directory_fd, const char *spec, size_t spec_length,
	bool (*progress)(const struct suspend_progress *progress, void *context), void *context,
	struct error *error);

/* Whether there is a state in the directory; -1 for a VM by its name. */
bool suspend_is_there(int directory_fd);
bool suspend_is_of(const char *vm);

/* Removes it. Returns negative errno; -ENOENT when there is none. */
int suspend_discard(int directory_fd);

/* Opens the state for QEMU, when there is one: -ENOENT when not. -EUCLEAN when it was made with
 * another spec than this one. */
int suspend_open(int directory_fd, const char *spec, size_t spec_length);
