/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "emit/qemu.h"

#include <stdio.h>

/* What a virtio card has beyond others: queues, of which each has two vectors beside two of the
 * card's own (QEMU, docs/system/devices/net.rst), and the MTU that the guest is told. */
static const char *virtio_properties(
	const struct plan *plan, const struct plan_nic *nic, char text[64])
{
	char mtu[32] = "";
	if (nic->mtu)
		snprintf(mtu, sizeof(mtu), ",host_mtu=%u", (unsigned)nic->mtu);
	if (nic->queues == 1)
		snprintf(text, 64, "%s", mtu);
	else if (plan->vm->machine == MACHINE_MICROVM)
		snprintf(text, 64, ",mq=on%s", mtu);
	else
		snprintf(text, 64, ",mq=on,vectors=%zu%s", 2 * nic->queues + 2, mtu);
	return text;
}

void qemu_emit_nic_device(
	const struct plan *plan, const struct plan_nic *nic, struct options *options)
{
	char boot_index[BOOT_INDEX_BYTES];
	const char *name = nic->nic->part.name;
	qemu_boot_index(nic->boot_index, boot_index);
	if (nic->nic->model == NIC_VIRTIO) {
		char properties[64];
		options_add(options, "-device", "virtio-net-", qemu_virtio_bus(plan),
			qemu_port_bus(plan, name, options), ",id=", name, ",netdev=net-", name,
			",mac=", nic->mac, virtio_properties(plan, nic, properties), boot_index,
			NULL);
	} else {
		options_add(options, "-device", choice_name(&nic_model_names, nic->nic->model),
			",id=", name, ",netdev=net-", name, ",mac=", nic->mac, boot_index, NULL);
	}
}

/* The descriptors of a tap, or of a macvtap, which QEMU handles alike. vmlet-run adds vhost=on and
 * vhostfd= or vhostfds= where /dev/vhost-net was opened. */
static void emit_tap(const struct plan_nic *nic, struct options *options)
{
	char fds[QUEUES_MAX * 8] = "";
	size_t length = 0;
	for (size_t i = 0; i < nic->queues; i++)
		length += (size_t)snprintf(
			fds + length, sizeof(fds) - length, "%s%d", i ? ":" : "", nic->fd + (int)i);
	options_add(options, "-netdev", "tap,id=net-", nic->nic->part.name,
		nic->queues > 1 ? ",fds=" : ",fd=", fds, NULL);
}

/* QEMU's user networking; a forward is tcp::HOST-:GUEST (qemu-system-x86_64(1), hostfwd). */
static void emit_user(const struct plan_nic *nic, struct options *options)
{
	const struct settings *forwards = &nic->nic->user.forwards;
	struct buf text CLEANUP(buf_done) = {0};
	buf_printf(&text, "user,id=net-%s", nic->nic->part.name);
	for (size_t i = 0; i < forwards->count; i++)
		buf_printf(&text, ",hostfwd=%.3s::%s-:%s", forwards->items[i].name,
			forwards->items[i].name + 4, forwards->items[i].value);
	options->failed |= buf_error(&text) < 0;
	options_add(options, "-netdev", buf_text(&text), NULL);
}

static void emit_passt(const struct plan_nic *nic, struct options *options)
{
	options_add(options, "-netdev", "stream,id=net-", nic->nic->part.name,
		",server=off,addr.type=unix,addr.path=", nic->socket, NULL);
}

void qemu_emit_nics(const struct plan *plan, struct options *options)
{
	bool unplugged = false;
	for (size_t i = 0; i < plan->nic_count; i++) {
		const struct plan_nic *nic = &plan->nics[i];
		if (nic->attachment == ATTACHMENT_USER)
			emit_user(nic, options);
		else if (nic->attachment == ATTACHMENT_PASST)
			emit_passt(nic, options);
		else
			emit_tap(nic, options);
		if (nic->nic->model == NIC_VIRTIO)
			qemu_emit_port(
				plan, nic->nic->part.name, plan->disk_count + i + 1, options);
		qemu_emit_nic_device(plan, nic, options);
		unplugged |= nic->nic->link == LINK_DOWN;
	}
	/* The guest runs when vmlet-run has unplugged the cable. */
	if (unplugged)
		options_add_flag(options, "-S");
}
