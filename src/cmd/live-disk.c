/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/live-disk.h"

#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <sys/stat.h>

#include "emit/qemu.h"
#include "host/disk.h"
#include "host/hotplug.h"

#define MIB (UINT64_C(1024) * 1024)

static bool has_scsi(const struct plan *plan)
{
	for (size_t i = 0; i < plan->disk_count; i++)
		if (plan->disks[i].disk->bus == BUS_SCSI)
			return true;
	return false;
}

const char *live_disk_why_not(const struct plan *running, const struct plan_disk *disk)
{
	if (!disk->file_name || disk->key_path)
		return "the sandbox of the running QEMU does not see what it is on";
	if (disk->disk->bus == BUS_SATA)
		return "bus sata takes nothing while the guest runs";
	if (disk->disk->bus == BUS_SCSI && !has_scsi(running))
		return "the running machine has no SCSI controller";
	if (running->vm->machine == MACHINE_MICROVM)
		return "machine microvm takes nothing while it runs";
	return NULL;
}

/* The node of a disk, a new reference; NULL after an error. */
static json_t *find_node(struct block *block, const struct plan_disk *disk, struct error *error)
{
	json_t *nodes = NULL;
	if (block_query_nodes(block, &nodes, error) < 0)
		return NULL;
	json_t *node = json_incref(block_find_node(nodes, disk));
	json_decref(nodes);
	if (!node)
		error_set(error, ENOENT, "disk %s is not attached", disk->disk->part.name);
	return node;
}

int live_disk_grow(struct block *block, const struct plan_disk *disk, struct error *error)
{
	uint64_t wanted = disk->disk->size_bytes;
	json_t *node = find_node(block, disk, error);
	if (!node)
		return -ENOENT;
	uint64_t present = (uint64_t)json_integer_value(
		json_object_get(json_object_get(node, "image"), "virtual-size"));
	int r = 0;
	if (wanted < present)
		r = error_set(error, EFBIG,
			"disk %s has %" PRIu64
			" MiB and is never made smaller; the spec says %" PRIu64
			" MiB: set 'size' back",
			disk->disk->part.name, present / MIB, wanted / MIB);
	else if (wanted > present)
		r = block_execute(block, "block_resize",
			json_pack("{s:O, s:I}", "node-name", json_object_get(node, "node-name"),
				"size", (json_int_t)wanted),
			NULL, error);
	json_decref(node);
	return r;
}

/* What the file stands on, which decides its nodes. */
static int read_layers(struct arena *arena, struct plan_disk *disk, struct error *error)
{
	struct disk_layers layers CLEANUP(disk_layers_done) = {0};
	int fd AUTO_CLOSE = open(disk->file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return error_set_errno(error, errno, "%s", disk->file);
	int r = disk->disk->format == DISK_RAW
			? 0
			: disk_read_layers(fd, disk->file, NULL, &layers, error);
	if (r == 0 && plan_set_layers(arena, disk, layers.paths, layers.count) < 0)
		r = error_set(error, ENOMEM, "not enough memory");
	return r;
}

static int add(
	struct block *block, struct arena *arena, const struct plan_disk *disk, struct error *error)
{
	struct options options = {.arena = arena};
	qemu_emit_disk_nodes(disk, &options);
	qemu_emit_disk_device(block->plan, disk, &options);
	const char **words = arena_alloc(arena, (2 * options.count + 1) * sizeof(*words));
	if (options.failed || !words)
		return error_set(error, ENOMEM, "not enough memory");
	for (size_t i = 0; i < options.count; i++) {
		words[2 * i] = options.items[i].flag;
		words[2 * i + 1] = options.items[i].value;
	}
	bool pcie = block->plan->vm->machine == MACHINE_Q35 && disk->disk->bus != BUS_SCSI;
	return hotplug_add(block, disk->disk->part.name, words, pcie, error);
}

int live_disk_attach(struct block *block, struct arena *arena, const struct plan *spec,
	const struct plan_disk *disk, struct error *error)
{
	static const char *const prepare[] = {"prepare", NULL};
	struct buf output CLEANUP(buf_done) = {0};
	const struct sandbox sandbox = {.plan = spec};
	const char *reason = live_disk_why_not(block->plan, disk);
	struct plan_disk new = *disk;
	int r = hotplug_has(block, disk->disk->part.name, error);
	if (r < 0)
		return r;
	if (r > 0)
		return error_set(error, EEXIST, "disk %s is attached", disk->disk->part.name);
	if (reason)
		return error_set(error, ENOTSUP,
			"disk %s cannot be attached to a running VM: %s; restart it",
			disk->disk->part.name, reason);
	/* What one that was killed left would stand in the way. */
	hotplug_forget(block, disk->disk->part.name);
	r = sandbox_run(&sandbox, prepare, &output, error);
	if (r == 0)
		r = read_layers(arena, &new, error);
	return r < 0 ? r : add(block, arena, &new, error);
}

int live_disk_insert(struct block *block, const char *drive, const char *path, struct error *error)
{
	struct stat status;
	int fd AUTO_CLOSE = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &status) < 0)
		return error_set_errno(error, errno, "%s", path);
	if (!S_ISREG(status.st_mode))
		return error_set(error, EINVAL, "%s is not a regular file", path);
	return hotplug_insert(block, drive, fd, error);
}
