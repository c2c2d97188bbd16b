/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"

static size_t boot_index(const struct vm *vm, const char *part)
{
	for (size_t i = 0; i < vm->boot.order.count; i++)
		if (strcmp(vm->boot.order.items[i], part) == 0)
			return i + 1;
	return 0;
}

const char *plan_state_path(struct arena *arena, const struct plan *plan, const char *file)
{
	return arena_join(arena, plan->state_directory, "/", file, NULL);
}

const char *plan_runtime_path(struct arena *arena, const struct plan *plan, const char *file)
{
	return arena_join(arena, plan->runtime_directory, "/", file, NULL);
}

/* A checksum says what the image is, wherever it is from. */
static const char *image_identity(const struct image *image)
{
	if (image->sha512 || image->sha256)
		return image->sha512 ? image->sha512 : image->sha256;
	return image->url ? image->url : image->path;
}

/* document may be NULL. */
static const char *image_path(
	struct arena *arena, const struct document *document, const char *name)
{
	if (!document || document->broken)
		return arena_join(arena, PLAN_IMAGE_ROOT "/", name, ".qcow2", NULL);
	const struct image *image = document->image;
	const char *form = arena_join(arena, choice_name(&image_format_names, image->format), ".",
		choice_name(&compressed_names, image->compressed), NULL);
	if (!form)
		return NULL;
	return arena_printf(arena, PLAN_IMAGE_ROOT "/%s.%016" PRIx64 ".qcow2", name,
		hash_names(image_identity(image), form));
}

const char *plan_image_path(
	struct arena *arena, const struct documents *documents, const char *name)
{
	return image_path(arena, documents_find(documents, KIND_IMAGE, name), name);
}

/* Takes a directory off a path; NULL when the path is not of a file in it. */
static const char *file_in(const char *path, const char *directory)
{
	size_t length = strlen(directory);
	if (strncmp(path, directory, length) != 0 || path[length] != '/')
		return NULL;
	path += length + 1;
	return *path && *path != '.' && !strchr(path, '/') ? path : NULL;
}

bool plan_is_layer(const char *path, const char *image)
{
	static const char hexadecimal[] = "0123456789abcdef";
	const char *file = file_in(path, PLAN_LAYER_ROOT);
	if (file)
		return strcmp(file + strspn(file, hexadecimal), ".qcow2") == 0;
	file = file_in(path, PLAN_IMAGE_ROOT);
	size_t length = file ? strcspn(file, ".") : 0;
	if (!length || (image && (strlen(image) != length || strncmp(file, image, length) != 0)))
		return false;
	const char *rest = file + length;
	if (strspn(rest + 1, hexadecimal) == PLAN_IMAGE_DIGITS)
		rest += 1 + PLAN_IMAGE_DIGITS;
	return strcmp(rest, ".qcow2") == 0;
}

int plan_set_layers(struct arena *arena, struct plan_disk *disk, char *const paths[], size_t count)
{
	const char **layers = arena_alloc(arena, (count + 1) * sizeof(*layers));
	for (size_t i = 0; layers && i < count; i++) {
		layers[i] = arena_dup(arena, paths[i], strlen(paths[i]));
		if (!layers[i])
			return -ENOMEM;
	}
	if (!layers)
		return -ENOMEM;
	disk->layers = layers;
	disk->layer_count = count;
	return 0;
}

/* systemd.exec(5), $CREDENTIALS_DIRECTORY: where systemd keeps those of a system service. */
const char *plan_credential_path(struct arena *arena, const char *vm, const char *credential)
{
	return arena_join(arena, "/run/credentials/vm@", vm, ".service/", credential, NULL);
}

static const char *find_file(const struct disk *disk)
{
	if (disk->cdrom.given)
		return disk->cdrom.path;
	return disk->path ? disk->path : disk->device;
}

static int plan_own_file(struct arena *arena, const struct documents *documents,
	const struct plan *plan, struct plan_disk *disk)
{
	const struct disk *spec = disk->disk;
	disk->file_name = arena_join(
		arena, spec->part.name, ".", choice_name(&disk_format_names, spec->format), NULL);
	disk->file = disk->file_name ? plan_state_path(arena, plan, disk->file_name) : NULL;
	if (spec->image) {
		const struct document *image = documents_find(documents, KIND_IMAGE, spec->image);
		disk->image_path = image_path(arena, image, spec->image);
		disk->image_is_unit = image != NULL;
		disk->layers = arena_alloc(arena, sizeof(*disk->layers));
		if (!disk->layers || !disk->image_path)
			return -ENOMEM;
		disk->layers[disk->layer_count++] = disk->image_path;
	}
	return disk->file ? 0 : -ENOMEM;
}

static int plan_one_disk(struct arena *arena, const struct documents *documents,
	const struct plan *plan, const struct disk *disk, struct plan_disk *ret)
{
	*ret = (struct plan_disk){
		.disk = disk,
		.file = find_file(disk),
		.serial = disk->serial ? disk->serial : disk->part.name,
		.boot_index =
			disk->boot_index ? disk->boot_index : boot_index(plan->vm, disk->part.name),
	};
	if (disk_is_encrypted(disk)) {
		const char *name = arena_join(arena, PLAN_CREDENTIAL_DISK, disk->part.name, NULL);
		ret->key_path = name ? plan_credential_path(arena, plan->vm->name, name) : NULL;
		if (!ret->key_path)
			return -ENOMEM;
	}
	return disk_is_own(disk) ? plan_own_file(arena, documents, plan, ret) : 0;
}

/* "vm-" and 12 digits of base 32, which are 60 bits of a hash of the names. */
#define HASHED_NAME_BYTES (INTERFACE_LENGTH_MAX + 1)

static void hash_name(const char *first, const char *second, char name[HASHED_NAME_BYTES])
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	uint64_t hash = hash_names(first, second);
	memcpy(name, "vm-", 3);
	for (size_t i = 3; i < HASHED_NAME_BYTES - 1; i++, hash >>= 5)
		name[i] = digits[hash & 31];
	name[HASHED_NAME_BYTES - 1] = '\0';
}

/* Names hold no underscore, so "vm-a_b" names one pair only. */
static int name_tap(struct arena *arena, const char *vm, const char *nic, struct plan_nic *ret)
{
	const char *readable = arena_join(arena, "vm-", vm, "_", nic, NULL);
	if (!readable)
		return -ENOMEM;
	if (strlen(readable) <= INTERFACE_LENGTH_MAX) {
		snprintf(ret->tap, sizeof(ret->tap), "%s", readable);
		return 0;
	}
	hash_name(vm, nic, ret->tap);
	ret->altname = readable;
	return 0;
}

bool plan_nic_is_user(const struct plan_nic *nic)
{
	return nic->attachment == ATTACHMENT_USER || nic->attachment == ATTACHMENT_PASST;
}

void plan_name_user(const char *vm, char user[PLAN_USER_LENGTH_MAX + 1])
{
	if (strlen("vm-") + strlen(vm) > PLAN_USER_LENGTH_MAX)
		hash_name(vm, "", user);
	else
		snprintf(user, PLAN_USER_LENGTH_MAX + 1, "vm-%s", vm);
}

void plan_name_image_user(const char *image, char user[PLAN_USER_LENGTH_MAX + 1])
{
	/* No VM has this name. */
	if (strlen("img-") + strlen(image) > PLAN_USER_LENGTH_MAX)
		hash_name(image, "image", user);
	else
		snprintf(user, PLAN_USER_LENGTH_MAX + 1, "img-%s", image);
}

/* 52:54 is how QEMU's addresses begin: locally administered, unicast. 32 bits of the names' hash
 * follow, so that a thousand interfaces meet once in ten thousand sites. */
static void derive_mac(const char *vm, const char *nic, char mac[MAC_TEXT_BYTES])
{
	uint32_t hash = (uint32_t)(hash_names(vm, nic) >> 32);
	snprintf(mac, MAC_TEXT_BYTES, "52:54:%02x:%02x:%02x:%02x", hash >> 24, (hash >> 16) & 0xff,
		(hash >> 8) & 0xff, hash & 0xff);
}

static bool decide(int choice, bool automatic)
{
	return choice == AUTOMATIC ? automatic : choice == AUTOMATIC_YES;
}

static enum attachment choose_attachment(const struct nic *nic)
{
	if (nic->user.given)
		return nic->user.backend == USER_BACKEND_PASST ? ATTACHMENT_PASST : ATTACHMENT_USER;
	return nic->macvtap.link ? ATTACHMENT_MACVTAP : ATTACHMENT_TAP;
}

static bool is_first(const struct plan *plan, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (plan->nics[i].network == plan->nics[index].network)
			return false;
	return true;
}

static void join_network(const struct network *network, struct plan_nic *nic)
{
	nic->network = network;
	nic->bridge = network->bridge;
	nic->mtu = nic->mtu ? nic->mtu : network->mtu;
	nic->mac_filter = decide(nic->nic->mac_filter, network->nat);
	/* Where no DHCP says which addresses are right, the guest chooses them itself. */
	nic->ip_filter =
		decide(nic->nic->ip_filter, network->nat && (network->dhcp || nic->nic->address));
}

/* first_queue is how many queues the nics before it have. */
static int plan_one_nic(struct arena *arena, const struct documents *documents,
	const struct plan *plan, size_t index, size_t first_queue, struct plan_nic *ret)
{
	const struct nic *nic = vm_nic(plan->vm, index);
	const struct document *network =
		nic->network ? documents_find(documents, KIND_NETWORK, nic->network) : NULL;
	*ret = (struct plan_nic){
		.nic = nic,
		.vm = plan->vm->name,
		.attachment = choose_attachment(nic),
		.bridge = nic->bridge,
		.mtu = nic->mtu,
		.queues = nic->queues ? nic->queues : 1,
		.fd = PLAN_FD_TAP + (int)first_queue,
		.vhost_fd = PLAN_FD_VHOST + (int)first_queue,
		.mac_filter = nic->mac_filter == AUTOMATIC_YES,
		.ip_filter = nic->ip_filter == AUTOMATIC_YES,
		.boot_index = boot_index(plan->vm, nic->part.name),
	};
	if (network)
		join_network(network->network, ret);
	ret->first_on_network = is_first(plan, index);
	if (ret->attachment == ATTACHMENT_PASST) {
		ret->socket = arena_join(arena, PLAN_PASST_ROOT "/", plan->vm->name, ".",
			nic->part.name, "/socket", NULL);
		if (!ret->socket)
			return -ENOMEM;
	}
	if (nic->mac)
		snprintf(ret->mac, sizeof(ret->mac), "%s", nic->mac);
	else
		derive_mac(plan->vm->name, nic->part.name, ret->mac);
	return name_tap(arena, plan->vm->name, nic->part.name, ret);
}

static const char *choose_cpu_model(const struct vm *vm)
{
	if (vm->cpus.model)
		return vm->cpus.model;
	/* "max" is the host's CPU under KVM and everything emulated under TCG. */
	return vm->accel == ACCEL_KVM ? "host" : "max";
}

/* A guest's may be anything from 3 on (vsock(7)); the upper half is left to who gives their own. */
static uint64_t choose_cid(const struct vm *vm)
{
	if (vm->vsock.cid)
		return vm->vsock.cid;
	return 3 + hash_names(vm->name, "vsock") % (INT32_MAX - 3);
}

static const char *choose_ready_address(const struct vm *vm)
{
	const char *address = vm->ready.address;
	for (size_t i = 0; !address && i < vm->nics.count; i++)
		address = vm_nic(vm, i)->address;
	return vm->ready.tcp ? address : NULL;
}

bool plan_has_vsock(const struct plan *plan)
{
	return plan->vm->vsock.given || plan->vm->ready.when == READY_NOTIFY;
}

int plan_vm(struct arena *arena, const struct documents *documents, const struct vm *vm,
	struct plan *ret_plan)
{
	struct plan plan = {
		.vm = vm,
		.state_directory = arena_join(arena, PLAN_STATE_ROOT "/", vm->name, NULL),
		.runtime_directory = arena_join(arena, PLAN_RUNTIME_ROOT "/", vm->name, NULL),
		.cpu_model = choose_cpu_model(vm),
		.start_slots = documents->conf.max_parallel_starts,
		.cid = choose_cid(vm),
		.ready_address = choose_ready_address(vm),
		.disks = arena_alloc(arena, vm->disks.count * sizeof(*plan.disks)),
		.disk_count = vm->disks.count,
		.nics = arena_alloc(arena, vm->nics.count * sizeof(*plan.nics)),
		.nic_count = vm->nics.count,
	};
	if (!plan.state_directory || !plan.runtime_directory || !plan.disks || !plan.nics)
		return -ENOMEM;
	int r = 0;
	plan_name_user(vm->name, plan.user);
	for (size_t i = 0; r == 0 && i < plan.disk_count; i++)
		r = plan_one_disk(arena, documents, &plan, vm_disk(vm, i), &plan.disks[i]);
	size_t queues = 0;
	for (size_t i = 0; r == 0 && i < plan.nic_count; i++) {
		r = plan_one_nic(arena, documents, &plan, i, queues, &plan.nics[i]);
		queues += plan.nics[i].queues;
	}
	if (r == 0)
		*ret_plan = plan;
	return r;
}
