/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/unix-socket.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/macros.h"

/* Returns a new socket, with the address that it is to have. */
static int make_socket(const char *path, struct sockaddr_un *ret_address)
{
	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if ((size_t)snprintf(ret_address->sun_path, sizeof(ret_address->sun_path), "%s", path) >=
		sizeof(ret_address->sun_path))
		return -ENAMETOOLONG;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return fd < 0 ? -errno : fd;
}

int unix_socket_connect(const char *path)
{
	struct sockaddr_un address;
	int fd AUTO_CLOSE = make_socket(path, &address);
	if (fd < 0)
		return fd;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int unix_socket_listen(const char *path)
{
	struct sockaddr_un address;
	int fd AUTO_CLOSE = make_socket(path, &address);
	if (fd < 0)
		return fd;
	unlink(path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, SOMAXCONN) < 0)
		return -errno;
	return TAKE_FD(fd);
}
