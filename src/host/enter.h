/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A process of root's that goes to where a service is, and becomes its user: the way into a sandbox
 * that is there already, where systemd would build another of its like. */
#pragma once

#include "base/error.h"

/* Joins the namespaces of a process (setns(2)), those of users among them, and gives up all that is
 * root's, for the owner of a directory: groups, identity, capabilities, and that any program it
 * runs could give more. Nothing is done for who is not root. On an error the process must end. */
int enter_service(pid_t pid, int pidfd, int directory_fd, struct error *error);
