/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/specdir.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/file.h"
#include "spec/node.h"
#include "spec/scalar.h"

#define SUFFIX ".yaml"

/* A file that counts unless an earlier directory has one with the same name. */
struct entry {
	const char *name;
	size_t directory;
	bool regular; /* as the directory says, so no link */
};

struct directory {
	const char *path;
	int fd;
};

struct reader {
	struct arena *arena;
	struct diags *diags;
	struct buf text;
	struct directory *directories;
	size_t directory_count;
	struct entry *entries;
	size_t entry_count;
};

static void refuse_path(struct reader *reader, const char *path, const char *code, const char *hint,
	const char *message)
{
	struct source *source = arena_alloc(reader->arena, sizeof(*source));
	if (!source) {
		reader->diags->out_of_memory = true;
		return;
	}
	*source = (struct source){.file = path, .text = ""};
	diag_add(reader->diags, SEVERITY_ERROR, (struct place){.source = source}, code, hint, "%s",
		message);
}

/* openat2(2): the whole way from the directory to the file stays below the directory. */
static int open_beneath(int directory, const char *name, uint64_t flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = directory == AT_FDCWD ? RESOLVE_NO_MAGICLINKS
						 : RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(SYS_openat2, directory, name, &how, sizeof(how));
	return fd < 0 ? -errno : fd;
}

/* Looks at a file without opening it for reading: to open a device or a FIFO can act by itself. */
static int check_kind(int directory, const char *name)
{
	int fd AUTO_CLOSE = open_beneath(directory, name, O_PATH);
	struct stat status;
	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	return S_ISREG(status.st_mode) ? 0 : -EINVAL;
}

/* Returns a descriptor, or why there is none: -EINVAL not a regular file, -EXDEV a link that leads
 * out, -EPERM writable by everyone. regular says that the directory calls it a regular file. */
static int open_spec(int directory, const char *name, bool regular)
{
	int r = regular ? 0 : check_kind(directory, name);
	if (r < 0)
		return r;
	int fd AUTO_CLOSE = open_beneath(directory, name, O_RDONLY | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	if (status.st_mode & S_IWOTH)
		return -EPERM;
	return TAKE_FD(fd);
}

static void refuse_file(struct reader *reader, struct spec_file *file, int code)
{
	const char *problem = strerror(code);
	const char *hint = NULL;
	if (code == EINVAL)
		problem = "not a regular file";
	else if (code == EILSEQ)
		problem = "its path is not a line of UTF-8 text";
	else if (code == EFBIG)
		problem = "larger than 1 MiB";
	else if (code == EPERM) {
		problem = "writable by everyone";
		hint = "chmod o-w";
	} else if (code == EXDEV) {
		problem = "a link that leads out of the spec directory";
		hint = "put the file itself here, or a relative link to one below";
	}
	file->diag = reader->diags->count;
	file->refused = true;
	refuse_path(reader, file->source.file, "unreadable", hint, problem);
}

static int keep_text(struct reader *reader, struct spec_file *file)
{
	file->source.text = arena_dup(reader->arena, buf_text(&reader->text), reader->text.length);
	file->source.length = reader->text.length;
	return file->source.text ? 0 : -ENOMEM;
}

/* Reads the text, or refuses the file. */
static int read_spec(struct reader *reader, int directory, const char *name, bool regular,
	struct spec_file *file)
{
	int fd AUTO_CLOSE = open_spec(directory, name, regular);
	buf_reset(&reader->text);
	int r = fd < 0 ? fd : file_read_fd(fd, SPEC_BYTES_MAX, &reader->text);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		refuse_file(reader, file, -r);
		return 0;
	}
	return keep_text(reader, file);
}

static bool is_spec_name(const char *name)
{
	size_t length = strlen(name);
	size_t suffix = strlen(SUFFIX);
	return name[0] != '.' && length > suffix && strcmp(name + length - suffix, SUFFIX) == 0;
}

static int list_directory(struct reader *reader, size_t index)
{
	int fd = dup(reader->directories[index].fd);
	DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
	if (!stream) {
		if (fd >= 0)
			close(fd);
		return -errno;
	}
	int r = 0;
	for (struct dirent *entry; r == 0 && (entry = readdir(stream));) {
		if (!is_spec_name(entry->d_name))
			continue;
		reader->entries = arena_grow(reader->arena, reader->entries, reader->entry_count,
			sizeof(*reader->entries));
		const char *name = arena_dup(reader->arena, entry->d_name, strlen(entry->d_name));
		if (!reader->entries || !name)
			r = -ENOMEM;
		else
			reader->entries[reader->entry_count++] =
				(struct entry){name, index, entry->d_type == DT_REG};
	}
	closedir(stream);
	return r;
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *left = a;
	const struct entry *right = b;
	/* "web.yaml" comes before "web-2.yaml". */
	size_t left_length = strlen(left->name) - strlen(SUFFIX);
	size_t right_length = strlen(right->name) - strlen(SUFFIX);
	size_t shared = left_length < right_length ? left_length : right_length;
	int order = memcmp(left->name, right->name, shared);
	if (!order)
		order = (left_length > right_length) - (left_length < right_length);
	if (order)
		return order;
	return (left->directory > right->directory) - (left->directory < right->directory);
}

static int open_directories(struct reader *reader, const char *search_path)
{
	while (*search_path) {
		size_t length = strcspn(search_path, ":");
		const char *path = arena_dup(reader->arena, search_path, length);
		search_path += length + (search_path[length] == ':');
		if (!path)
			return -ENOMEM;
		if (!*path)
			continue;
		int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0) {
			if (errno != ENOENT)
				refuse_path(reader, path, "unreadable", NULL, strerror(errno));
			continue;
		}
		reader->directories = arena_grow(reader->arena, reader->directories,
			reader->directory_count, sizeof(*reader->directories));
		if (!reader->directories) {
			close(fd);
			return -ENOMEM;
		}
		reader->directories[reader->directory_count++] = (struct directory){path, fd};
		int r = list_directory(reader, reader->directory_count - 1);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_mask(int directory, const char *name)
{
	char target[sizeof("/dev/null") + 1];
	ssize_t length = readlinkat(directory, name, target, sizeof(target));
	return length == (ssize_t)strlen("/dev/null") &&
	       memcmp(target, "/dev/null", (size_t)length) == 0;
}

static int name_file(struct arena *arena, const char *path, struct spec_file *file)
{
	const char *name = strrchr(path, '/');
	name = name ? name + 1 : path;
	size_t length = strlen(name);
	if (is_spec_name(name))
		length -= strlen(SUFFIX);
	*file = (struct spec_file){
		.source = {.file = path, .text = ""},
		.base_name = arena_dup(arena, name, length),
	};
	return file->base_name ? 0 : -ENOMEM;
}

static int read_entries(struct reader *reader, struct spec_files *files)
{
	if (reader->entry_count == 0)
		return 0;
	qsort(reader->entries, reader->entry_count, sizeof(*reader->entries), compare_entries);
	files->items = arena_alloc(reader->arena, reader->entry_count * sizeof(*files->items));
	if (!files->items)
		return -ENOMEM;
	for (size_t i = 0; i < reader->entry_count; i++) {
		const struct entry *entry = &reader->entries[i];
		const struct directory *directory = &reader->directories[entry->directory];
		if (i > 0 && strcmp(entry[-1].name, entry->name) == 0)
			continue;
		if (!entry->regular && is_mask(directory->fd, entry->name))
			continue;
		struct spec_file *file = &files->items[files->count++];
		const char *path =
			arena_join(reader->arena, directory->path, "/", entry->name, NULL);
		if (!path || name_file(reader->arena, path, file) < 0)
			return -ENOMEM;
		int r = 0;
		/* The unit names the file: a line break would begin a directive, and systemd reads
		 * UTF-8 only. */
		if (scalar_is_line(path))
			r = read_spec(reader, directory->fd, entry->name, entry->regular, file);
		else
			refuse_file(reader, file, EILSEQ);
		if (r < 0)
			return r;
	}
	return 0;
}

static int finish(struct reader *reader, int r)
{
	for (size_t i = 0; i < reader->directory_count; i++)
		close(reader->directories[i].fd);
	buf_done(&reader->text);
	return reader->diags->out_of_memory ? -ENOMEM : r;
}

int specdir_read(struct arena *arena, const char *search_path, struct diags *diags,
	struct spec_files *ret_files)
{
	struct reader reader = {.arena = arena, .diags = diags};
	struct spec_files files = {0};
	int r = open_directories(&reader, search_path);
	if (r == 0)
		r = read_entries(&reader, &files);
	r = finish(&reader, r);
	if (r == 0)
		*ret_files = files;
	return r;
}

int specdir_read_stream(
	struct arena *arena, int fd, struct diags *diags, struct spec_file *ret_file)
{
	struct reader reader = {.arena = arena, .diags = diags};
	*ret_file = (struct spec_file){.source.file = "<stdin>", .base_name = "stdin"};
	int r = file_read_fd(fd, SPEC_BYTES_MAX, &reader.text);
	if (r == 0)
		r = keep_text(&reader, ret_file);
	else if (r != -ENOMEM) {
		refuse_file(&reader, ret_file, -r);
		r = 0;
	}
	return finish(&reader, r);
}

int specdir_read_file(
	struct arena *arena, const char *path, struct diags *diags, struct spec_file *ret_file)
{
	struct reader reader = {.arena = arena, .diags = diags};
	const char *copy = arena_dup(arena, path, strlen(path));
	int r = copy ? name_file(arena, copy, ret_file) : -ENOMEM;
	if (r == 0)
		r = read_spec(&reader, AT_FDCWD, path, false, ret_file);
	return finish(&reader, r);
}
