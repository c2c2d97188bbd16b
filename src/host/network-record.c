/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/network-record.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

#define ROOT "/run/vmlet/network"
#define STARTED "started"
#define HOSTS "hosts"
#define NAMES "names"

static int open_root(struct error *error)
{
	int fd = open(ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? error_set_errno(error, errno, "cannot open " ROOT) : fd;
}

int record_lock(struct error *error)
{
	int fd AUTO_CLOSE = open_root(error);
	if (fd < 0)
		return fd;
	int lock_fd = file_lock_at(fd);
	return lock_fd < 0 ? error_set_errno(error, -lock_fd, "cannot lock " ROOT) : lock_fd;
}

/* --- reading ------------------------------------------------------------------------------- */

int record_read(const char *name, struct record *ret_record, struct error *error)
{
	char path[256];
	int fd AUTO_CLOSE = open_root(error);
	if (fd < 0)
		return fd;
	snprintf(path, sizeof(path), "%s/" STARTED, name);
	int r = words_read_at(fd, path, &ret_record->words);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return error_set_errno(error, -r, "cannot read " ROOT "/%s", path);
	r = network_config_read(
		ret_record->words.items, ret_record->words.count, &ret_record->config, error);
	ret_record->config.name = name;
	return r;
}

void record_done(struct record *record)
{
	network_config_done(&record->config);
	words_done(&record->words);
}

static bool has_nat(const char *name)
{
	struct record record CLEANUP(record_done) = {0};
	struct error ignored;
	return record_read(name, &record, &ignored) == 0 && record.config.nat;
}

bool record_any_nat(const char *except)
{
	DIR *directory = opendir(ROOT);
	bool any = false;
	for (struct dirent *entry; directory && !any && (entry = readdir(directory));)
		any = entry->d_name[0] != '.' && strcmp(entry->d_name, except) != 0 &&
		      has_nat(entry->d_name);
	if (directory)
		closedir(directory);
	return any;
}

/* --- writing ------------------------------------------------------------------------------- */

/* dnsmasq, which is not root, reads these. */
static int make_directory(int parent, const char *name)
{
	int fd = -1;
	int r = file_open_directory_at(parent, name, 0755, &fd);
	if (r == 0 && fchmod(fd, 0755) < 0) {
		r = -errno;
		close(fd);
	}
	return r < 0 ? r : fd;
}

/* Removes what a killed writer left; who writes has the lock. */
static void sweep(int parent_fd)
{
	int fd = openat(parent_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	if (!directory) {
		close_fd(&fd);
		return;
	}
	for (struct dirent *entry; (entry = readdir(directory));)
		if (entry->d_name[0] == '.' && strcmp(entry->d_name, ".") != 0 &&
			strcmp(entry->d_name, "..") != 0)
			unlinkat(fd, entry->d_name, 0);
	closedir(directory);
}

int record_write(const char *name, char *const words[], size_t count, bool uplink_was_down,
	struct error *error)
{
	int root_fd AUTO_CLOSE = open_root(error);
	if (root_fd < 0)
		return root_fd;
	int fd AUTO_CLOSE = make_directory(root_fd, name);
	int hosts_fd AUTO_CLOSE = fd < 0 ? fd : make_directory(fd, HOSTS);
	int names_fd AUTO_CLOSE = hosts_fd < 0 ? hosts_fd : make_directory(fd, NAMES);
	int r = names_fd < 0 ? names_fd : 0;
	if (r < 0)
		return error_set_errno(error, -r, "cannot write " ROOT "/%s", name);
	sweep(fd);
	sweep(hosts_fd);
	sweep(names_fd);
	r = words_write_at(
		fd, STARTED, words, count, uplink_was_down ? "uplink-was-down=yes" : NULL);
	return r < 0 ? error_set_errno(error, -r, "cannot write " ROOT "/%s", name) : 0;
}

static void empty_directory(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	if (!directory) {
		close_fd(&fd);
		return;
	}
	for (struct dirent *entry; (entry = readdir(directory));)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlinkat(fd, entry->d_name, 0);
	closedir(directory);
	unlinkat(parent, name, AT_REMOVEDIR);
}

int record_remove(const char *name, struct error *error)
{
	int root_fd AUTO_CLOSE = open_root(error);
	if (root_fd < 0)
		return root_fd;
	int fd AUTO_CLOSE = openat(root_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT
			       ? 0
			       : error_set_errno(error, errno, "cannot open " ROOT "/%s", name);
	empty_directory(fd, HOSTS);
	empty_directory(fd, NAMES);
	empty_directory(root_fd, name);
	return 0;
}

int record_write_host(const char *network, const char *tap, const struct buf *host,
	const struct buf *name, struct error *error)
{
	char path[256];
	int root_fd AUTO_CLOSE = open_root(error);
	if (root_fd < 0)
		return root_fd;
	int fd AUTO_CLOSE = openat(root_fd, network, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	snprintf(path, sizeof(path), HOSTS "/%s", tap);
	int r = file_replace_at(fd, path, buf_text(host), host->length, 0644, false);
	snprintf(path, sizeof(path), NAMES "/%s", tap);
	if (r == 0)
		r = name->length
			    ? file_replace_at(fd, path, buf_text(name), name->length, 0644, false)
			    : 0;
	return r < 0 ? error_set_errno(error, -r, "cannot write " ROOT "/%s/%s", network, path) : 0;
}
