/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules of VMs that rows cannot say: sums, counts, names that must be there. */
#include <inttypes.h>
#include <regex.h>
#include <string.h>

#include "base/macros.h"
#include "spec/rules.h"
#include "spec/scalar.h"

#define QEMU_ARGS_BYTES_MAX ((size_t)128 * 1024)
/* QEMU's q35 has one AHCI controller with six ports, its pc two IDE channels of two. */
#define SATA_MAX 6
#define IDE_MAX 4

static void check_topology(const struct vm *vm, const struct node *document, struct diags *diags)
{
	const struct topology *topology = &vm->cpus.topology;
	uint64_t product = topology->sockets * topology->cores * topology->threads;
	if (product && product != (vm->cpus.max ? vm->cpus.max : vm->cpus.count))
		diag_add(diags, SEVERITY_ERROR, rules_place(document, "cpus.topology", NULL),
			"topology-count", NULL,
			"sockets * cores * threads is %" PRIu64 ", and 'count' is %" PRIu64,
			product, vm->cpus.max ? vm->cpus.max : vm->cpus.count);
}

/* What a guest may come to is not less than what it has. */
static void check_maxima(const struct vm *vm, const struct node *document, struct diags *diags)
{
	if (vm->cpus.max && vm->cpus.max < vm->cpus.count)
		diag_add(diags, SEVERITY_ERROR, rules_place(document, "cpus.max", NULL), "cpus-max",
			NULL, "'max' is %" PRIu64 ", and 'count' is %" PRIu64, vm->cpus.max,
			vm->cpus.count);
	if (vm->memory_max_bytes && vm->memory_max_bytes < vm->memory_bytes)
		diag_add(diags, SEVERITY_ERROR, rules_place(document, "memory-max", NULL),
			"memory-max", NULL, "'memory-max' is less than 'memory'");
}

/* systemd refuses lines of more than 1 MiB; escaped and with all else, twice this is far from it.
 * Linux refuses single arguments of more than this (MAX_ARG_STRLEN, execve(2)). */
static void check_qemu_args(const struct vm *vm, const struct node *document, struct diags *diags)
{
	size_t total = 0;
	for (size_t i = 0; i < vm->qemu_args.count; i++)
		total += strlen(vm->qemu_args.items[i]) + 1;
	if (total > QEMU_ARGS_BYTES_MAX)
		diag_add(diags, SEVERITY_ERROR, rules_place(document, "qemu-args", NULL),
			"qemu-args-long", "systemd takes no longer lines",
			"'qemu-args' hold more than 128 KiB");
}

static void check_part_names(const struct node *document, struct diags *diags)
{
	const struct node *nics = node_get(document, "nics");
	const struct node *disks = node_get(document, "disks");
	for (const struct node *nic = nics ? nics->first : NULL; nic; nic = nic->next)
		if (node_get(disks, nic->key->text))
			diag_add(diags, SEVERITY_ERROR, nic->key->place, "part-name",
				"rename one: boot.order and QEMU's ids need one name each",
				"'%s' is the name of a disk, too", nic->key->text);
}

static bool stands_before(const struct node *first, const struct node *item)
{
	for (; first != item; first = first->next)
		if (strcmp(first->text, item->text) == 0)
			return true;
	return false;
}

static void check_order(const struct node *document, struct diags *diags)
{
	const struct node *order = rules_look_up(document, "boot.order", NULL);
	const struct node *disks = node_get(document, "disks");
	const struct node *nics = node_get(document, "nics");
	for (const struct node *item = order ? order->first : NULL; item; item = item->next) {
		if (!node_get(disks, item->text) && !node_get(nics, item->text))
			diag_add(diags, SEVERITY_ERROR, item->place, "unknown-part",
				"name one of 'disks' or 'nics'", "there is no '%s' to boot from",
				item->text);
		else if (stands_before(order->first, item))
			diag_add(diags, SEVERITY_ERROR, item->place, "duplicate-part",
				"keep one of the two", "'%s' is in the boot order twice",
				item->text);
	}
}

static void check_trunks(const struct vm *vm, const struct node *document, struct diags *diags)
{
	for (size_t i = 0; i < vm->nics.count; i++) {
		const struct nic *nic = vm_nic(vm, i);
		for (size_t j = 0; nic->vlan && j < nic->trunk.count; j++) {
			unsigned first;
			unsigned last;
			if (scalar_parse_vlans(nic->trunk.items[j], &first, &last) < 0 ||
				nic->vlan < first || nic->vlan > last)
				continue;
			diag_add(diags, SEVERITY_ERROR,
				rules_place(document, "nics.*.trunk", nic->part.name), "trunk-vlan",
				"a VLAN is tagged or not: take it out of one",
				"'trunk' contains %" PRIu64 ", which 'vlan' says is untagged",
				nic->vlan);
		}
	}
}

/* --- readiness ----------------------------------------------------------------------------- */

static bool has_address(const struct vm *vm)
{
	for (size_t i = 0; i < vm->nics.count; i++)
		if (vm_nic(vm, i)->address)
			return true;
	return false;
}

static void check_ready(const struct vm *vm, const struct node *document, struct diags *diags)
{
	const struct ready *ready = &vm->ready;
	if (ready->tcp && !ready->address && !has_address(vm))
		diag_add(diags, SEVERITY_ERROR, rules_place(document, "ready.tcp", NULL),
			"ready-address",
			"give an interface an 'address', which its network's DHCP then gives to "
			"it, or say ready: {tcp: PORT, address: ADDRESS}",
			"'tcp' needs to know the guest's address");
	regex_t regex;
	if (!ready->serial)
		return;
	int r = regcomp(&regex, ready->serial, REG_EXTENDED | REG_NOSUB);
	char reason[128];
	if (r == 0) {
		regfree(&regex);
		return;
	}
	regerror(r, &regex, reason, sizeof(reason));
	diag_add(diags, SEVERITY_ERROR, rules_place(document, "ready.serial", NULL), "bad-regex",
		"it is an extended regular expression (regex(7)); a backslash stands before a "
		"character that is meant itself",
		"'%s' is no regular expression: %s", ready->serial, reason);
}

/* --- disks --------------------------------------------------------------------------------- */

/* Names that another device may have after the next boot (systemd, "Predictable block device
 * names"). */
static bool is_stable_device(const char *path)
{
	static const char *const unstable[] = {"sd", "hd", "vd", "nvme", "dm-", "sr", "md"};
	if (strncmp(path, "/dev/", 5) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(unstable); i++) {
		size_t length = strlen(unstable[i]);
		const char *rest = path + 5 + length;
		if (strncmp(path + 5, unstable[i], length) == 0 && !strchr(rest, '/'))
			return false;
	}
	return true;
}

static void check_device(const struct disk *disk, const struct node *document, struct diags *diags)
{
	if (disk->device && !is_stable_device(disk->device))
		diag_add(diags, SEVERITY_ERROR,
			rules_place(document, "disks.*.device", disk->part.name), "unstable-device",
			"ls -l /dev/disk/by-id /dev/mapper shows such names",
			"'%s' is not a name that stays with one device of the host", disk->device);
}

static void check_cluster(const struct disk *disk, const struct node *document, struct diags *diags)
{
	if (disk->cluster_bytes & (disk->cluster_bytes - 1))
		diag_add(diags, SEVERITY_ERROR,
			rules_place(document, "disks.*.cluster-size", disk->part.name),
			"cluster-size", "such as 64KiB or 1MiB",
			"'cluster-size' is not a power of two");
}

static bool is_on_sata(const struct disk *disk)
{
	return disk->bus == BUS_SATA || (disk->bus == BUS_AUTO && disk->cdrom.given);
}

static void check_sata(const struct vm *vm, const struct node *document, struct diags *diags)
{
	size_t most = vm->machine == MACHINE_PC ? IDE_MAX : SATA_MAX;
	size_t count = 0;
	for (size_t i = 0; i < vm->disks.count; i++) {
		const struct disk *disk = vm_disk(vm, i);
		if (is_on_sata(disk) && ++count == most + 1)
			diag_add(diags, SEVERITY_ERROR,
				rules_place(document, "disks.*.bus", disk->part.name), "sata-full",
				"put the others on bus scsi",
				"the machine has %zu places for bus 'sata', which CD-ROM drives "
				"are "
				"on, too",
				most);
	}
}

static void check_disks(const struct vm *vm, const struct node *document, struct diags *diags)
{
	for (size_t i = 0; i < vm->disks.count; i++) {
		check_device(vm_disk(vm, i), document, diags);
		check_cluster(vm_disk(vm, i), document, diags);
	}
	check_sata(vm, document, diags);
}

void rules_check_vm(const struct vm *vm, const struct node *document, struct diags *diags)
{
	rules_check_rows(KIND_VM, document, diags);
	check_disks(vm, document, diags);
	check_trunks(vm, document, diags);
	check_part_names(document, diags);
	check_order(document, diags);
	check_topology(vm, document, diags);
	check_maxima(vm, document, diags);
	check_qemu_args(vm, document, diags);
	check_ready(vm, document, diags);
}
