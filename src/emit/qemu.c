/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "emit/qemu.h"

#include <stdio.h>

const char *qemu_virtio_bus(const struct plan *plan)
{
	return plan->vm->machine == MACHINE_MICROVM ? "device" : "pci";
}

const char *qemu_boot_index(size_t boot_index, char text[BOOT_INDEX_BYTES])
{
	text[0] = '\0';
	if (boot_index)
		snprintf(text, BOOT_INDEX_BYTES, ",bootindex=%zu", boot_index);
	return text;
}

void qemu_emit(const struct plan *plan, struct options *options)
{
	qemu_emit_machine(plan, options);
	qemu_emit_boot(plan, options);
	qemu_emit_monitors(plan, options);
	qemu_emit_console(plan, options);
	qemu_emit_agent(plan, options);
	qemu_emit_notify(plan, options);
	qemu_emit_disks(plan, options);
	qemu_emit_provision(plan, options);
	qemu_emit_nics(plan, options);
	qemu_emit_hotplug(plan, options);
	qemu_emit_health(plan, options);
	for (size_t i = 0; i < plan->vm->qemu_args.count; i++)
		options_add_flag(options, plan->vm->qemu_args.items[i]);
}
