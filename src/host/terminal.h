/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The person's terminal. */
#pragma once

#include "base/error.h"

enum terminal_end {
	TERMINAL_LEFT,	 /* the person typed the escape character */
	TERMINAL_CLOSED, /* the other side closed the connection */
};

/* Connects standard input and output with a socket until the other side closes it; on a terminal
 * raw, so that every key but the escape character, which leaves, reaches the other side. The end of
 * standard input only ends sending. The terminal is as before afterwards. */
int terminal_connect(int socket_fd, char escape, enum terminal_end *ret_end, struct error *error);
