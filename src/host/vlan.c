/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vlan.h"

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

static void read_entry(struct nlattr *entry, struct vlans *vlans)
{
	struct nlattr *parts[BRIDGE_VLANDB_ENTRY_MAX + 1];
	if (nla_parse_nested(parts, BRIDGE_VLANDB_ENTRY_MAX, entry, NULL) < 0 ||
		!parts[BRIDGE_VLANDB_ENTRY_INFO])
		return;
	const struct bridge_vlan_info *info = nla_data(parts[BRIDGE_VLANDB_ENTRY_INFO]);
	unsigned last = info->vid;
	if (parts[BRIDGE_VLANDB_ENTRY_RANGE])
		last = nla_get_u16(parts[BRIDGE_VLANDB_ENTRY_RANGE]);
	if (info->flags & BRIDGE_VLAN_INFO_PVID)
		vlans->untagged = info->vid;
	else
		for (unsigned id = info->vid; id <= last && id < VLAN_COUNT; id++)
			vlans->tagged[id] = true;
}

static int take_port(const struct nlmsghdr *message, void *context)
{
	struct nlattr *attribute;
	int left;
	nlmsg_for_each_attr(attribute, netlink_message(message), sizeof(struct br_vlan_msg),
		left) if (nla_type(attribute) == BRIDGE_VLANDB_ENTRY)
		read_entry(attribute, context);
	return 0;
}

static int read_vlans(struct netlink *netlink, int index, struct vlans *vlans, struct error *error)
{
	const struct br_vlan_msg question = {.family = AF_BRIDGE, .ifindex = (unsigned)index};
	return netlink_query(netlink, RTM_GETVLAN, NLM_F_DUMP, &question, sizeof(question),
		"the VLANs of a port", take_port, vlans, error);
}

static void put_range(struct nl_msg *message, unsigned first, unsigned last, unsigned flags)
{
	struct bridge_vlan_info info = {.vid = (uint16_t)first, .flags = (uint16_t)flags};
	if (first != last)
		info.flags |= BRIDGE_VLAN_INFO_RANGE_BEGIN;
	nla_put(message, IFLA_BRIDGE_VLAN_INFO, sizeof(info), &info);
	if (first == last)
		return;
	info.vid = (uint16_t)last;
	info.flags = (uint16_t)(flags | BRIDGE_VLAN_INFO_RANGE_END);
	nla_put(message, IFLA_BRIDGE_VLAN_INFO, sizeof(info), &info);
}

/* Adds or removes those that the one port is in and the other is not, range by range. */
static void put_difference(struct netlink *netlink, int index, const char *name, int type,
	const struct vlans *with, const struct vlans *without)
{
	const struct ifinfomsg header = {.ifi_family = AF_BRIDGE, .ifi_index = index};
	bool untagged = with->untagged && with->untagged != without->untagged;
	for (unsigned first = 1; first < VLAN_COUNT - 1 || untagged;) {
		unsigned last = first;
		unsigned flags = 0;
		if (untagged) {
			last = first = with->untagged;
			flags = BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED;
		} else if (!with->tagged[first] || without->tagged[first]) {
			first++;
			continue;
		}
		while (!untagged && last + 1 < VLAN_COUNT - 1 && with->tagged[last + 1] &&
			!without->tagged[last + 1])
			last++;
		struct nl_msg *message = netlink_add(netlink, type, 0, &header, sizeof(header),
			"change the VLANs of port %s", name);
		if (!message)
			return;
		netlink_tolerate(netlink, type == RTM_DELLINK ? ENOENT : 0);
		struct nlattr *list = nla_nest_start(message, IFLA_AF_SPEC | NLA_F_NESTED);
		put_range(message, first, last, flags);
		nla_nest_end(message, list);
		first = untagged ? 1 : last + 1;
		untagged = false;
	}
}

int vlans_change(struct netlink *netlink, int index, const char *name, const struct vlans *wanted,
	struct error *error)
{
	struct vlans now = {0};
	int r = read_vlans(netlink, index, &now, error);
	if (r < 0)
		return r;
	put_difference(netlink, index, name, RTM_DELLINK, &now, wanted);
	put_difference(netlink, index, name, RTM_SETLINK, wanted, &now);
	return netlink_commit(netlink, error);
}
