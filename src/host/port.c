/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/port.h"

#include <linux/if_link.h>
#include <netinet/ether.h>
#include <stdio.h>
#include <string.h>

#include "host/qdisc.h"
#include "host/tap.h"
#include "host/vlan.h"
#include "spec/scalar.h"

int port_parse_mac(const char *text, uint8_t mac[6])
{
	struct ether_addr address;
	if (!text || !ether_aton_r(text, &address))
		return -EINVAL;
	memcpy(mac, address.ether_addr_octet, 6);
	return 0;
}

/* --- VLANs --------------------------------------------------------------------------------- */

static void read_trunk(const char *trunk, struct vlans *vlans)
{
	while (*trunk) {
		char word[16];
		size_t length = strcspn(trunk, "+");
		unsigned first;
		unsigned last;
		snprintf(word, sizeof(word), "%.*s", (int)length, trunk);
		if (scalar_parse_vlans(word, &first, &last) == 0)
			for (unsigned id = first; id <= last; id++)
				vlans->tagged[id] = true;
		trunk += length + (trunk[length] == '+');
	}
}

static bool wants_vlans(const struct port *port)
{
	return port->vlan || port->trunk;
}

static int set_vlans(struct netlink *netlink, const struct port *port, int index,
	const struct link *bridge, struct error *error)
{
	struct vlans vlans = {.untagged = (unsigned)port->vlan};
	if (!bridge->vlan_filtering)
		return wants_vlans(port)
			       ? error_set(error, EOPNOTSUPP,
					 "bridge %s does not tell VLANs apart: describe it "
					 "as a network with vlan-filtering: yes",
					 bridge->name)
			       : 0;
	/* Without a word on VLANs a port is in the first, as the bridge itself is. */
	if (!wants_vlans(port))
		vlans.untagged = 1;
	if (port->trunk)
		read_trunk(port->trunk, &vlans);
	return vlans_change(netlink, index, port->tap, &vlans, error);
}

/* --- bridges ------------------------------------------------------------------------------- */

/* Two VMs that start at once may both find no bridge: one makes it, the other finds it then. */
static int make_bridge(struct netlink *netlink, const struct port *port, struct link *ret_bridge,
	struct error *error)
{
	const struct bridge_settings settings = {
		.multicast_snooping = true,
		.vlan_filtering = wants_vlans(port),
	};
	link_add_bridge(netlink, port->bridge, NULL, &settings);
	int made = netlink_commit(netlink, error);
	if (made < 0 && made != -EEXIST)
		return made;
	int r = link_find(netlink, port->bridge, ret_bridge, error);
	if (r < 0 || made < 0)
		return r;
	link_set_up(netlink, ret_bridge->index, ret_bridge->name, true);
	return netlink_commit(netlink, error);
}

static int find_bridge(struct netlink *netlink, const struct port *port, struct link *ret_bridge,
	struct error *error)
{
	int r = link_find(netlink, port->bridge, ret_bridge, error);
	if (r == -ENODEV && port->network)
		return error_set(error, ENODEV,
			"network %s is not up, there is no bridge %s: see 'systemctl status "
			"vm-network@%s'",
			port->network, port->bridge, port->network);
	if (r == -ENODEV)
		r = make_bridge(netlink, port, ret_bridge, error);
	if (r < 0)
		return r;
	if (strcmp(ret_bridge->kind, "bridge") != 0)
		return error_set(error, EMEDIUMTYPE,
			"%s is not a bridge but %s%s: name a bridge in the spec, or remove the "
			"link",
			port->bridge, *ret_bridge->kind ? "of type " : "a plain interface",
			ret_bridge->kind);
	return 0;
}

/* --- taps ---------------------------------------------------------------------------------- */

static unsigned choose_mtu(const struct port *port, const struct link *bridge)
{
	return port->mtu ? (unsigned)port->mtu : bridge->mtu;
}

static int open_tap(struct netlink *netlink, const struct port *port, int fds[PORT_QUEUES_MAX],
	struct error *error)
{
	struct link bridge = {0};
	int r = find_bridge(netlink, port, &bridge, error);
	if (r == 0)
		r = tap_open(port->tap, port_queues(port), fds, error);
	if (r < 0)
		return r;
	int index = (int)if_nametoindex(port->tap);
	unsigned mtu = choose_mtu(port, &bridge);
	if (port->altname)
		link_add_altname(netlink, index, port->tap, port->altname);
	link_set_master(netlink, index, port->tap, bridge.index, true, mtu);
	if (port->isolated)
		link_set_isolated(netlink, index, port->tap, true);
	if (port->inbound || port->outbound)
		qdisc_limit(netlink, index, port->tap, port->inbound, port->outbound, mtu);
	/* No frame passes before the VLANs are right. */
	if (bridge.vlan_filtering || wants_vlans(port)) {
		r = netlink_commit(netlink, error);
		if (r == 0)
			r = set_vlans(netlink, port, index, &bridge, error);
	}
	if (r < 0)
		return r;
	link_set_up(netlink, index, port->tap, true);
	return netlink_commit(netlink, error);
}

int port_change(struct netlink *netlink, const struct port *port, const struct link *tap,
	const struct link *bridge, struct error *error)
{
	unsigned mtu = choose_mtu(port, bridge);
	if (mtu != tap->mtu)
		link_set_mtu(netlink, tap->index, tap->name, mtu);
	link_set_isolated(netlink, tap->index, tap->name, port->isolated);
	qdisc_limit(netlink, tap->index, tap->name, port->inbound, port->outbound, mtu);
	int r = netlink_commit(netlink, error);
	return r < 0 ? r : set_vlans(netlink, port, tap->index, bridge, error);
}

/* --- macvtaps ------------------------------------------------------------------------------ */

static unsigned macvtap_mode(const char *name)
{
	static const struct {
		const char *name;
		unsigned mode;
	} modes[] = {
		{"bridge", MACVLAN_MODE_BRIDGE},
		{"vepa", MACVLAN_MODE_VEPA},
		{"private", MACVLAN_MODE_PRIVATE},
		{"passthru", MACVLAN_MODE_PASSTHRU},
	};
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (name && strcmp(name, modes[i].name) == 0)
			return modes[i].mode;
	return MACVLAN_MODE_BRIDGE;
}

/* One that a VM left when it and its clean-up were killed is ours to remove. */
static int remove_stale(struct netlink *netlink, const struct port *port, struct error *error)
{
	struct link stale;
	struct error ignored;
	if (link_find(netlink, port->tap, &stale, &ignored) < 0)
		return 0;
	if (!stale.ours || strcmp(stale.kind, "macvtap") != 0)
		return error_set(error, EBUSY,
			"an interface named %s exists already, and is not this VM's: remove it",
			port->tap);
	link_delete(netlink, port->tap);
	return netlink_commit(netlink, error);
}

static int open_macvtap(struct netlink *netlink, const struct port *port, int fds[PORT_QUEUES_MAX],
	struct error *error)
{
	struct link lower = {0};
	struct link macvtap = {0};
	uint8_t mac[6];
	if (port_parse_mac(port->mac, mac) < 0)
		return error_set(error, EINVAL, "a macvtap needs mac=");
	int r = link_find(netlink, port->link, &lower, error);
	if (r == 0)
		r = remove_stale(netlink, port, error);
	if (r < 0)
		return r;
	link_add_macvtap(netlink, port->tap, &lower, mac, macvtap_mode(port->mode),
		(unsigned)port_queues(port));
	r = netlink_commit(netlink, error);
	if (r == 0)
		r = link_find(netlink, port->tap, &macvtap, error);
	if (r < 0)
		return r;
	if (port->altname)
		link_add_altname(netlink, macvtap.index, port->tap, port->altname);
	if (port->mtu)
		link_set_mtu(netlink, macvtap.index, port->tap, (unsigned)port->mtu);
	if (port->inbound || port->outbound)
		qdisc_limit(netlink, macvtap.index, port->tap, port->inbound, port->outbound,
			port->mtu ? (unsigned)port->mtu : macvtap.mtu);
	link_set_up(netlink, macvtap.index, port->tap, true);
	r = netlink_commit(netlink, error);
	return r < 0 ? r : macvtap_open(macvtap.index, port_queues(port), fds, error);
}

int port_open(struct netlink *netlink, const struct port *port, int fds[PORT_QUEUES_MAX],
	struct error *error)
{
	for (size_t i = 0; i < PORT_QUEUES_MAX; i++)
		fds[i] = -1;
	return port->link ? open_macvtap(netlink, port, fds, error)
			  : open_tap(netlink, port, fds, error);
}

int port_close(struct netlink *netlink, const struct port *port, struct error *error)
{
	struct error ignored;
	struct link link;
	if (!port->link || link_find(netlink, port->tap, &link, &ignored) < 0 || !link.ours)
		return 0;
	link_delete(netlink, port->tap);
	return netlink_commit(netlink, error);
}
