/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/watches.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Links that lead to links: as many as the kernel follows (path_resolution(7)). */
#define LINKS_MAX 40

struct finder {
	struct arena *arena;
	struct strings paths;
	bool failed;
};

static void add(struct finder *finder, const char *path)
{
	for (size_t i = 0; i < finder->paths.count; i++)
		if (strcmp(finder->paths.items[i], path) == 0)
			return;
	const char *kept = arena_dup(finder->arena, path, strlen(path));
	const char **items = arena_grow(finder->arena, finder->paths.items, finder->paths.count,
		sizeof(*finder->paths.items));
	if (!kept || !items) {
		finder->failed = true;
		return;
	}
	finder->paths.items = items;
	finder->paths.items[finder->paths.count++] = kept;
}

/* Adds where the directory of a link really is. */
static void add_parent(struct finder *finder, const char *path)
{
	char parent[PATH_MAX];
	char real[PATH_MAX];
	const char *slash = strrchr(path, '/');
	snprintf(parent, sizeof(parent), "%.*s", slash > path ? (int)(slash - path) : 1, path);
	if (realpath(parent, real))
		add(finder, real);
}

/* What is left of a path when one of its links is followed once; false when it has none. */
static bool follow(struct finder *finder, char path[PATH_MAX])
{
	char target[PATH_MAX];
	char next[PATH_MAX];
	for (size_t length = 1; path[length - 1]; length++) {
		length += strcspn(path + length, "/");
		char before[PATH_MAX];
		snprintf(before, sizeof(before), "%.*s", (int)length, path);
		ssize_t size = readlink(before, target, sizeof(target) - 1);
		if (size < 0) {
			if (!path[length])
				return false;
			continue;
		}
		target[size] = '\0';
		add_parent(finder, before);
		const char *slash = strrchr(before, '/');
		int used = *target == '/'
				   ? snprintf(next, sizeof(next), "%s%s", target, path + length)
				   : snprintf(next, sizeof(next), "%.*s/%s%s",
					     (int)(slash - before), before, target, path + length);
		if (used < 0 || (size_t)used >= sizeof(next))
			return false;
		memcpy(path, next, (size_t)used + 1);
		return true;
	}
	return false;
}

/* Links in it, such as web.yaml to ..data/web.yaml, lead to files below it. */
static void add_targets(struct finder *finder, const char *directory)
{
	DIR *stream = opendir(directory);
	for (struct dirent *entry; stream && (entry = readdir(stream));) {
		char path[PATH_MAX];
		char real[PATH_MAX];
		if (entry->d_type != DT_LNK)
			continue;
		int used = snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		struct stat status;
		if (used >= (int)sizeof(path) || !realpath(path, real) || stat(real, &status) < 0)
			continue;
		if (S_ISREG(status.st_mode))
			add_parent(finder, real);
		else if (S_ISDIR(status.st_mode))
			add(finder, real);
	}
	if (stream)
		closedir(stream);
}

int watches_list(struct arena *arena, const char *search_path, struct strings *ret_paths)
{
	struct finder finder = {.arena = arena};
	while (*search_path) {
		size_t length = strcspn(search_path, ":");
		char path[PATH_MAX];
		char real[PATH_MAX];
		snprintf(path, sizeof(path), "%.*s", (int)length, search_path);
		search_path += length + (search_path[length] == ':');
		if (*path != '/' || !realpath(path, real))
			continue;
		for (int i = 0; i < LINKS_MAX && follow(&finder, path); i++)
			;
		add_targets(&finder, real);
		if (finder.paths.count)
			add(&finder, real);
	}
	*ret_paths = finder.paths;
	return finder.failed ? -ENOMEM : 0;
}
