/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/opened.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "host/filter.h"
#include "host/network.h"

#define PARENT "/run/vmlet"
#define ROOT "/run/vmlet/taps"

bool opened_leaves(const struct port *port)
{
	return port->link || port->mac_filter || port->ip_filter;
}

bool opened_any(const char *vm)
{
	char path[128];
	snprintf(path, sizeof(path), ROOT "/%s", vm);
	return access(path, F_OK) == 0;
}

static int open_root(struct error *error)
{
	if ((mkdir(PARENT, 0755) < 0 && errno != EEXIST) ||
		(mkdir(ROOT, 0755) < 0 && errno != EEXIST))
		return error_set_errno(error, errno, "cannot make " ROOT);
	int fd = open(ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? error_set_errno(error, errno, "cannot open " ROOT) : fd;
}

static int lock_root(int fd, struct error *error)
{
	int lock_fd = file_lock_at(fd);
	return lock_fd < 0 ? error_set_errno(error, -lock_fd, "cannot lock " ROOT) : lock_fd;
}

int opened_lock(struct error *error)
{
	int fd AUTO_CLOSE = open_root(error);
	return fd < 0 ? fd : lock_root(fd, error);
}

static int cannot(struct error *error, int r, const char *what, const char *vm)
{
	return error_set_errno(error, -r, "cannot %s " ROOT "/%s", what, vm);
}

int opened_write(const char *vm, char *const words[], size_t count, struct error *error)
{
	int fd AUTO_CLOSE = open_root(error);
	int lock_fd AUTO_CLOSE = fd < 0 ? fd : lock_root(fd, error);
	if (lock_fd < 0)
		return lock_fd;
	int r = words_write_at(fd, vm, words, count, NULL);
	return r < 0 ? cannot(error, r, "write", vm) : 0;
}

int opened_add(const char *vm, char *word, struct error *error)
{
	struct words words CLEANUP(words_done) = {0};
	int fd AUTO_CLOSE = open_root(error);
	int lock_fd AUTO_CLOSE = fd < 0 ? fd : lock_root(fd, error);
	if (lock_fd < 0)
		return lock_fd;
	int r = words_read_at(fd, vm, &words);
	for (size_t i = 0; r == 0 && i < words.count; i++)
		if (strcmp(words.items[i], word) == 0)
			return 0;
	if (r == 0 || r == -ENOENT)
		r = words_write_at(fd, vm, words.items, words.count, word);
	return r < 0 ? cannot(error, r, "write", vm) : 0;
}

static int undo_one(struct netlink *netlink, char *words, struct error *error)
{
	struct port port;
	struct error later;
	int r = port_read(words, &port, error);
	if (r < 0)
		return r;
	r = port_close(netlink, &port, error);
	int filter = filter_remove_port(&port, r < 0 ? &later : error);
	return r < 0 ? r : filter;
}

int opened_undo(struct netlink *netlink, const char *vm, struct error *error)
{
	struct words words CLEANUP(words_done) = {0};
	int fd AUTO_CLOSE = open_root(error);
	int lock_fd AUTO_CLOSE = fd < 0 ? fd : lock_root(fd, error);
	if (lock_fd < 0)
		return lock_fd;
	int r = words_read_at(fd, vm, &words);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return cannot(error, r, "read", vm);
	for (size_t i = 0; i < words.count; i++) {
		struct error later;
		int one = undo_one(netlink, words.items[i], r < 0 ? &later : error);
		r = r < 0 ? r : one;
	}
	if (r == 0 && unlinkat(fd, vm, 0) < 0)
		r = cannot(error, -errno, "remove", vm);
	return r;
}
