/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/rules.h"

#include <string.h>

#include "base/macros.h"

#define QEMU_ARGS_BYTES_MAX ((size_t)128 * 1024)

struct disk_rule {
	bool (*broken)(const struct vm *vm, const struct disk *disk);
	const char *key; /* where the caret stands; the disk's name when that key is absent */
	const char *code;
	const char *message;
	const char *hint;
};

static bool disk_is_nothing(const struct vm *vm, const struct disk *disk)
{
	(void)vm;
	return !disk->size_bytes && !disk->image && !disk->cdrom;
}

static bool cdrom_has_size(const struct vm *vm, const struct disk *disk)
{
	(void)vm;
	return disk->cdrom && disk->size_bytes;
}

static bool cdrom_has_image(const struct vm *vm, const struct disk *disk)
{
	(void)vm;
	return disk->cdrom && disk->image;
}

static bool cdrom_on_microvm(const struct vm *vm, const struct disk *disk)
{
	return disk->cdrom && vm->machine == MACHINE_MICROVM;
}

static bool image_is_raw(const struct vm *vm, const struct disk *disk)
{
	(void)vm;
	return disk->image && disk->format == DISK_RAW;
}

static const struct disk_rule disk_rules[] = {
	{disk_is_nothing, NULL, "disk-empty", "a disk needs 'size', 'image' or 'cdrom'",
		"size: 20GiB makes a new one"},
	{cdrom_has_size, "size", "cdrom-size", "'cdrom' and 'size' exclude each other",
		"a CD-ROM is as large as its image"},
	{cdrom_has_image, "image", "cdrom-image", "'cdrom' and 'image' exclude each other",
		"'image' is for a disk that the guest writes"},
	{cdrom_on_microvm, "cdrom", "cdrom-microvm", "machine 'microvm' has no CD-ROM drive",
		"use machine: q35"},
	{image_is_raw, "format", "image-raw", "a disk over an 'image' is qcow2",
		"only qcow2 has copy-on-write; remove 'format'"},
};

struct vm_rule {
	bool (*broken)(const struct vm *vm);
	const char *key; /* path of at most two */
	const char *below;
	const char *code;
	const char *message;
	const char *hint;
};

static bool initrd_without_kernel(const struct vm *vm)
{
	return vm->boot.initrd && !vm->boot.kernel;
}

static bool cmdline_without_kernel(const struct vm *vm)
{
	return vm->boot.cmdline && !vm->boot.kernel;
}

static bool order_with_kernel(const struct vm *vm)
{
	return vm->boot.order.count && vm->boot.kernel;
}

static bool topology_is_partial(const struct vm *vm)
{
	const struct topology *topology = &vm->cpus.topology;
	int given = (topology->sockets > 0) + (topology->cores > 0) + (topology->threads > 0);
	return given != 0 && given != 3;
}

static bool topology_differs(const struct vm *vm)
{
	const struct topology *topology = &vm->cpus.topology;
	uint64_t product = topology->sockets * topology->cores * topology->threads;
	return product && product != vm->cpus.count;
}

static bool host_cpu_under_tcg(const struct vm *vm)
{
	return vm->accel == ACCEL_TCG && vm->cpus.model && strncmp(vm->cpus.model, "host", 4) == 0;
}

/* systemd refuses lines of more than 1 MiB; escaped and with all else, twice this is far from it.
 * Linux refuses single arguments of more than this (MAX_ARG_STRLEN, execve(2)). */
static bool qemu_args_are_long(const struct vm *vm)
{
	size_t total = 0;
	for (size_t i = 0; i < vm->qemu_args.count; i++)
		total += strlen(vm->qemu_args.items[i]) + 1;
	return total > QEMU_ARGS_BYTES_MAX;
}

static const struct vm_rule vm_rules[] = {
	{initrd_without_kernel, "boot", "initrd", "needs-kernel", "'initrd' needs 'kernel'", NULL},
	{cmdline_without_kernel, "boot", "cmdline", "needs-kernel", "'cmdline' needs 'kernel'",
		NULL},
	{order_with_kernel, "boot", "order", "order-kernel",
		"'order' and 'kernel' exclude each other",
		"a kernel is booted without a boot device"},
	{topology_is_partial, "cpus", "topology", "topology-partial",
		"'topology' needs 'sockets', 'cores' and 'threads'", NULL},
	{topology_differs, "cpus", "topology", "topology-count",
		"sockets * cores * threads is not 'count'", NULL},
	{host_cpu_under_tcg, "cpus", "model", "host-tcg", "CPU model 'host' needs KVM",
		"use max, or remove 'model'"},
	{qemu_args_are_long, "qemu-args", NULL, "qemu-args-long",
		"'qemu-args' hold more than 128 KiB", "systemd takes no longer lines"},
};

static struct place place_below(const struct node *mapping, const char *key, struct place otherwise)
{
	if (!mapping || mapping->kind != NODE_MAPPING || !key)
		return otherwise;
	const struct node *value = node_get(mapping, key);
	return value ? value->key->place : otherwise;
}

static void check_disks(const struct vm *vm, const struct node *document, struct diags *diags)
{
	const struct node *disks = node_get(document, "disks");
	for (size_t i = 0; i < vm->disks.count; i++) {
		const struct disk *disk = vm_disk(vm, i);
		const struct node *mapping = node_get(disks, disk->part.name);
		for (size_t j = 0; j < ARRAY_SIZE(disk_rules); j++) {
			const struct disk_rule *rule = &disk_rules[j];
			if (rule->broken(vm, disk))
				diag_add(diags, SEVERITY_ERROR,
					place_below(mapping, rule->key, disk->part.place),
					rule->code, rule->hint, "%s", rule->message);
		}
	}
}

static void check_nics(const struct vm *vm, struct diags *diags)
{
	for (size_t i = 0; i < vm->nics.count; i++) {
		const struct nic *nic = vm_nic(vm, i);
		if (!nic->bridge)
			diag_add(diags, SEVERITY_ERROR, nic->part.place, "nic-unattached",
				"bridge: br0 attaches it to that bridge",
				"interface '%s' needs 'bridge'", nic->part.name);
		if (vm->machine == MACHINE_MICROVM && nic->model != NIC_VIRTIO)
			diag_add(diags, SEVERITY_ERROR, nic->part.place, "nic-microvm",
				"remove 'model'", "machine 'microvm' has virtio interfaces only");
		for (size_t j = 0; j < vm->disks.count; j++)
			if (strcmp(nic->part.name, vm_disk(vm, j)->part.name) == 0)
				diag_add(diags, SEVERITY_ERROR, nic->part.place, "part-name",
					"rename one: boot.order and QEMU's ids need one name each",
					"'%s' is the name of a disk, too", nic->part.name);
	}
}

static bool has_part(const struct vm *vm, const char *name)
{
	for (size_t i = 0; i < vm->disks.count; i++)
		if (strcmp(vm_disk(vm, i)->part.name, name) == 0)
			return true;
	for (size_t i = 0; i < vm->nics.count; i++)
		if (strcmp(vm_nic(vm, i)->part.name, name) == 0)
			return true;
	return false;
}

static bool stands_before(const struct node *first, const struct node *item)
{
	for (; first != item; first = first->next)
		if (first->kind == NODE_SCALAR && strcmp(first->text, item->text) == 0)
			return true;
	return false;
}

/* Beyond as many items as there are parts, each is a mistake: the list is walked in bounded time.
 */
static void check_order(const struct vm *vm, const struct node *document, struct diags *diags)
{
	if (!vm->boot.order.count)
		return;
	const size_t enough = diags->errors + SPEC_ERRORS_MAX;
	const struct node *first = node_get(node_get(document, "boot"), "order")->first;
	for (const struct node *item = first; item && diags->errors < enough; item = item->next) {
		if (item->kind != NODE_SCALAR)
			continue;
		if (!has_part(vm, item->text))
			diag_add(diags, SEVERITY_ERROR, item->place, "unknown-part",
				"name one of 'disks' or 'nics'", "there is no '%s' to boot from",
				item->text);
		else if (stands_before(first, item))
			diag_add(diags, SEVERITY_ERROR, item->place, "duplicate-part",
				"keep one of the two", "'%s' is in the boot order twice",
				item->text);
	}
}

void rules_check_vm(const struct vm *vm, const struct node *document, struct diags *diags)
{
	check_disks(vm, document, diags);
	check_nics(vm, diags);
	check_order(vm, document, diags);
	for (size_t i = 0; i < ARRAY_SIZE(vm_rules); i++) {
		const struct vm_rule *rule = &vm_rules[i];
		if (!rule->broken(vm))
			continue;
		const struct node *group = node_get(document, rule->key);
		struct place place = place_below(document, rule->key, vm->place);
		diag_add(diags, SEVERITY_ERROR, place_below(group, rule->below, place), rule->code,
			rule->hint, "%s", rule->message);
	}
}
