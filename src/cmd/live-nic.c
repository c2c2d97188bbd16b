/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/live-nic.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "emit/network.h"
#include "emit/qemu.h"
#include "host/filter.h"
#include "host/hotplug.h"
#include "host/network.h"
#include "host/opened.h"
#include "host/tap.h"

#define NAME_BYTES 64
#define FDS_BYTES 512

const char *live_nic_why_not(const struct plan *running, const struct plan *spec,
	const struct plan_nic *old, const struct plan_nic *new, bool comes_or_goes)
{
	(void)spec;
	if (!comes_or_goes)
		return new->attachment == ATTACHMENT_TAP ? NULL : "it has no tap on a bridge";
	const struct plan_nic *nic = new ? new : old;
	if (nic->attachment != ATTACHMENT_TAP)
		return "only a tap on a bridge can come and go while the guest runs";
	if (running->vm->machine == MACHINE_MICROVM)
		return "machine microvm takes nothing while it runs";
	if (nic->nic->model != NIC_VIRTIO)
		return "only model virtio can come and go while the guest runs";
	return NULL;
}

int live_nic_set_link(struct block *block, const struct plan_nic *nic, struct error *error)
{
	return block_execute(block, "set_link",
		json_pack(
			"{s:s, s:b}", "name", nic->nic->part.name, "up", nic->nic->link == LINK_UP),
		NULL, error);
}

/* --- the host's end ------------------------------------------------------------------------ */

/* A port, and the word that it was read from, which is changed by that. */
struct end {
	struct buf word;
	struct buf copy;
	struct port port;
};

static void end_done(struct end *end)
{
	buf_done(&end->word);
	buf_done(&end->copy);
}

static int read_end(const struct plan_nic *nic, struct end *end, struct error *error)
{
	network_write_nic(nic, &end->word);
	buf_add(&end->copy, buf_text(&end->word), end->word.length);
	if (buf_error(&end->word) < 0 || buf_error(&end->copy) < 0)
		return error_set(error, ENOMEM, "not enough memory");
	return port_read(end->copy.data, &end->port, error);
}

int live_nic_change(const struct plan_nic *nic, struct error *error)
{
	struct end end CLEANUP(end_done) = {0};
	struct netlink *netlink CLEANUP(netlink_close) = NULL;
	struct link tap = {0};
	struct link bridge = {0};
	int r = read_end(nic, &end, error);
	if (r == 0)
		r = netlink_open(&netlink, error);
	if (r == 0)
		r = link_find(netlink, end.port.tap, &tap, error);
	if (r == 0)
		r = link_find(netlink, end.port.bridge, &bridge, error);
	return r < 0 ? r : port_change(netlink, &end.port, &tap, &bridge, error);
}

/* The filter is there before the guest can speak, and goes with the VM's end. */
static int open_end(struct end *end, int fds[PORT_QUEUES_MAX], struct error *error)
{
	struct netlink *netlink CLEANUP(netlink_close) = NULL;
	const struct port *port = &end->port;
	int r = netlink_open(&netlink, error);
	if (r == 0 && opened_leaves(port)) {
		r = opened_add(port->vm, end->word.data, error);
		int lock_fd AUTO_CLOSE = r == 0 ? opened_lock(error) : -1;
		if (r == 0)
			r = lock_fd < 0 ? lock_fd : filter_add_port(port, error);
	}
	if (r == 0)
		r = network_tell_server(port, error);
	return r < 0 ? r : port_open(netlink, port, fds, error);
}

/* --- QEMU's end ---------------------------------------------------------------------------- */

static void name_fd(
	const struct plan_nic *nic, const char *kind, size_t queue, char name[NAME_BYTES])
{
	snprintf(name, NAME_BYTES, "%s-%s-%zu", kind, nic->nic->part.name, queue);
}

/* Gives QEMU a descriptor by a name, and adds that to a list. */
static int give(
	struct block *block, int fd, const char *name, char list[FDS_BYTES], struct error *error)
{
	size_t length = strlen(list);
	snprintf(list + length, FDS_BYTES - length, "%s%s", length ? ":" : "", name);
	return qmp_execute_fd(&block->qmp, "getfd", json_pack("{s:s}", "fdname", name), fd,
		BLOCK_TIMEOUT_USEC, NULL, error);
}

/* The kernel's back end, where the host has it. */
static int give_vhost(struct block *block, const struct plan_nic *nic, size_t queue,
	char list[FDS_BYTES], struct error *error)
{
	char name[NAME_BYTES];
	int fd AUTO_CLOSE = -1;
	if (nic->nic->vhost == AUTOMATIC_NO)
		return 0;
	int r = vhost_net_open(&fd);
	if (r < 0)
		return nic->nic->vhost == AUTOMATIC_YES
			       ? error_set_errno(error, -r, "cannot open /dev/vhost-net")
			       : 0;
	name_fd(nic, "vhost", queue, name);
	return give(block, fd, name, list, error);
}

/* With what QEMU was given for it, if one that was killed got no further. */
static void remove_netdev(struct block *block, const struct plan_nic *nic)
{
	char name[NAME_BYTES];
	struct error ignored;
	snprintf(name, sizeof(name), "net-%s", nic->nic->part.name);
	block_execute(block, "netdev_del", json_pack("{s:s}", "id", name), NULL, &ignored);
	for (size_t i = 0; i < nic->queues; i++) {
		name_fd(nic, "tap", i, name);
		block_execute(block, "closefd", json_pack("{s:s}", "fdname", name), NULL, &ignored);
		name_fd(nic, "vhost", i, name);
		block_execute(block, "closefd", json_pack("{s:s}", "fdname", name), NULL, &ignored);
	}
}

static int add_netdev(
	struct block *block, const struct plan_nic *nic, const int fds[], struct error *error)
{
	char id[NAME_BYTES];
	char taps[FDS_BYTES] = "";
	char vhosts[FDS_BYTES] = "";
	int r = 0;
	for (size_t i = 0; r == 0 && i < nic->queues; i++) {
		char name[NAME_BYTES];
		name_fd(nic, "tap", i, name);
		r = give(block, fds[i], name, taps, error);
		if (r == 0)
			r = give_vhost(block, nic, i, vhosts, error);
	}
	if (r < 0)
		return r;
	snprintf(id, sizeof(id), "net-%s", nic->nic->part.name);
	json_t *netdev = json_pack(
		"{s:s, s:s, s:s}", "type", "tap", "id", id, nic->queues > 1 ? "fds" : "fd", taps);
	if (*vhosts) {
		json_object_set_new(netdev, "vhost", json_true());
		json_object_set_new(
			netdev, nic->queues > 1 ? "vhostfds" : "vhostfd", json_string(vhosts));
	}
	return block_execute(block, "netdev_add", netdev, NULL, error);
}

static int add_device(
	struct block *block, struct arena *arena, const struct plan_nic *nic, struct error *error)
{
	struct options options = {.arena = arena};
	qemu_emit_nic_device(block->plan, nic, &options);
	if (options.failed)
		return error_set(error, ENOMEM, "not enough memory");
	int r = hotplug_plug(
		block, options.items[0].value, block->plan->vm->machine == MACHINE_Q35, error);
	return r == 0 && nic->nic->link == LINK_DOWN ? live_nic_set_link(block, nic, error) : r;
}

int live_nic_attach(
	struct block *block, struct arena *arena, const struct plan_nic *nic, struct error *error)
{
	struct end end CLEANUP(end_done) = {0};
	int fds[PORT_QUEUES_MAX] = {0};
	int r = hotplug_has(block, nic->nic->part.name, error);
	/* One that was killed came that far. */
	if (r > 0)
		return live_nic_set_link(block, nic, error);
	if (r == 0) {
		remove_netdev(block, nic);
		r = read_end(nic, &end, error);
	}
	if (r == 0)
		r = open_end(&end, fds, error);
	if (r < 0)
		return r;
	r = add_netdev(block, nic, fds, error);
	for (size_t i = 0; i < port_queues(&end.port); i++)
		close_fd(&fds[i]);
	if (r == 0)
		r = add_device(block, arena, nic, error);
	if (r < 0)
		remove_netdev(block, nic);
	return r;
}

int live_nic_detach(struct block *block, const struct plan_nic *nic, struct error *error)
{
	int r = hotplug_unplug(block, nic->nic->part.name, error);
	if (r < 0 && r != -ENOENT)
		return r;
	remove_netdev(block, nic);
	return 0;
}
