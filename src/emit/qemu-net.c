/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "emit/qemu.h"

static void emit_device(
	const struct plan *plan, const struct plan_nic *nic, struct options *options)
{
	char boot_index[BOOT_INDEX_BYTES];
	const char *name = nic->nic->part.name;
	qemu_boot_index(nic->boot_index, boot_index);
	if (nic->nic->model == NIC_VIRTIO)
		options_add(options, "-device", "virtio-net-%s,id=%s,netdev=net-%s,mac=%s%s",
			qemu_virtio_bus(plan), name, name, nic->mac, boot_index);
	else
		options_add(options, "-device", "%s,id=%s,netdev=net-%s,mac=%s%s",
			choice_name(&nic_model_names, nic->nic->model), name, name, nic->mac,
			boot_index);
}

void qemu_emit_nics(const struct plan *plan, struct options *options)
{
	for (size_t i = 0; i < plan->nic_count; i++) {
		const struct plan_nic *nic = &plan->nics[i];
		/* vmlet-run adds vhost=on,vhostfd=N where /dev/vhost-net could be opened. */
		options_add(options, "-netdev", "tap,id=net-%s,fd=%d", nic->nic->part.name, nic->fd);
		emit_device(plan, nic, options);
	}
}
