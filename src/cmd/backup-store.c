/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/backup-store.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/install.h"
#include "host/process.h"

#define MANIFEST_BYTES_MAX ((size_t)256 * 1024)

/* --- digests ------------------------------------------------------------------------------- */

static int digest(const char *directory, const char *file, char ret[65], struct error *error)
{
	char path[PATH_MAX];
	struct buf output CLEANUP(buf_done) = {0};
	snprintf(path, sizeof(path), "%s/%s", directory, file);
	const char *argv[] = {INSTALL_SHA256SUM, "--", path, NULL};
	int r = process_read(argv, &output, error);
	if (r < 0)
		return r;
	const char *text = buf_text(&output);
	snprintf(ret, 65, "%.64s", text + (*text == '\\'));
	return strlen(ret) == 64 ? 0 : error_set(error, EIO, "%s: no digest", path);
}

int backup_verify(const struct backup *backup, struct error *error)
{
	for (size_t i = 0; i < backup->disk_count; i++) {
		char present[65];
		const struct backup_disk *disk = &backup->disks[i];
		int r = digest(backup->directory, disk->file, present, error);
		if (r < 0)
			return r;
		if (strcmp(present, disk->sha256) != 0)
			return error_set(error, EBADMSG,
				"%s/%s is not what it was when the backup was made",
				backup->directory, disk->file);
	}
	return 0;
}

/* --- manifests ----------------------------------------------------------------------------- */

static const char *text_of(struct arena *arena, const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? arena_dup(arena, text, strlen(text)) : NULL;
}

/* A file's name, and not a way out of the directory. */
static bool is_file_name(const char *name)
{
	return name && *name && *name != '.' && !strchr(name, '/');
}

static int read_disks(struct arena *arena, const json_t *manifest, struct backup *backup)
{
	size_t index;
	const json_t *entry;
	const json_t *disks = json_object_get(manifest, "disks");
	if (json_array_size(disks) > DISKS_MAX)
		return -EINVAL;
	json_array_foreach(disks, index, entry)
	{
		struct backup_disk *disk = &backup->disks[backup->disk_count++];
		*disk = (struct backup_disk){text_of(arena, entry, "name"),
			text_of(arena, entry, "file"), text_of(arena, entry, "sha256")};
		if (!disk->name || !disk->sha256 || !is_file_name(disk->file) ||
			!scalar_is_name(disk->name, PART_NAME_LENGTH_MAX))
			return -EINVAL;
	}
	return 0;
}

static int read_manifest(struct arena *arena, const char *path, struct backup *backup)
{
	struct buf text CLEANUP(buf_done) = {0};
	int fd AUTO_CLOSE = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int r = fd < 0 ? -errno : file_read_at(fd, BACKUP_MANIFEST, MANIFEST_BYTES_MAX, &text);
	if (r < 0)
		return r;
	json_t *manifest = json_loads(buf_text(&text), 0, NULL);
	backup->directory = arena_dup(arena, path, strlen(path));
	backup->id = text_of(arena, manifest, "id");
	backup->parent = text_of(arena, manifest, "parent");
	r = read_disks(arena, manifest, backup);
	json_decref(manifest);
	return r == 0 && (!backup->directory || !backup->id) ? -EINVAL : r;
}

static int compare_backups(const void *a, const void *b)
{
	const struct backup *left = a;
	const struct backup *right = b;
	return (left->number > right->number) - (left->number < right->number);
}

/* "web.12" is the twelfth of web. */
static unsigned number_of(const char *name, const char *vm)
{
	size_t length = strlen(vm);
	char *end = NULL;
	if (strncmp(name, vm, length) != 0 || name[length] != '.')
		return 0;
	unsigned long number = strtoul(name + length + 1, &end, 10);
	return end != name + length + 1 && !*end && number < UINT_MAX ? (unsigned)number : 0;
}

int backups_read(struct arena *arena, const char *directory, const char *vm,
	struct backups *ret_backups, struct error *error)
{
	struct backups backups = {0};
	DIR *stream = opendir(directory);
	int r = stream ? 0 : error_set_errno(error, errno, "cannot read %s", directory);
	for (struct dirent *entry; r == 0 && stream && (entry = readdir(stream));) {
		struct backup backup = {.number = number_of(entry->d_name, vm)};
		char path[PATH_MAX];
		if (!backup.number)
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		int read = read_manifest(arena, path, &backup);
		if (read == -ENOENT)
			continue;
		if (read < 0) {
			r = error_set_errno(error, -read, "%s/" BACKUP_MANIFEST, path);
			break;
		}
		backups.items =
			arena_grow(arena, backups.items, backups.count, sizeof(*backups.items));
		if (!backups.items)
			r = error_set(error, ENOMEM, "not enough memory");
		else
			backups.items[backups.count++] = backup;
	}
	if (stream)
		closedir(stream);
	if (r == 0 && backups.count)
		qsort(backups.items, backups.count, sizeof(*backups.items), compare_backups);
	if (r == 0)
		*ret_backups = backups;
	return r;
}

static const struct backup *find(const struct backups *backups, const char *id)
{
	for (size_t i = 0; i < backups->count; i++)
		if (strcmp(backups->items[i].id, id) == 0)
			return &backups->items[i];
	return NULL;
}

int backups_chain(const struct backups *backups, const struct backup *last,
	const struct backup **chain, size_t chain_max, size_t *ret_count, struct error *error)
{
	size_t count = 0;
	for (const struct backup *at = last; at;) {
		if (count == chain_max)
			return error_set(error, E2BIG, "more than %zu backups stand on each other",
				chain_max);
		chain[count++] = at;
		if (!at->parent)
			break;
		const struct backup *below = find(backups, at->parent);
		if (!below)
			return error_set(error, ENOENT,
				"%s stands on backup %s, which is not there", at->directory,
				at->parent);
		at = below;
	}
	for (size_t i = 0; i < count / 2; i++) {
		const struct backup *swapped = chain[i];
		chain[i] = chain[count - 1 - i];
		chain[count - 1 - i] = swapped;
	}
	*ret_count = count;
	return 0;
}

static int sync_file(int directory_fd, const char *file)
{
	int fd AUTO_CLOSE = openat(directory_fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int backup_finish(struct backup *backup, const char *vm, struct error *error)
{
	int fd AUTO_CLOSE = open(backup->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	json_t *disks = json_array();
	int r = fd < 0 ? error_set_errno(error, errno, "cannot open %s", backup->directory) : 0;
	for (size_t i = 0; r == 0 && i < backup->disk_count; i++) {
		char sha256[65];
		const struct backup_disk *disk = &backup->disks[i];
		r = sync_file(fd, disk->file);
		if (r < 0)
			error_set_errno(
				error, -r, "cannot write %s/%s", backup->directory, disk->file);
		else
			r = digest(backup->directory, disk->file, sha256, error);
		if (r == 0)
			json_array_append_new(
				disks, json_pack("{s:s, s:s, s:s}", "name", disk->name, "file",
					       disk->file, "sha256", sha256));
	}
	json_t *manifest = json_pack("{s:s, s:s, s:s?, s:o}", "vm", vm, "id", backup->id, "parent",
		backup->parent, "disks", disks);
	char *text AUTO_FREE = manifest ? json_dumps(manifest, JSON_INDENT(2)) : NULL;
	json_decref(manifest);
	if (r == 0 && !text)
		r = error_set(error, ENOMEM, "not enough memory");
	if (r < 0)
		return r;
	r = file_replace_at(fd, BACKUP_MANIFEST, text, strlen(text), 0600, true);
	return r < 0 ? error_set_errno(
			       error, -r, "cannot write %s/" BACKUP_MANIFEST, backup->directory)
		     : 0;
}
