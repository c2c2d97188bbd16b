/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "emit/dropin.h"

#include <inttypes.h>
#include <string.h>

#include "base/install.h"
#include "emit/network.h"
#include "emit/qemu.h"
#include "emit/unit.h"
#include "spec/uri.h"

static bool uses_kvm(const struct plan *plan)
{
	return plan->vm->accel != ACCEL_TCG;
}

static bool uses_tcg(const struct plan *plan)
{
	return plan->vm->accel != ACCEL_KVM;
}

static bool uses_attachment(const struct plan *plan, enum attachment attachment)
{
	for (size_t i = 0; i < plan->nic_count; i++)
		if (plan->nics[i].attachment == attachment)
			return true;
	return false;
}

static bool uses_taps(const struct plan *plan)
{
	return uses_attachment(plan, ATTACHMENT_TAP);
}

static bool uses_macvtaps(const struct plan *plan)
{
	return uses_attachment(plan, ATTACHMENT_MACVTAP);
}

static bool uses_host(const struct plan *plan)
{
	return uses_taps(plan) || uses_macvtaps(plan);
}

static bool uses_user_network(const struct plan *plan)
{
	return uses_attachment(plan, ATTACHMENT_USER);
}

static bool uses_vhost(const struct plan *plan)
{
	for (size_t i = 0; i < plan->nic_count; i++)
		if (!plan_nic_is_user(&plan->nics[i]) && plan->nics[i].nic->vhost != AUTOMATIC_NO)
			return true;
	return false;
}

static bool uses_queues(const struct plan *plan)
{
	for (size_t i = 0; i < plan->nic_count; i++)
		if (plan->nics[i].queues > 1)
			return true;
	return false;
}

static bool uses_device(const struct plan *plan)
{
	for (size_t i = 0; i < plan->disk_count; i++)
		if (plan->disks[i].disk->device)
			return true;
	return false;
}

/* Whether QEMU itself speaks to a server of a disk. */
static bool uses_storage_network(const struct plan *plan)
{
	static const char local[] = "nbd+unix:";
	for (size_t i = 0; i < plan->disk_count; i++) {
		const char *uri = plan->disks[i].disk->uri;
		if (uri && strncmp(uri, local, sizeof(local) - 1) != 0)
			return true;
	}
	return false;
}

static bool uses_vsock(const struct plan *plan)
{
	return plan_has_vsock(plan);
}

static bool listens_on_vsock(const struct plan *plan)
{
	return plan->vm->ready.when == READY_NOTIFY;
}

const struct loosening loosenings[] = {
	{"DeviceAllow", "/dev/kvm rw", "accel", uses_kvm},
	{"BindPaths", "-/dev/kvm", "accel", uses_kvm},
	/* TCG writes machine code and runs it. */
	{"MemoryDenyWriteExecute", "no", "accel", uses_tcg},
	/* For vmlet-network to open; neither node is inside QEMU's sandbox. */
	{"DeviceAllow", "/dev/net/tun rw", "nics", uses_taps},
	{"DeviceAllow", "char-macvtap rw", "nics", uses_macvtaps},
	{"DeviceAllow", "/dev/vhost-net rw", "nics", uses_vhost},
	/* A descriptor for each queue, and one of vhost. */
	{"FileDescriptorStoreMax", "136", "nics", uses_queues},
	{"DeviceAllow", "/dev/vhost-vsock rw", "vsock", uses_vsock},
	/* The guest's systemd speaks to the supervisor. */
	{"RestrictAddressFamilies", "AF_VSOCK", "ready", listens_on_vsock},
	/* The group may open all disks of the host; the device policy leaves this one. */
	{"SupplementaryGroups", "disk", "disks.*.device", uses_device},
	{"PrivateNetwork", "no", "disks.*.uri", uses_storage_network},
	{"IPAddressDeny", "", "disks.*.uri", uses_storage_network},
	{"RestrictAddressFamilies", "AF_INET AF_INET6", "disks.*.uri", uses_storage_network},
	/* QEMU itself speaks for the guest then. */
	{"PrivateNetwork", "no", "nics.*.user", uses_user_network},
	{"IPAddressDeny", "", "nics.*.user", uses_user_network},
	{"RestrictAddressFamilies", "AF_INET AF_INET6", "nics.*.user", uses_user_network},
};
const size_t loosening_count = ARRAY_SIZE(loosenings);

static void add_settings(struct buf *buf, const struct settings *settings)
{
	for (size_t i = 0; i < settings->count; i++)
		unit_add_raw(buf, settings->items[i].name, settings->items[i].value);
}

static void add_span(struct buf *buf, const char *directive, uint64_t usec)
{
	buf_puts(buf, directive);
	buf_putc(buf, '=');
	scalar_write_span(usec, buf);
	buf_putc(buf, '\n');
}

/* The VM does not start again because its networks do: their taps stay on the bridges. So it is
 * not Requires=, of which a restart is part; a network that is not there fails vmlet-network. */
static void add_networks(const struct plan *plan, struct buf *buf)
{
	for (size_t i = 0; i < plan->nic_count; i++) {
		const struct network *network = plan->nics[i].network;
		bool seen = false;
		for (size_t j = 0; j < i; j++)
			seen |= network && plan->nics[j].network == network;
		if (network && !seen)
			buf_printf(buf,
				"Wants=vm-network@%s.service\nAfter=vm-network@%s.service\n"
				"StopPropagatedFrom=vm-network@%s.service\n",
				network->name, network->name, network->name);
	}
}

/* An image that is not there yet is made first. Without it the start fails, and says so: it is not
 * Requires=, as the end of the image's unit is not the VM's. */
static void add_images(const struct plan *plan, struct buf *buf)
{
	for (size_t i = 0; i < plan->disk_count; i++) {
		const struct plan_disk *disk = &plan->disks[i];
		bool due = disk->image_is_unit;
		for (size_t j = 0; due && j < i; j++)
			due = !plan->disks[j].image_is_unit ||
			      strcmp(plan->disks[j].disk->image, disk->disk->image) != 0;
		if (due)
			buf_printf(buf, "Wants=vm-image@%s.service\nAfter=vm-image@%s.service\n",
				disk->disk->image, disk->disk->image);
	}
}

/* What must be there before disks can be opened. */
static void add_disk_requirements(const struct plan *plan, struct buf *buf)
{
	for (size_t i = 0; i < plan->disk_count; i++) {
		const struct plan_disk *disk = &plan->disks[i];
		if (disk->disk->device) {
			buf_puts(buf, "Requires=");
			unit_escape_path(buf, disk->file);
			buf_puts(buf, ".device\nAfter=");
			unit_escape_path(buf, disk->file);
			buf_puts(buf, ".device\n");
		} else if (disk->file && !disk->file_name) {
			unit_add_path(buf, "RequiresMountsFor", disk->file, "");
		}
	}
}

static void add_unit_section(const struct plan *plan, const char *source_path, struct buf *buf)
{
	const struct vm *vm = plan->vm;
	unit_begin_section(buf, "Unit");
	if (vm->description)
		unit_add_text(buf, "Description", vm->description);
	unit_add_text(buf, "SourcePath", source_path);
	for (size_t i = 0; i < vm->depends_on.count; i++)
		buf_printf(buf, "Requires=vm@%s.service\nAfter=vm@%s.service\n",
			vm->depends_on.items[i], vm->depends_on.items[i]);
	add_networks(plan, buf);
	add_images(plan, buf);
	add_disk_requirements(plan, buf);
	/* At shutdown it ends first, and leaves word for vmlet-stop. */
	if (vm->on_host_shutdown == HOST_SHUTDOWN_SUSPEND)
		buf_puts(buf, "Wants=vmlet-shutdown.service\nBefore=vmlet-shutdown.service\n");
	/* Its end is the end of the guest's link: QEMU 7.2 does not connect again. */
	for (size_t i = 0; i < plan->nic_count; i++)
		if (plan->nics[i].attachment == ATTACHMENT_PASST)
			buf_printf(buf,
				"BindsTo=vm-passt@%s.%s.service\nAfter=vm-passt@%s.%s.service\n",
				vm->name, plan->nics[i].nic->part.name, vm->name,
				plan->nics[i].nic->part.name);
	/* The device's major number is known, and can be allowed, when the module is loaded. */
	if (uses_macvtaps(plan))
		buf_puts(buf, "Wants=modprobe@macvtap.service\nAfter=modprobe@macvtap.service\n");
	add_settings(buf, &vm->unit);
}

static void add_loosenings(const struct plan *plan, struct buf *buf)
{
	const char *reason = NULL;
	for (size_t i = 0; i < loosening_count; i++) {
		const struct loosening *row = &loosenings[i];
		if (!row->due(plan))
			continue;
		if (row->key != reason) {
			buf_puts(buf, "# because of '");
			buf_puts(buf, row->key);
			buf_puts(buf, "':\n");
		}
		reason = row->key;
		unit_add_raw(buf, row->directive, row->value);
	}
}

/* What systemd reads as root and hands to the VM's user: of these, the first that is given. */
static void add_credential(const char *prefix, const char *name, const char *plain,
	const char *encrypted, struct buf *buf)
{
	if (!plain && !encrypted)
		return;
	buf_printf(buf, "%s=%s%s:", plain ? "LoadCredential" : "LoadCredentialEncrypted", prefix,
		name);
	unit_add_value(buf, plain ? plain : encrypted);
}

static void add_provision(const struct vm *vm, struct buf *buf)
{
	const struct cloud_init *cloud = &vm->cloud_init;
	add_credential(PLAN_CREDENTIAL_CLOUD, "user-data", cloud->user_data_file, NULL, buf);
	add_credential(PLAN_CREDENTIAL_CLOUD, "meta-data", cloud->meta_data_file, NULL, buf);
	add_credential(
		PLAN_CREDENTIAL_CLOUD, "network-config", cloud->network_config_file, NULL, buf);
	add_credential(PLAN_CREDENTIAL_CLOUD, "vendor-data", cloud->vendor_data_file, NULL, buf);
	add_credential(PLAN_CREDENTIAL_IGNITION, "", vm->ignition.config_file, NULL, buf);
	for (size_t i = 0; i < vm->credentials.count; i++) {
		const struct guest_credential *credential = vm_credential(vm, i);
		add_credential(PLAN_CREDENTIAL_GUEST, credential->part.name, credential->credential,
			credential->encrypted_credential, buf);
	}
}

/* What of the host's files the sandbox lets through. */
static void add_disk_files(const struct plan *plan, struct buf *buf)
{
	for (size_t i = 0; i < plan->disk_count; i++) {
		const struct disk *disk = plan->disks[i].disk;
		bool writable = disk_is_writable(disk);
		struct uri uri;
		bool local =
			disk->uri && uri_parse(disk->uri, &uri) == 0 && uri.scheme == URI_NBD_UNIX;
		if (!disk->path && !disk->device && !local && !disk_is_encrypted(disk))
			continue;
		buf_printf(buf, "# because of 'disks.%s':\n", disk->part.name);
		if (disk->path || disk->device)
			unit_add_path(buf, writable ? "BindPaths" : "BindReadOnlyPaths",
				plan->disks[i].file, "");
		if (disk->device)
			unit_add_path(buf, "DeviceAllow", disk->device, writable ? " rw" : " r");
		if (local)
			unit_add_path(buf, "BindPaths", uri.more, "");
		add_credential(PLAN_CREDENTIAL_DISK, disk->part.name, disk->encrypt.credential,
			disk->encrypt.encrypted_credential, buf);
	}
}

static void add_nics(const struct plan *plan, struct buf *buf)
{
	struct buf word CLEANUP(buf_done) = {0};
	for (size_t i = 0; i < plan->nic_count; i++) {
		if (plan_nic_is_user(&plan->nics[i]))
			continue;
		buf_reset(&word);
		network_write_nic(&plan->nics[i], &word);
		buf_puts(buf, " \\\n  ");
		unit_add_argument(buf, buf_text(&word));
		buf->failed |= word.failed;
	}
	buf_putc(buf, '\n');
}

/* What only root can open on the host, for vmlet-network to put into the descriptor store. */
static void add_network_commands(const struct plan *plan, struct buf *buf)
{
	if (!uses_host(plan) && !plan->ready_address && !plan_has_vsock(plan) && !plan->start_slots)
		return;
	buf_puts(buf, "ExecStartPre=+" INSTALL_LIBEXEC_DIR "/vmlet-network open ");
	buf_puts(buf, plan->vm->name);
	if (plan->start_slots)
		buf_printf(buf, " slots=%" PRIu64, plan->start_slots);
	if (plan->ready_address)
		buf_puts(buf, " tcp");
	if (plan_has_vsock(plan))
		buf_puts(buf, plan->vm->vsock.given ? " vsock" : " vsock-if-there");
	add_nics(plan, buf);
}

/* The supervisor's socket is the host's, and reaches the guest alone. */
static void add_ready_address(const struct plan *plan, struct buf *buf)
{
	if (plan->ready_address)
		buf_printf(buf, "# because of 'ready':\nIPAddressAllow=%s\n", plan->ready_address);
}

static void add_supervision(const struct vm *vm, struct buf *buf)
{
	add_span(buf, "TimeoutStartSec", vm->ready_timeout_usec);
	if (vm->liveness.check != LIVENESS_NONE)
		add_span(buf, "WatchdogSec", vm->liveness.timeout_usec);
}

/* The ports of the host that QEMU may listen on, and no other. */
static void add_forwards(const struct plan *plan, struct buf *buf)
{
	for (size_t i = 0; i < plan->nic_count; i++) {
		const struct settings *forwards = &plan->nics[i].nic->user.forwards;
		if (plan->nics[i].attachment != ATTACHMENT_USER)
			continue;
		for (size_t j = 0; j < forwards->count; j++) {
			const char *name = forwards->items[j].name;
			buf_printf(buf, "SocketBindAllow=%.3s:%s\n", name, name + 4);
		}
	}
}

static void add_qemu_command(
	const struct plan *plan, const struct options *options, struct buf *buf)
{
	buf_puts(buf, "ExecStart=\n");
	buf_printf(buf, "ExecStart=" INSTALL_LIBEXEC_DIR "/vmlet-run %s -- \\\n  " INSTALL_QEMU,
		plan->vm->name);
	for (size_t i = 0; i < options->count; i++) {
		buf_puts(buf, " \\\n  ");
		unit_add_argument(buf, options->items[i].flag);
		if (options->items[i].value) {
			buf_putc(buf, ' ');
			unit_add_argument(buf, options->items[i].value);
		}
	}
	buf_putc(buf, '\n');
}

static void add_service_section(const struct plan *plan, const char *credential,
	const struct options *options, struct buf *buf)
{
	const struct vm *vm = plan->vm;
	unit_begin_section(buf, "Service");
	unit_add_raw(buf, "Restart", choice_name(&restart_names, vm->restart));
	add_span(buf, "RestartSec", vm->restart_delay_usec);
	add_supervision(vm, buf);
	unit_add_raw(buf, "User", plan->user);
	buf_puts(buf, "StateDirectory=vmlet/vm/");
	buf_puts(buf, vm->name);
	buf_putc(buf, '\n');
	unit_add_text(buf, "LoadCredential", credential);
	add_provision(vm, buf);
	add_loosenings(plan, buf);
	add_disk_files(plan, buf);
	add_forwards(plan, buf);
	add_ready_address(plan, buf);
	add_network_commands(plan, buf);
	add_qemu_command(plan, options, buf);
	add_settings(buf, &vm->service);
}

int dropin_emit(const struct plan *plan, const char *source_path, const char *unit_directory,
	struct arena *scratch, struct buf *buf)
{
	struct options options = {.arena = scratch};
	const char *credential = arena_join(
		scratch, "spec:", unit_directory, "/vmlet/", plan->vm->name, ".yaml", NULL);
	if (!credential)
		return -ENOMEM;
	qemu_emit(plan, &options);
	add_unit_section(plan, source_path, buf);
	add_service_section(plan, credential, &options, buf);
	return options.failed ? -ENOMEM : buf_error(buf);
}

void dropin_emit_version(const char *name, uint64_t version, bool broken, struct buf *buf)
{
	unit_begin_section(buf, "Unit");
	if (broken)
		buf_printf(buf,
			"Description=Virtual machine %s (its spec has errors: accepted version "
			"%" PRIu64 " is in force)\n",
			name, version);
	else
		buf_printf(buf,
			"Description=Virtual machine %s (rolled back to version %" PRIu64 ")\n",
			name, version);
}

void dropin_emit_timer(const struct vm *vm, struct buf *buf)
{
	unit_begin_section(buf, "Timer");
	add_span(buf, "OnActiveSec", vm->start_delay_usec);
}

static void add_user(const char *name, struct buf *buf)
{
	char user[PLAN_USER_LENGTH_MAX + 1];
	plan_name_user(name, user);
	unit_add_raw(buf, "User", user);
}

void dropin_emit_gone(const char *name, struct buf *buf)
{
	unit_begin_section(buf, "Unit");
	buf_printf(buf, "Description=Virtual machine %s (its spec is gone)\n", name);
	unit_begin_section(buf, "Service");
	add_user(name, buf);
}

void dropin_emit_broken(const char *name, const char *source_path, struct buf *buf)
{
	unit_begin_section(buf, "Unit");
	buf_printf(buf, "Description=Virtual machine %s (its spec has errors)\n", name);
	unit_add_text(buf, "SourcePath", source_path);
	unit_begin_section(buf, "Service");
	/* It may be running: see dropin_emit_gone(). */
	add_user(name, buf);
	buf_printf(
		buf, "ExecStart=\nExecStart=+" INSTALL_BIN_DIR "/vmlet check --start %s\n", name);
}
