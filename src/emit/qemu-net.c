/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "emit/qemu.h"

static void emit_device(
	const struct plan *plan, const struct plan_nic *nic, struct options *options)
{
	char boot_index[BOOT_INDEX_BYTES];
	const char *name = nic->nic->part.name;
	qemu_boot_index(nic->boot_index, boot_index);
	if (nic->nic->model == NIC_VIRTIO)
		options_add(options, "-device", "virtio-net-", qemu_virtio_bus(plan), ",id=", name,
			",netdev=net-", name, ",mac=", nic->mac, boot_index, NULL);
	else
		options_add(options, "-device", choice_name(&nic_model_names, nic->nic->model),
			",id=", name, ",netdev=net-", name, ",mac=", nic->mac, boot_index, NULL);
}

void qemu_emit_nics(const struct plan *plan, struct options *options)
{
	for (size_t i = 0; i < plan->nic_count; i++) {
		const struct plan_nic *nic = &plan->nics[i];
		char fd[OPTION_NUMBER_BYTES];
		/* vmlet-run adds vhost=on,vhostfd=N where /dev/vhost-net could be opened. */
		options_add(options, "-netdev", "tap,id=net-", nic->nic->part.name,
			",fd=", option_number((uint64_t)nic->fd, fd), NULL);
		emit_device(plan, nic, options);
	}
}
