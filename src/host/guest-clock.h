/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clock of a guest that did not run for a while: it has it wrong by as much. */
#pragma once

#include "host/qmp.h"

/* What the agent's guest-set-time takes: the time now. Its text fits into size bytes. */
#define GUEST_CLOCK_BYTES 64
void guest_clock_arguments(char text[GUEST_CLOCK_BYTES]);

/* Has the guest agent, where there is one, set the clock of the VM. timeout_usec is for each of the
 * two, QEMU and the agent. */
void guest_clock_set(const char *vm, struct qmp *qmp, uint64_t timeout_usec);
