/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a guest is told about itself at its first boot. Texts are in files that vmlet-run writes:
 * they may be secrets. */
#include "emit/qemu.h"

static void emit_seed(const struct plan *plan, struct options *options)
{
	if (!vm_has_seed(plan->vm))
		return;
	options_add(options, "-blockdev",
		"driver=file,node-name=seed-file,read-only=on,filename=", plan->state_directory,
		"/" PLAN_SEED_FILE, NULL);
	options_add(options, "-blockdev",
		"driver=raw,node-name=seed-disk,read-only=on,file=seed-file", NULL);
	/* The underscore keeps the id apart from every name in a spec. On a port as the disks are:
	 * those without come before them, for the firmware and for Linux. */
	qemu_emit_port(plan, "seed_0", plan->disk_count + plan->nic_count + 1, options);
	options_add(options, "-device", "virtio-blk-", qemu_virtio_bus(plan),
		qemu_port_bus(plan, "seed_0", options), ",id=seed_0,drive=seed-disk,serial=cidata",
		NULL);
}

/* Ignition's configuration (its documentation, "Supported Platforms": QEMU). */
static void emit_ignition(const struct plan *plan, struct options *options)
{
	const struct ignition *ignition = &plan->vm->ignition;
	if (ignition->config || ignition->config_file)
		options_add(options, "-fw_cfg",
			"name=opt/com.coreos/config,file=", plan->runtime_directory,
			"/" PLAN_IGNITION_FILE, NULL);
}

/* systemd finds credentials in OEM strings (systemd.exec(5); systemd(1), "System Credentials"). */
static void emit_credentials(const struct plan *plan, struct options *options)
{
	char number[OPTION_NUMBER_BYTES];
	for (size_t i = 0; i < plan->vm->credentials.count; i++)
		options_add(options, "-smbios", "type=11,path=", plan->runtime_directory,
			"/" PLAN_SMBIOS_FILE, option_number(i, number), NULL);
}

void qemu_emit_provision(const struct plan *plan, struct options *options)
{
	emit_seed(plan, options);
	emit_ignition(plan, options);
	emit_credentials(plan, options);
}
