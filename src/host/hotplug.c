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

/* --- what is there ------------------------------------------------------------------------- */

static bool lists(const json_t *list, const char *key, const char *name)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *listed =
			json_string_value(json_object_get(json_array_get(list, i), key));
		if (listed && strcmp(listed, name) == 0)
			return true;
	}
	return false;
}

static int list_objects(
	struct block *block, const char *path, json_t **ret_list, struct error *error)
{
	return block_execute(block, "qom-list", json_pack("{s:s}", "path", path), ret_list, error);
}

int hotplug_has(struct block *block, const char *id, struct error *error)
{
	json_t *list = NULL;
	int r = list_objects(block, "/machine/peripheral", &list, error);
	bool found = lists(list, "name", id);
	json_decref(list);
	return r < 0 ? r : found;
}

/* --- nodes --------------------------------------------------------------------------------- */

static bool remove_node(
	struct block *block, const json_t *nodes, const char *prefix, const char *name)
{
	char node[NAME_BYTES];
	struct error ignored;
	snprintf(node, sizeof(node), "%s%s", prefix, name);
	return lists(nodes, "node-name", node) &&
	       execute(block, "blockdev-del", json_pack("{s:s}", "node-name", node), &ignored) == 0;
}

static void remove_objects(struct block *block, const char *name)
{
	static const char *const prefixes[] = {"limits_", "key_", "iothread_"};
	char id[NAME_BYTES];
	struct error ignored;
	json_t *objects = NULL;
	list_objects(block, "/objects", &objects, &ignored);
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		snprintf(id, sizeof(id), "%s%s", prefixes[i], name);
		if (lists(objects, "name", id))
			execute(block, "object-del", json_pack("{s:s}", "id", id), &ignored);
	}
	json_decref(objects);
}

/* From the top down. */
bool hotplug_forget(struct block *block, const char *name)
{
	static const char *const prefixes[] = {
		"throttle-", "disk-", "file-", "image-", "imagefile-"};
	char layer[NAME_BYTES];
	struct error ignored;
	json_t *nodes = NULL;
	bool removed = false;
	block_query_nodes(block, &nodes, &ignored);
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		removed |= remove_node(block, nodes, prefixes[i], name);
	for (int i = 1; i < 16; i++) {
		snprintf(layer, sizeof(layer), "%s_%d", name, i);
		removed |= remove_node(block, nodes, "image-", layer);
		removed |= remove_node(block, nodes, "imagefile-", layer);
	}
	json_decref(nodes);
	remove_objects(block, name);
	return removed;
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

/* A PCI Express port takes one device, in its slot 0: the one that the device had when the VM was
 * started, or the first that is free. QEMU 7.2 would put another into slot 1, where no guest sees
 * it. */
int hotplug_plug(struct block *block, const char *options, bool pcie, struct error *error)
{
	int ports = pcie ? PLAN_HOTPLUG_PORTS : 0;
	int r = -ENOSPC;
	for (int i = 0; r < 0 && i <= ports; i++) {
		char port[NAME_BYTES];
		json_t *arguments = device_options_json(options);
		snprintf(port, sizeof(port), "hotplug_%d", i);
		if (i > 0)
			json_object_set_new(arguments, "bus", json_string(port));
		if (pcie)
			json_object_set_new(arguments, "addr", json_string("0"));
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
		hotplug_forget(block, name);
	return r;
}

/* Another, who was killed meanwhile, may have asked already. */
static int ask(struct block *block, const char *id, struct error *error)
{
	int r = execute(block, "device_del", json_pack("{s:s}", "id", id), error);
	return r == -EPROTO && strstr(error->message, "in the process of unplug") ? 0 : r;
}

int hotplug_unplug(struct block *block, const char *id, struct error *error)
{
	int r = hotplug_has(block, id, error);
	if (r == 0)
		return error_set(error, ENOENT, "%s is not attached", id);
	if (r > 0)
		r = ask(block, id, error);
	for (int i = 0; r == 0 && i < REMOVE_ATTEMPTS; i++) {
		r = hotplug_has(block, id, error);
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
	if (r < 0 && r != -ENOENT)
		return r;
	/* Without a device, they are what one that was killed left. */
	return hotplug_forget(block, name) ? 0 : r;
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
		hotplug_forget(block, drive);
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
		hotplug_forget(block, drive);
	struct error ignored;
	execute(block, "blockdev-close-tray", json_pack("{s:s}", "id", drive),
		r < 0 ? &ignored : error);
	return r;
}
