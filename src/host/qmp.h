/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client of QEMU's monitor protocol (QEMU, docs/interop/qmp-spec.txt and qemu-qmp-ref(7)). */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "host/qmp-stream.h"

struct qmp {
	int fd;
	struct qmp_stream stream;
};

/* Connects to a socket, or takes a connected one over, and ends the capabilities negotiation. Each
 * answer may take timeout_usec; -ETIMEDOUT when it does not come. */
int qmp_connect(struct qmp *ret_qmp, const char *path, uint64_t timeout_usec, struct error *error);
int qmp_take(struct qmp *ret_qmp, int fd, uint64_t timeout_usec, struct error *error);

/* Runs a command and returns what it answers; ret_answer may be NULL. arguments is a reference
 * given away, NULL for none. Events that arrive meanwhile are dropped. -EPROTO when QEMU refuses.
 */
int qmp_execute(struct qmp *qmp, const char *command, json_t *arguments, uint64_t timeout_usec,
	json_t **ret_answer, struct error *error);

/* The same with a descriptor, which QEMU gets a copy of. */
int qmp_execute_fd(struct qmp *qmp, const char *command, json_t *arguments, int fd,
	uint64_t timeout_usec, json_t **ret_answer, struct error *error);

void qmp_done(struct qmp *qmp);
