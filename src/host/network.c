/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/network.h"

#include <linux/if_ether.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "host/address.h"
#include "host/filter.h"
#include "host/network-check.h"
#include "host/network-record.h"
#include "host/opened.h"
#include "host/sysctl.h"
#include "host/vlan.h"

/* --- the bridge ---------------------------------------------------------------------------- */

/* Of its own from the start: udev would give it another one when it sees it, and guests would lose
 * their gateway's address. 02 is locally administered, unicast. */
static void derive_mac(const char *network, uint8_t mac[6])
{
	uint64_t hash = hash_names("network", network);
	mac[0] = 0x02;
	for (size_t i = 1; i < 6; i++)
		mac[i] = (uint8_t)(hash >> (8 * i));
}

static struct bridge_settings settings_of(const struct network_config *config)
{
	struct bridge_settings settings = {
		.stp = config->stp,
		.forward_delay_usec = config->forward_delay_usec,
		.ageing_usec = config->ageing_usec,
		.vlan_filtering = config->vlan_filtering,
		.multicast_snooping = config->multicast_snooping,
		.ipv6 = network_has_ipv6(config),
	};
	if (settings.stp && !settings.forward_delay_usec)
		settings.forward_delay_usec = UINT64_C(15000000);
	return settings;
}

static int set_up_bridge(struct netlink *netlink, struct scene *scene)
{
	const struct network_config *config = scene->config;
	struct bridge_settings settings = settings_of(config);
	if (scene->bridge_is_there) {
		if (!scene->bridge.ours)
			return 0;
		link_change_bridge(netlink, &scene->bridge, &settings);
	} else {
		char altname[128];
		uint8_t mac[6];
		derive_mac(config->name, mac);
		settings.mac = mac;
		/* systemd-networkd knows by it that the bridge is not its own. No tap has a dot. */
		snprintf(altname, sizeof(altname), "vm-network.%s", config->name);
		link_add_bridge(netlink, config->bridge, altname, &settings);
	}
	int r = netlink_commit(netlink, scene->error);
	if (r == 0)
		r = link_find(netlink, config->bridge, &scene->bridge, scene->error);
	if (r < 0)
		return r;
	scene->bridge_is_there = true;
	link_set_up(netlink, scene->bridge.index, config->bridge, true);
	return netlink_commit(netlink, scene->error);
}

/* --- addresses ----------------------------------------------------------------------------- */

struct addresses {
	struct netlink *netlink;
	const struct scene *scene;
	struct subnet surplus[2 * NETWORK_ADDRESSES_MAX];
	size_t surplus_count;
};

static bool is_wanted(const struct network_config *config, const struct subnet *subnet)
{
	for (size_t i = 0; i < config->address_count; i++) {
		struct subnet wanted;
		if (subnet_parse(config->addresses[i], &wanted) == 0 &&
			wanted.prefix == subnet->prefix &&
			address_compare(&wanted.address, &subnet->address) == 0)
			return true;
	}
	return false;
}

static int take_surplus(int index, const struct subnet *subnet, void *context)
{
	struct addresses *addresses = context;
	if (index == addresses->scene->bridge.index &&
		!is_wanted(addresses->scene->config, subnet) &&
		addresses->surplus_count < ARRAY_SIZE(addresses->surplus))
		addresses->surplus[addresses->surplus_count++] = *subnet;
	return 0;
}

/* New ones come before old ones go: with the last address of a subnet its routes go, too. */
static int set_addresses(struct netlink *netlink, const struct scene *scene)
{
	const struct network_config *config = scene->config;
	struct addresses addresses = {.netlink = netlink, .scene = scene};
	if (!scene->bridge.ours)
		return 0;
	int r = addresses_each(netlink, take_surplus, &addresses, scene->error);
	if (r < 0)
		return r;
	for (size_t i = 0; i < config->address_count; i++) {
		struct subnet subnet;
		if (subnet_parse(config->addresses[i], &subnet) < 0)
			return error_set(scene->error, EINVAL, "cannot read address %s",
				config->addresses[i]);
		address_add(netlink, scene->bridge.index, config->bridge, &subnet);
	}
	for (size_t i = 0; i < addresses.surplus_count; i++)
		address_delete(netlink, scene->bridge.index, config->bridge, &addresses.surplus[i]);
	return netlink_commit(netlink, scene->error);
}

/* --- ports --------------------------------------------------------------------------------- */

struct members {
	const struct network_config *config;
	int bridge;
	int uplink; /* 0: none */
	struct link *taps;
	size_t count;
	char other[IFNAMSIZ]; /* a port that is not the uplink; empty for none */
};

static const struct port *port_of(const struct network_config *config, const char *tap)
{
	for (size_t i = 0; i < config->nic_count; i++)
		if (strcmp(config->nics[i].tap, tap) == 0)
			return &config->nics[i];
	return NULL;
}

static int take_member(const struct link *link, void *context)
{
	struct members *members = context;
	if (link->master != members->bridge || link->index == members->uplink)
		return 0;
	snprintf(members->other, sizeof(members->other), "%s", link->name);
	if (!members->taps)
		return 0;
	if (port_of(members->config, link->name) && members->count < members->config->nic_count)
		members->taps[members->count++] = *link;
	return 0;
}

/* The taps of VMs that run, of those that the spec says. Owned by the caller. */
static int find_members(struct netlink *netlink, const struct scene *scene, struct link **ret_taps,
	size_t *ret_count)
{
	struct members members = {
		.config = scene->config,
		.bridge = scene->bridge.index,
		.uplink = scene->uplink.index,
		.taps = calloc(scene->config->nic_count + 1, sizeof(struct link)),
	};
	if (!members.taps)
		return error_set(scene->error, ENOMEM, "not enough memory for the ports");
	int r = links_each(netlink, take_member, &members, scene->error);
	*ret_taps = members.taps;
	*ret_count = members.count;
	return r;
}

static int change_filters(const struct scene *scene, const struct link *taps, size_t count)
{
	const struct port **ports = calloc(count + 1, sizeof(const struct port *));
	if (!ports)
		return error_set(scene->error, ENOMEM, "not enough memory for the ports");
	for (size_t i = 0; i < count; i++)
		ports[i] = port_of(scene->config, taps[i].name);
	int lock_fd AUTO_CLOSE = opened_lock(scene->error);
	int r = lock_fd < 0 ? lock_fd : filter_change_ports(ports, count, scene->error);
	free(ports);
	return r;
}

/* The word that a port was read from. */
static char *word_of(const struct scene *scene, const struct port *port)
{
	size_t index = (size_t)(port - scene->config->nics);
	for (char *const *word = scene->words; *word; word++)
		if (strncmp(*word, "nic=", 4) == 0 && index-- == 0)
			return *word;
	return NULL;
}

/* Each VM's end knows of what its taps were given since its start. */
static int remember_filters(const struct scene *scene, const struct link *taps, size_t count)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < count; i++) {
		const struct port *port = port_of(scene->config, taps[i].name);
		char *word = port->vm && opened_leaves(port) ? word_of(scene, port) : NULL;
		if (word)
			r = opened_add(port->vm, word, scene->error);
	}
	return r;
}

/* They stay, and get what the spec says now. */
static int change_ports(struct netlink *netlink, const struct scene *scene)
{
	struct link *taps = NULL;
	size_t count = 0;
	int r = find_members(netlink, scene, &taps, &count);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = port_change(netlink, port_of(scene->config, taps[i].name), &taps[i],
			&scene->bridge, scene->error);
	if (r == 0)
		r = remember_filters(scene, taps, count);
	if (r == 0)
		r = change_filters(scene, taps, count);
	free(taps);
	return r;
}

/* The kernel makes the MTU of a bridge that of its least port, until it is set. Without a word on
 * it, it is that of the way out, or Ethernet's. */
static int set_mtu(struct netlink *netlink, struct scene *scene)
{
	const struct network_config *config = scene->config;
	unsigned mtu = config->mtu ? (unsigned)config->mtu : ETH_DATA_LEN;
	if (!config->mtu && config->uplink)
		mtu = scene->uplink.mtu;
	int r = link_find(netlink, config->bridge, &scene->bridge, scene->error);
	if (r < 0 || !scene->bridge.ours || scene->bridge.mtu == mtu)
		return r;
	link_set_mtu(netlink, scene->bridge.index, config->bridge, mtu);
	scene->bridge.mtu = mtu;
	return netlink_commit(netlink, scene->error);
}

/* The way out carries all VLANs, and the first untagged. */
static int set_uplink(struct netlink *netlink, const struct scene *scene)
{
	const struct link *uplink = &scene->uplink;
	if (!scene->config->uplink)
		return 0;
	if (uplink->master != scene->bridge.index)
		link_set_master(
			netlink, uplink->index, uplink->name, scene->bridge.index, false, 0);
	if (!uplink->up)
		link_set_up(netlink, uplink->index, uplink->name, true);
	int r = netlink_commit(netlink, scene->error);
	if (r < 0 || !scene->bridge.vlan_filtering)
		return r;
	struct vlans vlans = {.untagged = 1};
	for (unsigned id = 2; id <= VLAN_COUNT - 2; id++)
		vlans.tagged[id] = true;
	return vlans_change(netlink, uplink->index, uplink->name, &vlans, scene->error);
}

/* --- NAT ----------------------------------------------------------------------------------- */

static int set_nat(const struct network_config *config, bool had_nat, struct error *error)
{
	const struct nat nat = {
		.network = config->name,
		.bridge = config->bridge,
		.addresses = config->addresses,
		.address_count = config->address_count,
		.ports = config->ports,
		.port_count = config->port_count,
		.isolate_ports = config->isolate_ports,
	};
	if (!config->nat)
		return had_nat ? filter_remove_nat(
					 config->name, !record_any_nat(config->name), error)
			       : 0;
	int r = filter_add_nat(&nat, error);
	if (r == 0)
		r = sysctl_switch_on("net/ipv4/ip_forward", error);
	if (r == 0 && network_has_ipv6(config))
		r = sysctl_switch_on("net/ipv6/conf/all/forwarding", error);
	return r;
}

/* --- the server ---------------------------------------------------------------------------- */

static int write_host(const struct port *port, struct error *error)
{
	struct buf host CLEANUP(buf_done) = {0};
	struct buf name CLEANUP(buf_done) = {0};
	buf_printf(&host, "%s,%s%s%s\n", port->mac, port->address ? port->address : "",
		port->address ? "," : "", port->host);
	if (port->address)
		buf_printf(&name, "%s %s\n", port->address, port->host);
	return record_write_host(port->network, port->tap, &host, &name, error);
}

static bool has_host(const struct port *port)
{
	return port->network && port->host && port->mac;
}

int network_tell_server(const struct port *port, struct error *error)
{
	if (!has_host(port))
		return 0;
	int lock_fd AUTO_CLOSE = record_lock(error);
	return lock_fd < 0 ? lock_fd : write_host(port, error);
}

static int tell_server(const struct network_config *config, struct error *error)
{
	int r = 0;
	for (size_t i = 0; r == 0 && config->server && i < config->nic_count; i++)
		if (has_host(&config->nics[i]))
			r = write_host(&config->nics[i], error);
	return r;
}

/* --- starting and stopping ----------------------------------------------------------------- */

/* Takes away what is ours of a bridge, or says which port of others is in the way. */
static int undo(struct netlink *netlink, const struct network_config *config, char busy[IFNAMSIZ],
	struct error *error)
{
	struct link bridge = {0};
	struct link uplink = {0};
	struct error missing;
	busy[0] = '\0';
	bool has_bridge = link_find(netlink, config->bridge, &bridge, &missing) == 0;
	bool has_uplink =
		config->uplink && link_find(netlink, config->uplink, &uplink, &missing) == 0;
	struct members members = {.config = config, .bridge = bridge.index, .uplink = uplink.index};
	int r = has_bridge ? links_each(netlink, take_member, &members, error) : 0;
	if (r < 0)
		return r;
	if (members.other[0]) {
		memcpy(busy, members.other, IFNAMSIZ);
		return 0;
	}
	if (config->nat)
		r = filter_remove_nat(config->name, !record_any_nat(config->name), error);
	if (r < 0)
		return r;
	if (has_uplink && has_bridge && uplink.master == bridge.index) {
		link_set_master(netlink, uplink.index, uplink.name, 0, false, 0);
		if (config->uplink_was_down)
			link_set_up(netlink, uplink.index, uplink.name, false);
	}
	if (has_bridge && bridge.ours)
		link_delete(netlink, bridge.name);
	r = netlink_commit(netlink, error);
	if (r < 0)
		return r;
	int lock_fd AUTO_CLOSE = opened_lock(error);
	return lock_fd < 0 ? lock_fd : filter_sweep(error);
}

/* What was started before under another bridge or uplink goes first. */
static int leave_old(struct netlink *netlink, const struct network_config *config,
	const struct network_config *old, struct error *error)
{
	struct link uplink;
	struct error missing;
	if (strcmp(old->bridge, config->bridge) != 0) {
		char busy[IFNAMSIZ];
		int r = undo(netlink, old, busy, error);
		if (r == 0 && busy[0])
			return error_set(error, EBUSY,
				"the network was on bridge %s, where %s still is: stop its VMs "
				"before it goes to %s",
				old->bridge, busy, config->bridge);
		return r;
	}
	if (!old->uplink || (config->uplink && strcmp(old->uplink, config->uplink) == 0) ||
		link_find(netlink, old->uplink, &uplink, &missing) < 0 || !uplink.master)
		return 0;
	link_set_master(netlink, uplink.index, uplink.name, 0, false, 0);
	if (old->uplink_was_down)
		link_set_up(netlink, uplink.index, uplink.name, false);
	return netlink_commit(netlink, error);
}

static bool same_uplink(const struct network_config *config, const struct network_config *old)
{
	return old->bridge && old->uplink && config->uplink &&
	       strcmp(old->uplink, config->uplink) == 0;
}

static int start(struct netlink *netlink, struct network_config *config,
	const struct network_config *old, char *const words[], size_t count, struct error *error)
{
	struct scene scene = {.config = config, .words = words, .error = error};
	int r = network_check(netlink, &scene);
	if (r == 0 && old->bridge)
		r = leave_old(netlink, config, old, error);
	if (r < 0)
		return r;
	config->uplink_was_down = same_uplink(config, old) ? old->uplink_was_down
							   : config->uplink && !scene.uplink.up;
	/* From here on a stop knows what to undo, however this ends. */
	r = record_write(config->name, words, count, config->uplink_was_down, error);
	if (r == 0)
		r = set_up_bridge(netlink, &scene);
	if (r == 0)
		r = set_addresses(netlink, &scene);
	if (r == 0)
		r = set_uplink(netlink, &scene);
	if (r == 0)
		r = set_mtu(netlink, &scene);
	if (r == 0)
		r = change_ports(netlink, &scene);
	if (r == 0)
		r = set_nat(config, old->nat, error);
	return r < 0 ? r : tell_server(config, error);
}

int network_start(
	struct network_config *config, char *const words[], size_t count, struct error *error)
{
	struct netlink *netlink CLEANUP(netlink_close) = NULL;
	struct record record CLEANUP(record_done) = {0};
	int lock_fd AUTO_CLOSE = record_lock(error);
	if (lock_fd < 0)
		return lock_fd;
	int r = record_read(config->name, &record, error);
	if (r == 0)
		r = netlink_open(&netlink, error);
	return r < 0 ? r : start(netlink, config, &record.config, words, count, error);
}

int network_stop(const char *name, char ret_busy[IFNAMSIZ], struct error *error)
{
	struct netlink *netlink CLEANUP(netlink_close) = NULL;
	struct record record CLEANUP(record_done) = {0};
	int lock_fd AUTO_CLOSE = record_lock(error);
	ret_busy[0] = '\0';
	if (lock_fd < 0)
		return lock_fd;
	int r = record_read(name, &record, error);
	if (r < 0 || !record.config.bridge)
		return r;
	r = netlink_open(&netlink, error);
	if (r == 0)
		r = undo(netlink, &record.config, ret_busy, error);
	if (r < 0 || ret_busy[0])
		return r;
	return record_remove(name, error);
}
