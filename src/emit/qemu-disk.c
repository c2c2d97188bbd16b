/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdbool.h>

#include "emit/qemu.h"

/* The three switches behind each cache mode: qemu(1), -drive cache=. */
static const struct cache_mode {
	bool direct;
	bool no_flush;
	bool writeback;
} cache_modes[CACHE_COUNT] = {
	[CACHE_WRITEBACK] = {.writeback = true},
	[CACHE_NONE] = {.direct = true, .writeback = true},
	[CACHE_WRITETHROUGH] = {.writeback = false},
	[CACHE_DIRECTSYNC] = {.direct = true},
	[CACHE_UNSAFE] = {.no_flush = true, .writeback = true},
};

static const char *on_off(bool value)
{
	return value ? "on" : "off";
}

/* The image below a disk is named here and never by the disk's own header, so that no header can
 * make QEMU open another file. */
static void emit_image(const struct plan_disk *disk, struct options *options)
{
	const char *name = disk->disk->part.name;
	options_add(options, "-blockdev", "driver=file,node-name=imagefile-", name,
		",read-only=on,filename=", option_escape(options, disk->image_path), NULL);
	options_add(options, "-blockdev", "driver=qcow2,node-name=image-", name,
		",read-only=on,file=imagefile-", name, NULL);
}

static void emit_file(const struct plan_disk *disk, struct options *options)
{
	const struct disk *spec = disk->disk;
	const struct cache_mode *cache = &cache_modes[spec->cache];
	options_add(options, "-blockdev", "driver=file,node-name=file-", spec->part.name,
		",read-only=", on_off(spec->read_only || spec->cdrom),
		",cache.direct=", on_off(cache->direct),
		",cache.no-flush=", on_off(cache->no_flush),
		",discard=", choice_name(&discard_names, spec->discard),
		",filename=", option_escape(options, disk->file), NULL);
}

static void emit_format(const struct plan_disk *disk, struct options *options)
{
	const struct disk *spec = disk->disk;
	const char *name = spec->part.name;
	const char *driver = spec->cdrom ? "raw" : choice_name(&disk_format_names, spec->format);
	options_add(options, "-blockdev", "driver=", driver, ",node-name=disk-", name,
		",read-only=", on_off(spec->read_only || spec->cdrom),
		",discard=", choice_name(&discard_names, spec->discard), ",file=file-", name,
		disk->image_path ? ",backing=image-" : "", disk->image_path ? name : "", NULL);
}

static void emit_device(
	const struct plan *plan, const struct plan_disk *disk, struct options *options)
{
	char boot_index[BOOT_INDEX_BYTES];
	const char *name = disk->disk->part.name;
	qemu_boot_index(disk->boot_index, boot_index);
	if (disk->disk->cdrom)
		options_add(options, "-device", "ide-cd,id=", name, ",drive=disk-", name,
			",serial=", disk->serial, boot_index, NULL);
	else
		options_add(options, "-device", "virtio-blk-", qemu_virtio_bus(plan), ",id=", name,
			",drive=disk-", name, ",serial=", disk->serial,
			",write-cache=", on_off(cache_modes[disk->disk->cache].writeback),
			boot_index, NULL);
}

void qemu_emit_disks(const struct plan *plan, struct options *options)
{
	for (size_t i = 0; i < plan->disk_count; i++) {
		const struct plan_disk *disk = &plan->disks[i];
		if (disk->image_path)
			emit_image(disk, options);
		emit_file(disk, options);
		emit_format(disk, options);
		emit_device(plan, disk, options);
	}
}

void qemu_emit_seed(const struct plan *plan, struct options *options)
{
	if (!vm_has_seed(plan->vm))
		return;
	options_add(options, "-blockdev",
		"driver=file,node-name=seed-file,read-only=on,filename=", plan->state_directory,
		"/" PLAN_SEED_FILE, NULL);
	options_add(options, "-blockdev",
		"driver=raw,node-name=seed-disk,read-only=on,file=seed-file", NULL);
	/* The underscore keeps the id apart from every name in a spec. */
	options_add(options, "-device", "virtio-blk-", qemu_virtio_bus(plan),
		",id=seed_0,drive=seed-disk,serial=cidata", NULL);
}
