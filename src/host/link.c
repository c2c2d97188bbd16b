/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/link.h"

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

/* --- questions ----------------------------------------------------------------------------- */

static void read_info(struct nlattr *info, struct link *link)
{
	struct nlattr *parts[IFLA_INFO_MAX + 1];
	struct nlattr *bridge[IFLA_BR_MAX + 1];
	if (nla_parse_nested(parts, IFLA_INFO_MAX, info, NULL) < 0 || !parts[IFLA_INFO_KIND])
		return;
	snprintf(link->kind, sizeof(link->kind), "%s", nla_get_string(parts[IFLA_INFO_KIND]));
	if (strcmp(link->kind, "bridge") != 0 || !parts[IFLA_INFO_DATA] ||
		nla_parse_nested(bridge, IFLA_BR_MAX, parts[IFLA_INFO_DATA], NULL) < 0)
		return;
	link->stp = bridge[IFLA_BR_STP_STATE] && nla_get_u32(bridge[IFLA_BR_STP_STATE]);
	link->vlan_filtering =
		bridge[IFLA_BR_VLAN_FILTERING] && nla_get_u8(bridge[IFLA_BR_VLAN_FILTERING]);
}

static bool read_link(const struct nlmsghdr *message, struct link *ret_link)
{
	struct nlattr *parts[IFLA_MAX + 1];
	const struct ifinfomsg *header = nlmsg_data(message);
	if (message->nlmsg_type != RTM_NEWLINK ||
		nlmsg_parse(netlink_message(message), sizeof(*header), parts, IFLA_MAX, NULL) < 0 ||
		!parts[IFLA_IFNAME])
		return false;
	struct link link = {
		.index = header->ifi_index,
		.up = header->ifi_flags & IFF_UP,
		.master = parts[IFLA_MASTER] ? (int)nla_get_u32(parts[IFLA_MASTER]) : 0,
		.mtu = parts[IFLA_MTU] ? nla_get_u32(parts[IFLA_MTU]) : 0,
		.ours = parts[IFLA_IFALIAS] &&
			strcmp(nla_get_string(parts[IFLA_IFALIAS]), LINK_ALIAS) == 0,
	};
	snprintf(link.name, sizeof(link.name), "%s", nla_get_string(parts[IFLA_IFNAME]));
	if (parts[IFLA_LINKINFO])
		read_info(parts[IFLA_LINKINFO], &link);
	*ret_link = link;
	return true;
}

static int take_one(const struct nlmsghdr *message, void *context)
{
	read_link(message, context);
	return 0;
}

int link_find(struct netlink *netlink, const char *name, struct link *ret_link, struct error *error)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
	struct link link = {0};
	int r = netlink_query(
		netlink, RTM_GETLINK, 0, &header, sizeof(header), name, take_one, &link, error);
	if (r == 0)
		*ret_link = link;
	return r;
}

struct walk {
	int (*take)(const struct link *link, void *context);
	void *context;
};

static int take_each(const struct nlmsghdr *message, void *context)
{
	const struct walk *walk = context;
	struct link link;
	return read_link(message, &link) ? walk->take(&link, walk->context) : 0;
}

int links_each(struct netlink *netlink, int (*take)(const struct link *link, void *context),
	void *context, struct error *error)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
	struct walk walk = {take, context};
	return netlink_query(netlink, RTM_GETLINK, NLM_F_DUMP, &header, sizeof(header), "links",
		take_each, &walk, error);
}

/* --- changes ------------------------------------------------------------------------------- */

/* Whether a link gives itself an IPv6 address on its link. */
static void put_own_address(struct nl_msg *message, bool own)
{
	/* A kernel that was told to do without IPv6 does not know of it. */
	if (access("/proc/sys/net/ipv6", F_OK) < 0)
		return;
	struct nlattr *families = nla_nest_start(message, IFLA_AF_SPEC);
	struct nlattr *ipv6 = families ? nla_nest_start(message, AF_INET6) : NULL;
	if (!ipv6)
		return;
	nla_put_u8(message, IFLA_INET6_ADDR_GEN_MODE,
		own ? IN6_ADDR_GEN_MODE_EUI64 : IN6_ADDR_GEN_MODE_NONE);
	nla_nest_end(message, ipv6);
	nla_nest_end(message, families);
}

/* The kernel counts in hundredths of a second here (USER_HZ). */
static uint32_t clock_ticks(uint64_t usec)
{
	uint64_t ticks = usec / 10000;
	return ticks > 100000000 ? 100000000 : (uint32_t)ticks;
}

static void put_bridge(struct nl_msg *message, const struct bridge_settings *settings,
	bool filtering_known, bool filtering)
{
	struct nlattr *info = nla_nest_start(message, IFLA_LINKINFO);
	if (!info)
		return;
	nla_put_string(message, IFLA_INFO_KIND, "bridge");
	struct nlattr *data = nla_nest_start(message, IFLA_INFO_DATA);
	if (!data)
		return;
	nla_put_u32(message, IFLA_BR_FORWARD_DELAY, clock_ticks(settings->forward_delay_usec));
	if (settings->ageing_usec)
		nla_put_u32(message, IFLA_BR_AGEING_TIME, clock_ticks(settings->ageing_usec));
	nla_put_u32(message, IFLA_BR_STP_STATE, settings->stp);
	/* A kernel without VLAN filtering does not know the attribute. */
	if (filtering_known ? filtering != settings->vlan_filtering : settings->vlan_filtering)
		nla_put_u8(message, IFLA_BR_VLAN_FILTERING, settings->vlan_filtering);
	nla_put_u8(message, IFLA_BR_MCAST_SNOOPING, settings->multicast_snooping);
	nla_nest_end(message, data);
	nla_nest_end(message, info);
}

/* The kernel takes an alias for a link that exists only. */
static void mark_as_ours(struct netlink *netlink, const char *name, bool own_address)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
	struct nl_msg *message =
		netlink_add(netlink, RTM_SETLINK, 0, &header, sizeof(header), "mark %s", name);
	if (!message)
		return;
	nla_put_string(message, IFLA_IFNAME, name);
	nla_put(message, IFLA_IFALIAS, sizeof(LINK_ALIAS) - 1, LINK_ALIAS);
	put_own_address(message, own_address);
}

void link_add_bridge(struct netlink *netlink, const char *name, const char *altname,
	const struct bridge_settings *settings)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
	struct nl_msg *message = netlink_add(netlink, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
		&header, sizeof(header), "make bridge %s", name);
	if (!message)
		return;
	nla_put_string(message, IFLA_IFNAME, name);
	if (settings->mac)
		nla_put(message, IFLA_ADDRESS, 6, settings->mac);
	put_bridge(message, settings, false, false);
	mark_as_ours(netlink, name, settings->ipv6);
	if (altname)
		link_add_altname(netlink, 0, name, altname);
}

void link_change_bridge(
	struct netlink *netlink, const struct link *bridge, const struct bridge_settings *settings)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = bridge->index};
	/* Without STP any delay goes, with it not: it is switched off first. */
	if (bridge->stp && !settings->stp) {
		struct bridge_settings still = *settings;
		still.forward_delay_usec = UINT64_C(15000000);
		struct nl_msg *off = netlink_add(netlink, RTM_NEWLINK, 0, &header, sizeof(header),
			"end the STP of bridge %s", bridge->name);
		if (off)
			put_bridge(off, &still, true, bridge->vlan_filtering);
	}
	struct nl_msg *message = netlink_add(
		netlink, RTM_NEWLINK, 0, &header, sizeof(header), "change bridge %s", bridge->name);
	if (!message)
		return;
	put_own_address(message, settings->ipv6);
	put_bridge(message, settings, true, bridge->vlan_filtering);
}

void link_add_macvtap(struct netlink *netlink, const char *name, const struct link *lower,
	const uint8_t mac[6], unsigned mode, unsigned queues)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
	struct nl_msg *message = netlink_add(netlink, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
		&header, sizeof(header), "make macvtap %s on %s", name, lower->name);
	if (!message)
		return;
	nla_put_string(message, IFLA_IFNAME, name);
	nla_put_u32(message, IFLA_LINK, (uint32_t)lower->index);
	nla_put(message, IFLA_ADDRESS, 6, mac);
	nla_put_u32(message, IFLA_NUM_TX_QUEUES, queues);
	nla_put_u32(message, IFLA_NUM_RX_QUEUES, queues);
	struct nlattr *info = nla_nest_start(message, IFLA_LINKINFO);
	nla_put_string(message, IFLA_INFO_KIND, "macvtap");
	struct nlattr *data = nla_nest_start(message, IFLA_INFO_DATA);
	nla_put_u32(message, IFLA_MACVLAN_MODE, mode);
	nla_nest_end(message, data);
	nla_nest_end(message, info);
	mark_as_ours(netlink, name, false);
}

void link_delete(struct netlink *netlink, const char *name)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
	struct nl_msg *message =
		netlink_add(netlink, RTM_DELLINK, 0, &header, sizeof(header), "remove %s", name);
	if (message)
		nla_put_string(message, IFLA_IFNAME, name);
	netlink_tolerate(netlink, ENODEV);
}

void link_add_altname(struct netlink *netlink, int index, const char *name, const char *altname)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = index};
	struct nl_msg *message =
		netlink_add(netlink, RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND,
			&header, sizeof(header), "give %s its second name %s", name, altname);
	if (!message)
		return;
	if (!index)
		nla_put_string(message, IFLA_IFNAME, name);
	struct nlattr *list = nla_nest_start(message, IFLA_PROP_LIST | NLA_F_NESTED);
	nla_put_string(message, IFLA_ALT_IFNAME, altname);
	nla_nest_end(message, list);
}

void link_set_up(struct netlink *netlink, int index, const char *name, bool up)
{
	const struct ifinfomsg header = {
		.ifi_family = AF_UNSPEC,
		.ifi_index = index,
		.ifi_flags = up ? IFF_UP : 0,
		.ifi_change = IFF_UP,
	};
	netlink_add(netlink, RTM_SETLINK, 0, &header, sizeof(header), "set %s %s", name,
		up ? "up" : "down");
}

void link_set_mtu(struct netlink *netlink, int index, const char *name, unsigned mtu)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = index};
	struct nl_msg *message = netlink_add(netlink, RTM_SETLINK, 0, &header, sizeof(header),
		"set the MTU of %s to %u", name, mtu);
	if (message)
		nla_put_u32(message, IFLA_MTU, mtu);
}

void link_set_master(
	struct netlink *netlink, int index, const char *name, int bridge, bool ours, unsigned mtu)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = index};
	struct nl_msg *message = netlink_add(netlink, RTM_SETLINK, 0, &header, sizeof(header),
		bridge ? "attach %s to its bridge" : "detach %s from its bridge", name);
	if (!message)
		return;
	nla_put_u32(message, IFLA_MASTER, (uint32_t)bridge);
	if (mtu)
		nla_put_u32(message, IFLA_MTU, mtu);
	if (ours)
		put_own_address(message, false);
}

void link_set_isolated(struct netlink *netlink, int index, const char *name, bool isolated)
{
	const struct ifinfomsg header = {.ifi_family = AF_BRIDGE, .ifi_index = index};
	struct nl_msg *message = netlink_add(
		netlink, RTM_SETLINK, 0, &header, sizeof(header), "isolate port %s", name);
	if (!message)
		return;
	struct nlattr *port = nla_nest_start(message, IFLA_PROTINFO | NLA_F_NESTED);
	nla_put_u8(message, IFLA_BRPORT_ISOLATED, isolated);
	nla_nest_end(message, port);
}
