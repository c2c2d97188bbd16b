/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stream sockets with a name in the file system (unix(7)). All are closed on execve(2) and do not
 * block: connect(2) would wait without end for a stopped process whose queue is full. */
#pragma once

/* Connects to one. Returns its descriptor, or negative errno; -ENAMETOOLONG for a path that does
 * not fit. */
int unix_socket_connect(const char *path);

/* Makes one that listens, in the place of one that is there. */
int unix_socket_listen(const char *path);
