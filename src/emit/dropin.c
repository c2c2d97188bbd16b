/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "emit/dropin.h"

#include "base/install.h"
#include "emit/qemu.h"
#include "emit/unit.h"

static bool uses_kvm(const struct plan *plan)
{
	return plan->vm->accel != ACCEL_TCG;
}

static bool uses_tcg(const struct plan *plan)
{
	return plan->vm->accel != ACCEL_KVM;
}

static bool uses_taps(const struct plan *plan)
{
	return plan->nic_count > 0;
}

const struct loosening loosenings[] = {
	{"SupplementaryGroups", "kvm", "accel", uses_kvm},
	{"DeviceAllow", "/dev/kvm rw", "accel", uses_kvm},
	{"BindPaths", "-/dev/kvm", "accel", uses_kvm},
	/* TCG writes machine code and runs it. */
	{"MemoryDenyWriteExecute", "no", "accel", uses_tcg},
	/* For vmlet-network to open; neither node is inside QEMU's sandbox. */
	{"DeviceAllow", "/dev/net/tun rw", "nics", uses_taps},
	{"DeviceAllow", "/dev/vhost-net rw", "nics", uses_taps},
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

/* The taps of a VM, for vmlet-network to open and put into the descriptor store. */
static void add_network_command(const struct plan *plan, struct buf *buf)
{
	if (!uses_taps(plan))
		return;
	buf_puts(buf, "ExecStartPre=+" INSTALL_LIBEXEC_DIR "/vmlet-network");
	for (size_t i = 0; i < plan->nic_count; i++) {
		const struct plan_nic *nic = &plan->nics[i];
		buf_printf(buf, " \\\n  nic=%s,tap=%s,bridge=%s%s%s", nic->nic->part.name, nic->tap,
			nic->bridge, nic->altname ? ",altname=" : "",
			nic->altname ? nic->altname : "");
	}
	buf_putc(buf, '\n');
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
	unit_add_raw(buf, "User", plan->user);
	buf_puts(buf, "StateDirectory=vmlet/vm/");
	buf_puts(buf, vm->name);
	buf_putc(buf, '\n');
	unit_add_text(buf, "LoadCredential", credential);
	add_loosenings(plan, buf);
	add_network_command(plan, buf);
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
