/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/loaded.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cmd/generate.h"

/* Where the system manager has its generators write (systemd.generator(7)). */
#define LOADED "/run/systemd/generator"
#define TEMPORARY "units"
#define FILE_BYTES_MAX ((size_t)4 * 1024 * 1024)

/* Of the directories that other generators write into, too, only what is ours counts. */
static bool is_ours(const char *name)
{
	return strncmp(name, "vm@", 3) == 0 || strncmp(name, "vm-", 3) == 0 ||
	       strncmp(name, "vmlet", 5) == 0 || strncmp(name, "vms.", 4) == 0;
}

static DIR *open_stream(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	if (!stream)
		close_fd(&fd);
	return stream;
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static bool files_differ(int a, int b, const char *name)
{
	struct buf one CLEANUP(buf_done) = {0};
	struct buf other CLEANUP(buf_done) = {0};
	return file_read_at(a, name, FILE_BYTES_MAX, &one) < 0 ||
	       file_read_at(b, name, FILE_BYTES_MAX, &other) < 0 || one.length != other.length ||
	       memcmp(buf_text(&one), buf_text(&other), one.length) != 0;
}

static bool links_differ(int a, int b, const char *name)
{
	char one[256];
	char other[256];
	ssize_t length = readlinkat(a, name, one, sizeof(one));
	return length < 0 || readlinkat(b, name, other, sizeof(other)) != length ||
	       memcmp(one, other, (size_t)length) != 0;
}

static bool directories_differ(int a, int b, const char *name, bool shared);

/* How many entries of a directory count. */
static size_t count_entries(int fd, bool shared)
{
	size_t count = 0;
	DIR *stream = open_stream(fd, ".");
	for (struct dirent *entry; stream && (entry = readdir(stream));)
		count += !is_dots(entry->d_name) && (!shared || is_ours(entry->d_name));
	if (stream)
		closedir(stream);
	return count;
}

static bool entries_differ(int a, int b, bool shared)
{
	bool differ = count_entries(a, shared) != count_entries(b, shared);
	DIR *stream = differ ? NULL : open_stream(a, ".");
	if (!stream)
		return true;
	for (struct dirent *entry; !differ && (entry = readdir(stream));) {
		const char *name = entry->d_name;
		if (is_dots(name))
			continue;
		if (entry->d_type == DT_DIR)
			differ = directories_differ(a, b, name, shared && !is_ours(name));
		else if (entry->d_type == DT_LNK)
			differ = links_differ(a, b, name);
		else
			differ = files_differ(a, b, name);
	}
	closedir(stream);
	return differ;
}

static bool directories_differ(int a, int b, const char *name, bool shared)
{
	int one AUTO_CLOSE = openat(a, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int other AUTO_CLOSE = openat(b, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return one < 0 || other < 0 || entries_differ(one, other, shared);
}

static void remove_tree(int parent, const char *name)
{
	DIR *stream = open_stream(parent, name);
	for (struct dirent *entry; stream && (entry = readdir(stream));) {
		if (is_dots(entry->d_name))
			continue;
		if (entry->d_type == DT_DIR)
			remove_tree(dirfd(stream), entry->d_name);
		else
			unlinkat(dirfd(stream), entry->d_name, 0);
	}
	if (stream)
		closedir(stream);
	unlinkat(parent, name, AT_REMOVEDIR);
}

int loaded_differs(const struct set *set, const struct strings *running, const char *directory,
	struct error *error)
{
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/" TEMPORARY, directory);
	/* One that was killed has left it. */
	remove_tree(AT_FDCWD, path);
	int r = generate(set, running, path, LOADED, error);
	if (r == 0) {
		int one AUTO_CLOSE = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		bool none = one < 0 && errno == ENOENT;
		int other AUTO_CLOSE = open(LOADED, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (none)
			r = other >= 0 && count_entries(other, true) > 0;
		else if (one < 0)
			r = error_set_errno(error, errno, "cannot open %s", path);
		else
			r = other < 0 ? count_entries(one, true) > 0
				      : entries_differ(one, other, true);
	}
	remove_tree(AT_FDCWD, path);
	return r;
}
