/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/image-users.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "host/disk.h"
#include "plan/plan.h"

#define LOCK_ATTEMPTS 100
#define LOCK_INTERVAL_USEC 100000
#define BLOCK_BYTES 512 /* stat(2), st_blocks */

struct reader {
	struct arena *arena;
	struct image_store store;
	struct error *error;
};

/* Calls back with each name in a directory; one that does not exist is empty. */
static int each_name(const char *path,
	int (*visit)(struct reader *reader, int fd, const char *name), struct reader *reader)
{
	DIR *stream = opendir(path);
	if (!stream && errno == ENOENT)
		return 0;
	if (!stream)
		return error_set_errno(reader->error, errno, "cannot read %s%s", path,
			errno == EACCES ? " (only root may)" : "");
	int r = 0;
	for (struct dirent *entry; r == 0 && (entry = readdir(stream));)
		if (entry->d_name[0] != '.')
			r = visit(reader, dirfd(stream), entry->d_name);
	closedir(stream);
	return r;
}

static int no_memory(const struct reader *reader)
{
	return error_set(reader->error, ENOMEM, "not enough memory");
}

/* --- the files ----------------------------------------------------------------------------- */

static int add_file(struct reader *reader, int fd, const char *root, const char *name)
{
	struct stat status;
	const char *path = arena_join(reader->arena, root, "/", name, NULL);
	if (!path)
		return no_memory(reader);
	if (!plan_is_layer(path, NULL) || fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
		!S_ISREG(status.st_mode))
		return 0;
	struct image_store *store = &reader->store;
	store->items = arena_grow(reader->arena, store->items, store->count, sizeof(*store->items));
	if (!store->items)
		return no_memory(reader);
	struct stored_image *image = &store->items[store->count++];
	*image = (struct stored_image){
		.path = path,
		.size_bytes = (uint64_t)status.st_blocks * BLOCK_BYTES,
		.changed_sec = (uint64_t)status.st_mtim.tv_sec,
	};
	if (strcmp(root, PLAN_IMAGE_ROOT) == 0)
		image->name = arena_dup(reader->arena, name, strcspn(name, "."));
	return 0;
}

static int add_image(struct reader *reader, int fd, const char *name)
{
	return add_file(reader, fd, PLAN_IMAGE_ROOT, name);
}

static int add_layer(struct reader *reader, int fd, const char *name)
{
	return add_file(reader, fd, PLAN_LAYER_ROOT, name);
}

/* --- who stands on them -------------------------------------------------------------------- */

static struct stored_image *find(struct image_store *store, const char *path)
{
	for (size_t i = 0; i < store->count; i++)
		if (strcmp(store->items[i].path, path) == 0)
			return &store->items[i];
	return NULL;
}

static int add_user(struct reader *reader, const char *path, const char *user)
{
	struct stored_image *image = find(&reader->store, path);
	if (!image)
		return 0;
	struct strings *users = &image->users;
	users->items = arena_grow(reader->arena, users->items, users->count, sizeof(*users->items));
	if (!users->items)
		return no_memory(reader);
	users->items[users->count++] = user;
	return 0;
}

/* What a qcow2 file stands on, all the way down. A file below that is gone ends the way: the VM
 * will be told. */
static int add_uses(struct reader *reader, int fd, const char *path, const char *user)
{
	struct disk_layers layers CLEANUP(disk_layers_done) = {0};
	int r = disk_read_layers(fd, path, NULL, &layers, reader->error);
	for (size_t i = 0; r == 0 && i < layers.count; i++)
		r = add_user(reader, layers.paths[i], user);
	return r;
}

static bool is_qcow2(const char *name)
{
	size_t length = strlen(name);
	return length > 6 && strcmp(name + length - 6, ".qcow2") == 0;
}

static int read_disk(struct reader *reader, int directory_fd, const char *vm, const char *name)
{
	if (!is_qcow2(name))
		return 0;
	int fd AUTO_CLOSE = openat(
		directory_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return error_set_errno(reader->error, errno,
			"cannot read disk " PLAN_STATE_ROOT "/%s/%s", vm, name);
	const char *path = arena_join(reader->arena, PLAN_STATE_ROOT "/", vm, "/", name, NULL);
	const char *disk = arena_dup(reader->arena, name, strlen(name) - strlen(".qcow2"));
	const char *user = disk ? arena_join(reader->arena, vm, "/", disk, NULL) : NULL;
	return path && user ? add_uses(reader, fd, path, user) : no_memory(reader);
}

static int read_vm(struct reader *reader, int fd, const char *vm)
{
	if (!scalar_is_name(vm, NAME_LENGTH_MAX))
		return 0;
	int directory_fd = openat(fd, vm, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = directory_fd < 0 ? NULL : fdopendir(directory_fd);
	if (!stream) {
		int code = errno;
		close_fd(&directory_fd);
		/* The link to it stays when an admin removes the directory. */
		return code == ENOENT ? 0
				      : error_set_errno(reader->error, code,
						"cannot read " PLAN_STATE_ROOT "/%s", vm);
	}
	int r = 0;
	for (struct dirent *entry; r == 0 && (entry = readdir(stream));)
		if (entry->d_name[0] != '.')
			r = read_disk(reader, directory_fd, vm, entry->d_name);
	closedir(stream);
	return r;
}

/* Files of the store stand on others of it, too. */
static int read_stored(struct reader *reader)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < reader->store.count; i++) {
		const char *path = reader->store.items[i].path;
		int fd AUTO_CLOSE = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (fd >= 0)
			r = add_uses(reader, fd, path, path);
		/* What is no image, nothing stands on. */
		if (r == -EINVAL || r == -EXDEV)
			r = 0;
	}
	return r;
}

static int compare_images(const void *a, const void *b)
{
	const struct stored_image *left = a;
	const struct stored_image *right = b;
	return strcmp(left->path, right->path);
}

int image_store_read(struct arena *arena, struct image_store *ret_store, struct error *error)
{
	struct reader reader = {.arena = arena, .error = error};
	int r = each_name(PLAN_IMAGE_ROOT, add_image, &reader);
	if (r == 0)
		r = each_name(PLAN_LAYER_ROOT, add_layer, &reader);
	if (r == 0 && reader.store.count)
		qsort(reader.store.items, reader.store.count, sizeof(*reader.store.items),
			compare_images);
	if (r == 0)
		r = each_name(PLAN_PRIVATE_ROOT, read_vm, &reader);
	if (r == 0)
		r = read_stored(&reader);
	if (r == 0)
		*ret_store = reader.store;
	return r;
}

/* --- what is removed ----------------------------------------------------------------------- */

int image_store_lock(struct error *error)
{
	/* tmpfiles.d makes it, unless it ran before the package was there. */
	if (mkdir(PLAN_IMAGE_ROOT, 0755) == 0 && chmod(PLAN_IMAGE_ROOT, 0755) < 0)
		return error_set_errno(error, errno, "cannot make " PLAN_IMAGE_ROOT);
	int fd AUTO_CLOSE = open(PLAN_IMAGE_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(error, errno, "cannot open " PLAN_IMAGE_ROOT);
	for (int i = 0; i < LOCK_ATTEMPTS; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return TAKE_FD(fd);
		usleep(LOCK_INTERVAL_USEC);
	}
	return error_set(error, EBUSY, "VMs go on preparing their disks: try again");
}

int image_store_remove(const struct stored_image *image, struct error *error)
{
	return unlink(image->path) < 0
		       ? error_set_errno(error, errno, "cannot remove %s", image->path)
		       : 0;
}
