/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The person's terminal. */
#pragma once

#include "base/error.h"

enum terminal_end {
	TERMINAL_LEFT,	 /* the person typed the escape character, or standard input ended */
	TERMINAL_CLOSED, /* the other side closed the connection */
};

/* Connects standard input and output with a socket until one side ends; on a terminal raw, so that
 * every key but the escape character reaches the other side. The terminal is as before afterwards.
 */
int terminal_connect(int socket_fd, char escape, enum terminal_end *ret_end, struct error *error);
