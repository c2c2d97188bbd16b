/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/terminal.h"

#include <poll.h>
#include <string.h>
#include <termios.h>

#include "base/file.h"

/* Copies what is there. Returns 0 at the input's end, 1 to go on, 2 at the escape character. */
static int copy_block(int from, int to, const char *escape)
{
	char block[4096];
	ssize_t count = read(from, block, sizeof(block));
	if (count < 0 && (errno == EINTR || errno == EAGAIN))
		return 1;
	if (count == 0 || (count < 0 && errno == ECONNRESET))
		return 0;
	if (count < 0)
		return -errno;
	const char *typed = escape ? memchr(block, *escape, (size_t)count) : NULL;
	int r = file_write_all(to, block, typed ? (size_t)(typed - block) : (size_t)count);
	if (r < 0)
		return r;
	return typed ? 2 : 1;
}

static int relay(int socket_fd, const char *escape, enum terminal_end *ret_end)
{
	struct pollfd items[] = {
		{.fd = STDIN_FILENO, .events = POLLIN},
		{.fd = socket_fd, .events = POLLIN},
	};
	for (;;) {
		if (poll(items, 2, -1) < 0 && errno != EINTR)
			return -errno;
		if (items[1].revents) {
			int r = copy_block(socket_fd, STDOUT_FILENO, NULL);
			*ret_end = TERMINAL_CLOSED;
			if (r <= 0)
				return r;
		}
		if (items[0].revents) {
			int r = copy_block(STDIN_FILENO, socket_fd, escape);
			*ret_end = TERMINAL_LEFT;
			if (r < 0 || r == 2)
				return r < 0 ? r : 0;
			if (r == 0)
				items[0].fd = -1; /* poll(2) passes over it */
		}
	}
}

int terminal_connect(int socket_fd, char escape, enum terminal_end *ret_end, struct error *error)
{
	struct termios before;
	bool raw = tcgetattr(STDIN_FILENO, &before) == 0;
	if (raw) {
		struct termios during = before;
		cfmakeraw(&during);
		if (tcsetattr(STDIN_FILENO, TCSANOW, &during) < 0)
			return error_set_errno(error, errno, "cannot set the terminal to raw");
	}
	int r = relay(socket_fd, raw ? &escape : NULL, ret_end);
	if (raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	return r < 0 ? error_set_errno(error, -r, "the connection broke") : 0;
}
