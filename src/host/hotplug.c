/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/hotplug.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/block-options.h"

#define REMOVE_ATTEMPTS 300
#define REMOVE_INTERVAL_USEC 100000
#define NAME_BYTES 64

static int execute(struct block *block, const char *command, json_t *arguments, struct error *error)
{
	return block_execute(block, command, arguments, NULL, error);
}

/* --- nodes --------------------------------------------------------------------------------- */

static void remove_node(struct block *block, const char *prefix, const char *name)
{
	char node[NAME_BYTES];
	struct error ignored;
	snprintf(node, sizeof(node), "%s%s", prefix, name);
	execute(block, "blockdev-del", json_pack("{s:s}", "node-name", node), &ignored);
}

static void remove_object(struct block *block, const char *prefix, const char *name)
{
	char id[NAME_BYTES];
	struct error ignored;
	snprintf(id, sizeof(id), "%s%s", prefix, name);
	execute(block, "object-del", json_pack("{s:s}", "id", id), &ignored);
}

/* From the top down; what is not there is no matter. */
static void remove_nodes(struct block *block, const char *name)
{
	char layer[NAME_BYTES];
	remove_node(block, "throttle-", name);
	remove_node(block, "disk-", name);
	remove_node(block, "file-", name);
	remove_node(block, "image-", name);
	remove_node(block, "imagefile-", name);
	for (int i = 1; i < 16; i++) {
		snprintf(layer, sizeof(layer), "%s_%d", name, i);
		remove_node(block, "image-", layer);
		remove_node(block, "imagefile-", layer);
	}
	remove_object(block, "limits_", name);
	remove_object(block, "key_", name);
	remove_object(block, "iothread_", name);
}

static int add_node(struct block *block, const char *flag, const char *value, struct error *error)
{
	bool object = strcmp(flag, "-object") == 0;
	json_t *arguments = block_options_json(value, object ? "qom-type" : NULL);
	if (!arguments)
		return error_set(error, ENOMEM, "not enough memory");
	return execute(block, object ? "object-add" : "blockdev-add", arguments, error);
}

/* --- devices ------------------------------------------------------------------------------- */

/* A PCI Express port takes one device, in its slot 0: the first that is free. QEMU 7.2 would put
 * another into slot 1, where no guest sees it. */
int hotplug_plug(struct block *block, const char *options, bool pcie, struct error *error)
{
	int ports = pcie ? PLAN_HOTPLUG_PORTS : 1;
	int r = -ENOSPC;
	for (int i = 1; r < 0 && i <= ports; i++) {
		char port[NAME_BYTES];
		json_t *arguments = device_options_json(options);
		snprintf(port, sizeof(port), "hotplug_%d", i);
		if (pcie) {
			json_object_set_new(arguments, "bus", json_string(port));
			json_object_set_new(arguments, "addr", json_string("0"));
		}
		r = execute(block, "device_add", arguments, error);
	}
	return r;
}

int hotplug_add(struct block *block, const char *name, const char *const words[], bool pcie,
	struct error *error)
{
	int r = 0;
	for (size_t i = 0; r == 0 && words[i]; i += 2) {
		if (strcmp(words[i], "-device") == 0)
			r = hotplug_plug(block, words[i + 1], pcie, error);
		else
			r = add_node(block, words[i], words[i + 1], error);
	}
	if (r < 0)
		remove_nodes(block, name);
	return r;
}

static int has_device(struct block *block, const char *name, struct error *error)
{
	json_t *list = NULL;
	size_t index;
	const json_t *entry;
	bool found = false;
	int r = block_execute(
		block, "qom-list", json_pack("{s:s}", "path", "/machine/peripheral"), &list, error);
	json_array_foreach(list, index, entry)
	{
		const char *device = json_string_value(json_object_get(entry, "name"));
		found |= device && strcmp(device, name) == 0;
	}
	json_decref(list);
	return r < 0 ? r : found;
}

int hotplug_unplug(struct block *block, const char *id, struct error *error)
{
	int r = execute(block, "device_del", json_pack("{s:s}", "id", id), error);
	for (int i = 0; r == 0 && i < REMOVE_ATTEMPTS; i++) {
		r = has_device(block, id, error);
		if (r <= 0)
			return r;
		usleep(REMOVE_INTERVAL_USEC);
		r = 0;
	}
	return r < 0 ? r
		     : error_set(error, ETIMEDOUT,
			       "the guest keeps %s: it may be in use, or the guest is not up yet",
			       id);
}

int hotplug_remove(struct block *block, const char *name, struct error *error)
{
	int r = hotplug_unplug(block, name, error);
	if (r == 0)
		remove_nodes(block, name);
	return r;
}

/* --- media --------------------------------------------------------------------------------- */

int hotplug_eject(struct block *block, const char *drive, struct error *error)
{
	int r = execute(block, "blockdev-open-tray",
		json_pack("{s:s, s:b}", "id", drive, "force", 1), error);
	if (r == 0)
		r = execute(
			block, "blockdev-remove-medium", json_pack("{s:s}", "id", drive), error);
	/* It was open already, or empty. */
	if (r == -EPROTO && strstr(error->message, "is not inserted"))
		r = 0;
	if (r == 0)
		remove_nodes(block, drive);
	return r;
}

int hotplug_insert(struct block *block, const char *drive, int fd, struct error *error)
{
	char path[BLOCK_PATH_BYTES];
	char file[NAME_BYTES];
	char disk[NAME_BYTES];
	int r = hotplug_eject(block, drive, error);
	if (r == 0)
		r = block_pass(block, fd, path, error);
	snprintf(file, sizeof(file), "file-%s", drive);
	snprintf(disk, sizeof(disk), "disk-%s", drive);
	if (r == 0)
		r = execute(block, "blockdev-add",
			json_pack("{s:s, s:s, s:b, s:s}", "driver", "file", "node-name", file,
				"read-only", 1, "filename", path),
			error);
	if (r == 0)
		r = execute(block, "blockdev-add",
			json_pack("{s:s, s:s, s:b, s:s}", "driver", "raw", "node-name", disk,
				"read-only", 1, "file", file),
			error);
	if (r == 0)
		r = execute(block, "blockdev-insert-medium",
			json_pack("{s:s, s:s}", "id", drive, "node-name", disk), error);
	if (r < 0)
		remove_nodes(block, drive);
	struct error ignored;
	execute(block, "blockdev-close-tray", json_pack("{s:s}", "id", drive),
		r < 0 ? &ignored : error);
	return r;
}
