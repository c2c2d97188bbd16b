/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vlan.h"

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* linux/rtnetlink.h has it for RTM_GETLINK of AF_BRIDGE. */
#define ONLY_VLANS RTEXT_FILTER_BRVLAN

struct reading {
	int index;
	struct vlans vlans;
};

static int take_port(const struct nlmsghdr *message, void *context)
{
	struct reading *reading = context;
	const struct ifinfomsg *header = nlmsg_data(message);
	struct nlattr *parts[IFLA_MAX + 1];
	if (message->nlmsg_type != RTM_NEWLINK || header->ifi_index != reading->index ||
		nlmsg_parse((struct nlmsghdr *)(uintptr_t)message, sizeof(*header), parts, IFLA_MAX,
			NULL) < 0 ||
		!parts[IFLA_AF_SPEC])
		return 0;
	struct nlattr *attribute;
	int left;
	nla_for_each_nested(attribute, parts[IFLA_AF_SPEC], left)
	{
		const struct bridge_vlan_info *info = nla_data(attribute);
		if (nla_type(attribute) != IFLA_BRIDGE_VLAN_INFO ||
			(size_t)nla_len(attribute) < sizeof(*info) || info->vid >= VLAN_COUNT)
			continue;
		if (info->flags & BRIDGE_VLAN_INFO_PVID)
			reading->vlans.untagged = info->vid;
		else
			reading->vlans.tagged[info->vid] = true;
	}
	return 0;
}

/* The question is a dump: the kernel tells VLANs of all ports only. */
static int read_vlans(struct netlink *netlink, struct reading *reading, struct error *error)
{
	const struct {
		struct ifinfomsg header;
		struct nlattr attribute;
		uint32_t mask;
	} question = {
		.header = {.ifi_family = AF_BRIDGE},
		.attribute = {.nla_len = sizeof(struct nlattr) + sizeof(uint32_t),
			.nla_type = IFLA_EXT_MASK},
		.mask = ONLY_VLANS,
	};
	return netlink_query(netlink, RTM_GETLINK, NLM_F_DUMP, &question, sizeof(question),
		"the VLANs of ports", take_port, reading, error);
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
	struct reading now = {.index = index};
	int r = read_vlans(netlink, &now, error);
	if (r < 0)
		return r;
	put_difference(netlink, index, name, RTM_DELLINK, &now.vlans, wanted);
	put_difference(netlink, index, name, RTM_SETLINK, wanted, &now.vlans);
	return netlink_commit(netlink, error);
}
