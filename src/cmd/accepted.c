/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/accepted.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "spec/resolved.h"

#define ROOT "/var/lib/vmlet/accepted"
/* A file for each VM that was rolled back: the version's number on the first line, and the resolved
 * spec that it stands in for. */
#define ROLLED_BACK "/var/lib/vmlet/rolled-back"

#define SUFFIX ".yaml"
#define FILE_NAME_BYTES 32
#define DIRECTORY_BYTES (sizeof(ROOT) + NAME_LENGTH_MAX + 2)

static void name_directory(const char *vm, char path[DIRECTORY_BYTES])
{
	snprintf(path, DIRECTORY_BYTES, ROOT "/%s", vm);
}

static void name_file(uint64_t number, char name[FILE_NAME_BYTES])
{
	snprintf(name, FILE_NAME_BYTES, "%" PRIu64 SUFFIX, number);
}

static int open_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

/* 0 for a name that is no version's. */
static uint64_t number_of(const char *name)
{
	char *end = NULL;
	if (*name < '1' || *name > '9')
		return 0;
	uint64_t number = strtoull(name, &end, 10);
	return strcmp(end, SUFFIX) == 0 ? number : 0;
}

/* --- reading ------------------------------------------------------------------------------- */

static int compare_versions(const void *a, const void *b)
{
	const struct accepted_version *left = a;
	const struct accepted_version *right = b;
	return (left->number > right->number) - (left->number < right->number);
}

static int add_version(
	struct arena *arena, int fd, const char *name, struct accepted_versions *versions)
{
	struct stat status;
	uint64_t number = number_of(name);
	if (!number || fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	struct accepted_version *items =
		arena_grow(arena, versions->items, versions->count, sizeof(*items));
	if (!items)
		return -ENOMEM;
	items[versions->count++] =
		(struct accepted_version){number, (uint64_t)status.st_mtim.tv_sec * USEC_SECOND +
							  (uint64_t)status.st_mtim.tv_nsec / 1000};
	versions->items = items;
	return 0;
}

int accepted_list(struct arena *arena, const char *vm, struct accepted_versions *ret_versions,
	struct error *error)
{
	char path[DIRECTORY_BYTES];
	struct accepted_versions versions = {0};
	name_directory(vm, path);
	*ret_versions = versions;
	DIR *stream = opendir(path);
	if (!stream)
		return errno == ENOENT ? 0 : error_set_errno(error, errno, "cannot read %s", path);
	int r = 0;
	for (struct dirent *entry; r == 0 && (entry = readdir(stream));)
		r = add_version(arena, dirfd(stream), entry->d_name, &versions);
	closedir(stream);
	if (r < 0)
		return error_set_errno(error, -r, "cannot read %s", path);
	if (versions.count)
		qsort(versions.items, versions.count, sizeof(*versions.items), compare_versions);
	*ret_versions = versions;
	return 0;
}

int accepted_read(struct resolved_plan *ret, const char *vm, uint64_t number, struct error *error)
{
	char path[DIRECTORY_BYTES];
	char file[FILE_NAME_BYTES];
	name_directory(vm, path);
	name_file(number, file);
	return resolved_plan_read(ret, path, file, vm, error);
}

/* The number of the newest; 0 for none. */
static uint64_t newest(const char *vm)
{
	struct arena arena CLEANUP(arena_done) = {0};
	struct accepted_versions versions;
	struct error ignored;
	if (accepted_list(&arena, vm, &versions, &ignored) < 0 || versions.count == 0)
		return 0;
	return versions.items[versions.count - 1].number;
}

static bool is_text_of(int fd, const char *file, const struct buf *spec)
{
	struct buf text CLEANUP(buf_done) = {0};
	return file_read_at(fd, file, 2 * SPEC_BYTES_MAX, &text) == 0 &&
	       text.length == spec->length &&
	       memcmp(buf_text(&text), buf_text(spec), spec->length) == 0;
}

bool accepted_is_newest(const char *vm, const struct buf *spec)
{
	char path[DIRECTORY_BYTES];
	char file[FILE_NAME_BYTES];
	uint64_t number = newest(vm);
	name_directory(vm, path);
	name_file(number, file);
	int fd AUTO_CLOSE = number ? open_directory(path) : -1;
	return fd >= 0 && is_text_of(fd, file, spec);
}

/* --- writing ------------------------------------------------------------------------------- */

static int make_directory(const char *path)
{
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

static void forget_old(int fd, uint64_t number)
{
	char file[FILE_NAME_BYTES];
	for (uint64_t old = number > ACCEPTED_VERSIONS ? number - ACCEPTED_VERSIONS : 0; old;
		old--) {
		name_file(old, file);
		if (unlinkat(fd, file, 0) < 0)
			return;
	}
}

int accepted_add(const char *vm, const struct buf *spec, struct error *error)
{
	char path[DIRECTORY_BYTES];
	char file[FILE_NAME_BYTES];
	uint64_t number = newest(vm) + 1;
	if (accepted_is_newest(vm, spec))
		return 0;
	name_directory(vm, path);
	name_file(number, file);
	int r = make_directory(ROOT);
	if (r == 0)
		r = make_directory(path);
	int fd AUTO_CLOSE = r == 0 ? open_directory(path) : r;
	r = fd < 0 ? fd : file_replace_at(fd, file, buf_text(spec), spec->length, 0600, true);
	if (r < 0)
		return error_set_errno(error, -r, "cannot write %s/%s", path, file);
	forget_old(fd, number);
	return 0;
}

int accepted_roll_back(const char *vm, uint64_t number, const struct buf *spec, struct error *error)
{
	struct buf text CLEANUP(buf_done) = {0};
	buf_printf(&text, "%" PRIu64 "\n", number);
	buf_add(&text, buf_text(spec), spec->length);
	int r = buf_error(&text);
	if (r == 0)
		r = make_directory(ROLLED_BACK);
	int fd AUTO_CLOSE = r == 0 ? open_directory(ROLLED_BACK) : r;
	r = fd < 0 ? fd : file_replace_at(fd, vm, buf_text(&text), text.length, 0600, true);
	return r < 0 ? error_set_errno(error, -r, "cannot write " ROLLED_BACK "/%s", vm) : 0;
}

int accepted_roll_forward(const char *vm, struct error *error)
{
	char path[sizeof(ROLLED_BACK) + NAME_LENGTH_MAX + 2];
	snprintf(path, sizeof(path), ROLLED_BACK "/%s", vm);
	if (unlink(path) < 0 && errno != ENOENT)
		return error_set_errno(error, errno, "cannot remove %s", path);
	return 0;
}

void accepted_forget(const char *vm)
{
	char path[DIRECTORY_BYTES];
	struct arena arena CLEANUP(arena_done) = {0};
	struct accepted_versions versions;
	struct error ignored;
	name_directory(vm, path);
	accepted_roll_forward(vm, &ignored);
	int fd AUTO_CLOSE = open_directory(path);
	if (fd < 0 || accepted_list(&arena, vm, &versions, &ignored) < 0)
		return;
	for (size_t i = 0; i < versions.count; i++) {
		char file[FILE_NAME_BYTES];
		name_file(versions.items[i].number, file);
		unlinkat(fd, file, 0);
	}
	rmdir(path);
}

/* --- in force ------------------------------------------------------------------------------ */

/* The version that a VM was rolled back to, if its spec is still what it was then; else 0. */
static uint64_t rolled_back_to(
	int fd, const struct documents *documents, const struct member *member)
{
	struct buf kept CLEANUP(buf_done) = {0};
	struct buf spec CLEANUP(buf_done) = {0};
	const char *name = member->document->name;
	if (file_read_at(fd, name, 2 * SPEC_BYTES_MAX + FILE_NAME_BYTES, &kept) < 0)
		return 0;
	resolved_write(documents, member->document, false, &spec);
	const char *rest = strchr(buf_text(&kept), '\n');
	size_t length = rest ? kept.length - (size_t)(rest + 1 - buf_text(&kept)) : 0;
	if (buf_error(&spec) < 0 || !rest || length != spec.length ||
		memcmp(rest + 1, buf_text(&spec), length) != 0)
		return 0;
	return strtoull(buf_text(&kept), NULL, 10);
}

static int put(struct collection *collection, struct member *member, uint64_t number)
{
	struct error ignored;
	struct resolved_plan *version = calloc(1, sizeof(*version));
	if (!version)
		return -ENOMEM;
	if (accepted_read(version, member->document->name, number, &ignored) < 0) {
		resolved_plan_done(version);
		free(version);
		return 0;
	}
	version->next = collection->versions;
	collection->versions = version;
	member->version = number;
	member->documents = &version->documents;
	member->in_force = resolved_plan_document(version);
	member->plan = version->plan;
	return 0;
}

int accepted_put_in_force(struct collection *collection)
{
	struct set *set = &collection->set;
	int fd AUTO_CLOSE = open_directory(ROLLED_BACK);
	int r = 0;
	for (size_t i = 0; r == 0 && i < set->count; i++) {
		struct member *member = &set->items[i];
		uint64_t number = 0;
		if (!member->document->name || set_find(set, member->document->name) != member)
			continue;
		if (member->document->broken)
			number = newest(member->document->name);
		else if (fd >= 0)
			number = rolled_back_to(fd, &collection->documents, member);
		if (number)
			r = put(collection, member, number);
	}
	return r == 0 && collection->versions ? set_join_networks(&collection->arena, set) : r;
}
