/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/layers.h"

#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "host/disk.h"

#define READERS "kvm" /* the group of all VMs' users */
#define NODE_BYTES 64

static int open_root(struct error *error)
{
	/* tmpfiles.d makes it, unless it ran before the package was there. */
	if (mkdir(PLAN_LAYER_ROOT, 0750) == 0) {
		const struct group *group = getgrnam(READERS);
		if (!group || chown(PLAN_LAYER_ROOT, 0, group->gr_gid) < 0 ||
			chmod(PLAN_LAYER_ROOT, 0750) < 0)
			return error_set(error, ENOENT,
				"cannot make " PLAN_LAYER_ROOT " for group " READERS);
	}
	int fd = open(PLAN_LAYER_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? error_set_errno(error, errno, "cannot open " PLAN_LAYER_ROOT) : fd;
}

int layers_link(struct layer *layers, size_t count, const char *vm, struct error *error)
{
	char directory[sizeof(PLAN_PRIVATE_ROOT) + NAME_LENGTH_MAX + 2];
	int root_fd AUTO_CLOSE = open_root(error);
	if (root_fd < 0)
		return root_fd;
	snprintf(directory, sizeof(directory), PLAN_PRIVATE_ROOT "/%s", vm);
	int fd AUTO_CLOSE = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return error_set_errno(error, errno, "cannot open %s", directory);
	for (size_t i = 0; i < count; i++) {
		uint64_t id[2];
		struct stat status;
		const char *file = layers[i].disk->file_name;
		if (getrandom(id, sizeof(id), 0) != sizeof(id))
			return error_set_errno(error, errno, "no random numbers");
		snprintf(layers[i].path, sizeof(layers[i].path),
			PLAN_LAYER_ROOT "/%016" PRIx64 "%016" PRIx64 ".qcow2", id[0], id[1]);
		if (fstatat(fd, file, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(status.st_mode))
			return error_set(
				error, ENOENT, "disk %s/%s is not there yet", directory, file);
		if (linkat(fd, file, root_fd, strrchr(layers[i].path, '/') + 1, 0) < 0)
			return error_set_errno(error, errno, "cannot share %s/%s", directory, file);
	}
	return fsync(root_fd) < 0 ? error_set_errno(error, errno, "cannot write " PLAN_LAYER_ROOT)
				  : 0;
}

void layers_unlink(const struct layer *layers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (layers[i].path[0])
			unlink(layers[i].path);
}

/* --- a running QEMU ------------------------------------------------------------------------ */

/* The name of the node above one: "disk-a" has "disk-a_1" above it. */
static void name_above(const char *node, const char *disk, char above[NODE_BYTES])
{
	unsigned number = 0;
	char plain[NODE_BYTES];
	snprintf(plain, sizeof(plain), "disk-%s", disk);
	if (strlen(node) > strlen(plain))
		number = (unsigned)strtoul(node + strlen(plain) + 1, NULL, 10);
	snprintf(above, NODE_BYTES, "%s_%u", plain, number + 1);
}

static int add_above(
	struct block *block, const struct layer *layer, const char *above, struct error *error)
{
	char file[NODE_BYTES];
	snprintf(file, sizeof(file), "file-%.50s", above + strlen("disk-"));
	int r = block_execute(block, "blockdev-add",
		json_pack("{s:s, s:s, s:s, s:s}", "driver", "file", "node-name", file, "filename",
			layer->disk->file, "discard", "unmap"),
		NULL, error);
	return r < 0 ? r
		     : block_execute(block, "blockdev-add",
			       json_pack("{s:s, s:s, s:s, s:s, s:n}", "driver", "qcow2",
				       "node-name", above, "file", file, "discard", "unmap",
				       "backing"),
			       NULL, error);
}

int layers_switch(
	struct block *block, const struct layer *layers, size_t count, struct error *error)
{
	json_t *nodes = NULL;
	json_t *actions = json_array();
	int r = block_query_nodes(block, &nodes, error);
	for (size_t i = 0; r == 0 && i < count; i++) {
		char above[NODE_BYTES];
		const char *node = json_string_value(
			json_object_get(block_find_node(nodes, layers[i].disk), "node-name"));
		if (!node) {
			r = error_set(error, ENOENT, "disk %s is not attached",
				layers[i].disk->disk->part.name);
			break;
		}
		name_above(node, layers[i].disk->disk->part.name, above);
		r = add_above(block, &layers[i], above, error);
		json_array_append_new(
			actions, json_pack("{s:s, s:{s:s, s:s}}", "type", "blockdev-snapshot",
					 "data", "node", node, "overlay", above));
	}
	if (r == 0)
		r = block_execute(
			block, "transaction", json_pack("{s:O}", "actions", actions), NULL, error);
	json_decref(actions);
	json_decref(nodes);
	return r;
}

static int seal(const char *path, const struct group *group, struct error *error)
{
	int fd AUTO_CLOSE = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fchown(fd, 0, group->gr_gid) < 0 || fchmod(fd, 0440) < 0 || fsync(fd) < 0)
		return error_set_errno(error, errno, "cannot share %s", path);
	return 0;
}

/* What a clone that was killed left as it was is below them, and is shared now, too. */
static int seal_below(const char *path, const struct group *group, struct error *error)
{
	struct disk_layers below CLEANUP(disk_layers_done) = {0};
	static const char root[] = PLAN_LAYER_ROOT "/";
	int fd AUTO_CLOSE = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int r = fd < 0 ? error_set_errno(error, errno, "cannot open %s", path)
		       : disk_read_layers(fd, path, NULL, &below, error);
	for (size_t i = 0; r == 0 && i < below.count; i++)
		if (strncmp(below.paths[i], root, sizeof(root) - 1) == 0)
			r = seal(below.paths[i], group, error);
	return r;
}

int layers_seal(const struct layer *layers, size_t count, struct error *error)
{
	const struct group *group = getgrnam(READERS);
	int r = 0;
	if (!group)
		return error_set(error, ENOENT, "there is no group " READERS);
	for (size_t i = 0; r == 0 && i < count; i++) {
		r = seal(layers[i].path, group, error);
		if (r == 0)
			r = seal_below(layers[i].path, group, error);
	}
	return r;
}
