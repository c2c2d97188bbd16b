/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/address.h"

#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

static size_t address_length(int family)
{
	return family == AF_INET ? 4 : 16;
}

static bool read_address(int family, struct nlattr *attribute, struct address *ret_address)
{
	if (!attribute || (family != AF_INET && family != AF_INET6) ||
		(size_t)nla_len(attribute) != address_length(family))
		return false;
	*ret_address = (struct address){.family = family};
	memcpy(ret_address->bytes, nla_data(attribute), address_length(family));
	return true;
}

/* --- addresses ----------------------------------------------------------------------------- */

struct address_walk {
	int (*take)(int index, const struct subnet *subnet, void *context);
	void *context;
};

static int take_address(const struct nlmsghdr *message, void *context)
{
	const struct address_walk *walk = context;
	const struct ifaddrmsg *header = nlmsg_data(message);
	struct nlattr *parts[IFA_MAX + 1];
	struct subnet subnet = {.prefix = header->ifa_prefixlen};
	if (message->nlmsg_type != RTM_NEWADDR || header->ifa_scope == RT_SCOPE_LINK ||
		nlmsg_parse(netlink_message(message), sizeof(*header), parts, IFA_MAX, NULL) < 0)
		return 0;
	struct nlattr *own = parts[IFA_LOCAL] ? parts[IFA_LOCAL] : parts[IFA_ADDRESS];
	if (!read_address(header->ifa_family, own, &subnet.address))
		return 0;
	return walk->take((int)header->ifa_index, &subnet, walk->context);
}

int addresses_each(struct netlink *netlink,
	int (*take)(int index, const struct subnet *subnet, void *context), void *context,
	struct error *error)
{
	const struct ifaddrmsg header = {.ifa_family = AF_UNSPEC};
	struct address_walk walk = {take, context};
	return netlink_query(netlink, RTM_GETADDR, NLM_F_DUMP, &header, sizeof(header), "addresses",
		take_address, &walk, error);
}

static void put_address(struct netlink *netlink, int type, int flags, int index, const char *name,
	const struct subnet *subnet)
{
	char text[ADDRESS_TEXT_BYTES];
	int family = subnet->address.family;
	/* No detection of duplicates: it would keep the address from use for a while, and nobody
	 * else is on a bridge that was just made (RFC 4862, 5.4). */
	const struct ifaddrmsg header = {
		.ifa_family = (uint8_t)family,
		.ifa_prefixlen = (uint8_t)subnet->prefix,
		.ifa_flags = family == AF_INET6 ? IFA_F_NODAD : 0,
		.ifa_scope = RT_SCOPE_UNIVERSE,
		.ifa_index = (unsigned)index,
	};
	address_write(&subnet->address, text);
	struct nl_msg *message =
		netlink_add(netlink, type, flags, &header, sizeof(header), "%s address %s/%u of %s",
			type == RTM_NEWADDR ? "set" : "remove", text, subnet->prefix, name);
	if (!message)
		return;
	nla_put(message, IFA_LOCAL, (int)address_length(family), subnet->address.bytes);
	nla_put(message, IFA_ADDRESS, (int)address_length(family), subnet->address.bytes);
	if (family == AF_INET && type == RTM_NEWADDR && subnet->prefix < 31) {
		struct address broadcast = subnet_last(subnet);
		nla_put(message, IFA_BROADCAST, 4, broadcast.bytes);
	}
}

void address_add(struct netlink *netlink, int index, const char *name, const struct subnet *subnet)
{
	put_address(netlink, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, index, name, subnet);
	netlink_tolerate(netlink, EEXIST);
}

void address_delete(
	struct netlink *netlink, int index, const char *name, const struct subnet *subnet)
{
	put_address(netlink, RTM_DELADDR, 0, index, name, subnet);
	netlink_tolerate(netlink, EADDRNOTAVAIL);
}

/* --- default routes ------------------------------------------------------------------------ */

struct route_walk {
	int (*take)(int index, bool from_router, void *context);
	void *context;
};

static int take_hops(struct nlattr *hops, bool from_router, const struct route_walk *walk)
{
	struct rtnexthop *hop = nla_data(hops);
	int left = nla_len(hops);
	int r = 0;
	while (r == 0 && RTNH_OK(hop, left)) {
		r = walk->take(hop->rtnh_ifindex, from_router, walk->context);
		left -= RTNH_ALIGN(hop->rtnh_len);
		hop = RTNH_NEXT(hop);
	}
	return r;
}

static int take_route(const struct nlmsghdr *message, void *context)
{
	const struct route_walk *walk = context;
	const struct rtmsg *header = nlmsg_data(message);
	struct nlattr *parts[RTA_MAX + 1];
	if (message->nlmsg_type != RTM_NEWROUTE || header->rtm_dst_len != 0 ||
		header->rtm_type != RTN_UNICAST || header->rtm_table != RT_TABLE_MAIN ||
		nlmsg_parse(netlink_message(message), sizeof(*header), parts, RTA_MAX, NULL) < 0)
		return 0;
	bool from_router = header->rtm_protocol == RTPROT_RA;
	if (parts[RTA_MULTIPATH])
		return take_hops(parts[RTA_MULTIPATH], from_router, walk);
	if (!parts[RTA_OIF])
		return 0;
	return walk->take((int)nla_get_u32(parts[RTA_OIF]), from_router, walk->context);
}

int default_routes_each(struct netlink *netlink,
	int (*take)(int index, bool from_router, void *context), void *context, struct error *error)
{
	const struct rtmsg header = {.rtm_family = AF_UNSPEC};
	struct route_walk walk = {take, context};
	return netlink_query(netlink, RTM_GETROUTE, NLM_F_DUMP, &header, sizeof(header), "routes",
		take_route, &walk, error);
}

/* --- neighbours ---------------------------------------------------------------------------- */

struct neighbour_walk {
	int (*take)(int index, const struct address *address, const uint8_t mac[6], void *context);
	void *context;
};

static int take_neighbour(const struct nlmsghdr *message, void *context)
{
	const struct neighbour_walk *walk = context;
	const struct ndmsg *header = nlmsg_data(message);
	struct nlattr *parts[NDA_MAX + 1];
	struct address address;
	const uint16_t unknown = NUD_INCOMPLETE | NUD_FAILED | NUD_NOARP;
	if (message->nlmsg_type != RTM_NEWNEIGH || (header->ndm_state & unknown) ||
		nlmsg_parse(netlink_message(message), sizeof(*header), parts, NDA_MAX, NULL) < 0 ||
		!parts[NDA_LLADDR] || nla_len(parts[NDA_LLADDR]) != 6 ||
		!read_address(header->ndm_family, parts[NDA_DST], &address))
		return 0;
	return walk->take(
		header->ndm_ifindex, &address, nla_data(parts[NDA_LLADDR]), walk->context);
}

int neighbours_each(struct netlink *netlink,
	int (*take)(int index, const struct address *address, const uint8_t mac[6], void *context),
	void *context, struct error *error)
{
	const struct ndmsg header = {.ndm_family = AF_UNSPEC};
	struct neighbour_walk walk = {take, context};
	return netlink_query(netlink, RTM_GETNEIGH, NLM_F_DUMP, &header, sizeof(header),
		"neighbours", take_neighbour, &walk, error);
}
