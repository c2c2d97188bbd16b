/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdbool.h>

#include "emit/qemu.h"
#include "spec/uri.h"

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

/* The files below a disk are named here and never by the disk's own header, so that no header can
 * make QEMU open another file. The lowest comes first; the one right below the disk is
 * "image-NAME". */
static void emit_layers(const struct plan_disk *disk, struct options *options)
{
	const char *name = disk->disk->part.name;
	const char *below = NULL;
	for (size_t i = disk->layer_count; i-- > 0;) {
		/* The underscore keeps it apart from other disks' names. */
		const char *node = i ? arena_printf(options->arena, "%s_%zu", name, i) : name;
		if (!node) {
			options->failed = true;
			return;
		}
		options_add(options, "-blockdev", "driver=file,node-name=imagefile-", node,
			",read-only=on,filename=", option_escape(options, disk->layers[i]), NULL);
		options_add(options, "-blockdev", "driver=qcow2,node-name=image-", node,
			",read-only=on,file=imagefile-", node, below ? ",backing=image-" : "",
			below ? below : "", NULL);
		below = node;
	}
}

/* --- what holds a disk ----------------------------------------------------------------------- */

static void emit_file(const struct plan_disk *disk, struct options *options)
{
	const struct disk *spec = disk->disk;
	const struct cache_mode *cache = &cache_modes[spec->cache];
	/* vmlet-run makes io_uring of automatic threads where the kernel has it. */
	int aio = spec->aio == AIO_AUTO ? AIO_THREADS : spec->aio;
	options_add(options, "-blockdev", "driver=", spec->device ? "host_device" : "file",
		",node-name=file-", spec->part.name, ",read-only=", on_off(!disk_is_writable(spec)),
		",cache.direct=", on_off(cache->direct),
		",cache.no-flush=", on_off(cache->no_flush), ",aio=", choice_name(&aio_names, aio),
		",discard=", choice_name(&discard_names, spec->discard),
		",filename=", option_escape(options, disk->file), NULL);
}

/* QEMU's own options for what a URI names (qapi/block-core.json): a reference to a URI would be
 * taken apart by rules that differ by driver. */
static void emit_network(const struct plan_disk *disk, struct options *options)
{
	const char *name = disk->disk->part.name;
	const char *end = disk_is_writable(disk->disk) ? "" : ",read-only=on";
	struct uri uri;
	if (uri_parse(disk->disk->uri, &uri) < 0)
		return;
	switch (uri.scheme) {
	case URI_NBD:
		options_add(options, "-blockdev", "driver=nbd,node-name=file-", name,
			",server.type=inet,server.host=", uri.host, ",server.port=", uri.port,
			",export=", uri.name, end, NULL);
		break;
	case URI_NBD_UNIX:
		options_add(options, "-blockdev", "driver=nbd,node-name=file-", name,
			",server.type=unix,server.path=", uri.more, ",export=", uri.name, end,
			NULL);
		break;
	case URI_ISCSI:
		options_add(options, "-blockdev", "driver=iscsi,node-name=file-", name,
			",transport=tcp,portal=", uri.host, ":", uri.port, ",target=", uri.name,
			",lun=", uri.more, end, NULL);
		break;
	case URI_NFS:
		options_add(options, "-blockdev", "driver=nfs,node-name=file-", name,
			",server.type=inet,server.host=", uri.host, ",path=", uri.name, end, NULL);
		break;
	case URI_RBD:
		options_add(options, "-blockdev", "driver=rbd,node-name=file-", name,
			",pool=", uri.host, ",image=", uri.name, uri.more[0] ? ",user=" : "",
			uri.more, end, NULL);
		break;
	case URI_SCHEME_COUNT:
		break;
	}
}

static void emit_format(const struct plan_disk *disk, struct options *options)
{
	const struct disk *spec = disk->disk;
	const char *name = spec->part.name;
	const char *driver =
		spec->cdrom.given ? "raw" : choice_name(&disk_format_names, spec->format);
	if (disk->key_path)
		options_add(
			options, "-object", "secret,id=key_", name, ",file=", disk->key_path, NULL);
	options_add(options, "-blockdev", "driver=", driver, ",node-name=disk-", name,
		",read-only=", on_off(!disk_is_writable(spec)),
		",discard=", choice_name(&discard_names, spec->discard),
		spec->detect_zeroes ? ",detect-zeroes=" : "",
		spec->detect_zeroes ? choice_name(&detect_zeroes_names, spec->detect_zeroes) : "",
		disk->key_path ? ",encrypt.format=luks,encrypt.key-secret=key_" : "",
		disk->key_path ? name : "", ",file=file-", name,
		disk->layer_count ? ",backing=image-" : "", disk->layer_count ? name : "", NULL);
}

/* --- limits ---------------------------------------------------------------------------------- */

static bool is_throttled(const struct throttle *throttle)
{
	return throttle->iops || throttle->iops_read || throttle->iops_write ||
	       throttle->bandwidth || throttle->bandwidth_read || throttle->bandwidth_write;
}

/* A filter above the disk, with the limits of qemu(1), -object throttle-group. */
static void emit_throttle(const struct plan_disk *disk, struct options *options)
{
	const struct throttle *throttle = &disk->disk->throttle;
	const char *name = disk->disk->part.name;
	const struct {
		const char *limit;
		uint64_t value;
	} limits[] = {
		{"iops-total", throttle->iops},
		{"iops-read", throttle->iops_read},
		{"iops-write", throttle->iops_write},
		{"bps-total", throttle->bandwidth},
		{"bps-read", throttle->bandwidth_read},
		{"bps-write", throttle->bandwidth_write},
	};
	struct buf group CLEANUP(buf_done) = {0};
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (limits[i].value)
			buf_printf(&group, ",x-%s=%" PRIu64, limits[i].limit, limits[i].value);
	options->failed |= buf_error(&group) < 0;
	options_add(options, "-object", "throttle-group,id=limits_", name, buf_text(&group), NULL);
	options_add(options, "-blockdev", "driver=throttle,node-name=throttle-", name,
		",throttle-group=limits_", name, ",file=disk-", name, NULL);
}

/* --- what the guest sees --------------------------------------------------------------------- */

static int bus_of(const struct disk *disk)
{
	if (disk->bus != BUS_AUTO)
		return disk->bus;
	return disk->cdrom.given ? BUS_SATA : BUS_VIRTIO;
}

/* q35 has a bus for each of its SATA ports; on pc's two IDE channels QEMU finds a place itself. */
static const char *sata_type(const struct plan *plan, const struct plan_disk *disk)
{
	static const char *const disks[] = {"ide-hd,bus=ide.0", "ide-hd,bus=ide.1",
		"ide-hd,bus=ide.2", "ide-hd,bus=ide.3", "ide-hd,bus=ide.4", "ide-hd,bus=ide.5"};
	static const char *const drives[] = {"ide-cd,bus=ide.0", "ide-cd,bus=ide.1",
		"ide-cd,bus=ide.2", "ide-cd,bus=ide.3", "ide-cd,bus=ide.4", "ide-cd,bus=ide.5"};
	bool cdrom = disk->disk->cdrom.given;
	size_t port = 0;
	if (plan->vm->machine != MACHINE_Q35)
		return cdrom ? "ide-cd" : "ide-hd";
	for (const struct plan_disk *before = plan->disks; before < disk; before++)
		port += bus_of(before->disk) == BUS_SATA;
	/* The rules allow no more; see vm-rules.c. */
	port = port < ARRAY_SIZE(disks) ? port : ARRAY_SIZE(disks) - 1;
	return cdrom ? drives[port] : disks[port];
}

/* The device, as far as its bus decides. */
static const char *device_type(const struct plan *plan, const struct plan_disk *disk)
{
	switch (bus_of(disk->disk)) {
	case BUS_SCSI:
		return disk->disk->cdrom.given ? "scsi-cd,bus=scsi_0.0" : "scsi-hd,bus=scsi_0.0";
	case BUS_SATA:
		return sata_type(plan, disk);
	case BUS_NVME:
		return "nvme";
	default:
		return plan->vm->machine == MACHINE_MICROVM ? "virtio-blk-device"
							    : "virtio-blk-pci";
	}
}

static bool has_port(const struct plan_disk *disk)
{
	int bus = bus_of(disk->disk);
	return bus == BUS_VIRTIO || bus == BUS_NVME;
}

/* What is said only where it is not QEMU's default, which is rare; "" for nothing. */
static const char *device_extras(const struct plan_disk *disk, struct options *options)
{
	const struct disk *spec = disk->disk;
	const char *on_error = choice_name(&on_error_names, spec->on_error);
	char number[OPTION_NUMBER_BYTES];
	bool told = spec->on_error != ON_ERROR_ENOSPC;
	if (!spec->shareable && !spec->queues && !spec->iothread && !told)
		return "";
	const char *extras = arena_join(options->arena, spec->shareable ? ",share-rw=on" : "",
		spec->queues ? ",num-queues=" : "",
		spec->queues ? option_number(spec->queues, number) : "",
		spec->iothread ? ",iothread=iothread_" : "", spec->iothread ? spec->part.name : "",
		told ? ",werror=" : "",
		/* Reads cannot run out of space, so both are the same. */
		told ? on_error : "", told ? ",rerror=" : "", told ? on_error : "", NULL);
	options->failed |= !extras;
	return extras ? extras : "";
}

void qemu_emit_disk_device(
	const struct plan *plan, const struct plan_disk *disk, struct options *options)
{
	const struct disk *spec = disk->disk;
	const char *name = spec->part.name;
	const char *cache = "";
	const char *drive = "";
	char boot_index[BOOT_INDEX_BYTES];
	if (disk->file || spec->uri)
		drive = is_throttled(&spec->throttle) ? ",drive=throttle-" : ",drive=disk-";
	if (!spec->cdrom.given)
		cache = cache_modes[spec->cache].writeback ? ",write-cache=on" : ",write-cache=off";
	if (spec->iothread)
		options_add(options, "-object", "iothread,id=iothread_", name, NULL);
	options_add(options, "-device", device_type(plan, disk),
		has_port(disk) ? qemu_port_bus(plan, name, options) : "", ",id=", name, drive,
		*drive ? name : "", ",serial=", disk->serial, cache, device_extras(disk, options),
		qemu_boot_index(disk->boot_index, boot_index), NULL);
}

static void emit_controller(const struct plan *plan, struct options *options)
{
	for (size_t i = 0; i < plan->disk_count; i++) {
		if (bus_of(plan->disks[i].disk) != BUS_SCSI)
			continue;
		options_add(options, "-device", "virtio-scsi-", qemu_virtio_bus(plan), ",id=scsi_0",
			NULL);
		return;
	}
}

void qemu_emit_disk_nodes(const struct plan_disk *disk, struct options *options)
{
	emit_layers(disk, options);
	if (disk->disk->uri)
		emit_network(disk, options);
	else if (disk->file)
		emit_file(disk, options);
	else
		return;
	emit_format(disk, options);
	if (is_throttled(&disk->disk->throttle))
		emit_throttle(disk, options);
}

void qemu_emit_disks(const struct plan *plan, struct options *options)
{
	emit_controller(plan, options);
	for (size_t i = 0; i < plan->disk_count; i++) {
		const struct plan_disk *disk = &plan->disks[i];
		qemu_emit_disk_nodes(disk, options);
		if (has_port(disk))
			qemu_emit_port(plan, disk->disk->part.name, i + 1, options);
		qemu_emit_disk_device(plan, disk, options);
	}
}
