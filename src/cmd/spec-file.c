/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/spec-file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/install.h"

/* Where the file system or the privileges do not allow to make it whole at once. */
static int write_new(int directory, const char *name, const struct buf *text)
{
	int fd AUTO_CLOSE =
		openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	int r = file_write_all(fd, buf_text(text), text->length);
	if (r < 0)
		unlinkat(directory, name, 0);
	return r;
}

int spec_file_write(const char *path, const struct buf *text, struct error *error)
{
	const char *name = strrchr(path, '/') + 1;
	char directory[PATH_MAX];
	snprintf(directory, sizeof(directory), "%.*s", (int)(name - path), path);
	int fd AUTO_CLOSE = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(error, errno, "cannot open the directory of %s", path);
	int r = file_create_at(fd, name, buf_text(text), text->length, 0644);
	if (r < 0 && r != -EEXIST)
		r = write_new(fd, name, text);
	if (r == -EEXIST)
		return error_set(error, EEXIST, "%s exists already: it stays as it is", path);
	return r < 0 ? error_set_errno(error, -r, "cannot write %s", path) : 0;
}

const char *spec_file_path(struct arena *arena, const char *name)
{
	const char *search_path = getenv("VMLET_PATH");
	if (!search_path)
		search_path = INSTALL_SPEC_PATH;
	search_path += strspn(search_path, ":");
	char *directory = arena_dup(arena, search_path, strcspn(search_path, ":"));
	return directory ? arena_join(arena, directory, "/", name, ".yaml", NULL) : NULL;
}
