/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/link.h"

#include <linux/if_link.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/bridge.h>
#include <netlink/route/link/inet6.h>
#include <string.h>

#define OUR_ALIAS "vmlet"

static void put_link(struct rtnl_link **link)
{
	if (*link)
		rtnl_link_put(*link);
}

#define AUTO_LINK CLEANUP(put_link)

/* libnl has error numbers of its own. */
static int netlink_error(struct error *error, int code, const char *what, const char *name)
{
	static const struct {
		int netlink;
		int system;
	} codes[] = {
		{NLE_NODEV, ENODEV},
		{NLE_OBJ_NOTFOUND, ENODEV},
		{NLE_EXIST, EEXIST},
		{NLE_PERM, EPERM},
		{NLE_NOMEM, ENOMEM},
		{NLE_BUSY, EBUSY},
		{NLE_OPNOTSUPP, EOPNOTSUPP},
	};
	int system = EIO;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (codes[i].netlink == -code)
			system = codes[i].system;
	return error_set(error, system, "cannot %s %s: %s", what, name, nl_geterror(code));
}

int links_open(struct nl_sock **ret_socket, struct error *error)
{
	struct nl_sock *socket = nl_socket_alloc();
	if (!socket)
		return error_set(error, ENOMEM, "not enough memory for a netlink socket");
	int r = nl_connect(socket, NETLINK_ROUTE);
	if (r < 0) {
		nl_socket_free(socket);
		return netlink_error(error, r, "open", "a netlink socket");
	}
	*ret_socket = socket;
	return 0;
}

void links_close(struct nl_sock **socket)
{
	if (*socket)
		nl_socket_free(*socket);
	*socket = NULL;
}

/* Two VMs that start at once may both find no bridge: one makes it, the other finds it then. */
static int create_bridge(struct nl_sock *socket, const char *name)
{
	struct rtnl_link *bridge AUTO_LINK = rtnl_link_bridge_alloc();
	if (!bridge)
		return -NLE_NOMEM;
	rtnl_link_set_name(bridge, name);
	rtnl_link_set_flags(bridge, IFF_UP);
	int r = rtnl_link_add(socket, bridge, NLM_F_CREATE | NLM_F_EXCL);
	return r == -NLE_EXIST ? 0 : r;
}

/* The kernel takes an alias for a link that exists only. */
static int mark_as_ours(struct nl_sock *socket, struct rtnl_link *link)
{
	struct rtnl_link *mark AUTO_LINK = rtnl_link_alloc();
	if (!mark)
		return -NLE_NOMEM;
	rtnl_link_set_ifalias(mark, OUR_ALIAS);
	return rtnl_link_change(socket, link, mark, 0);
}

int link_ensure_bridge(struct nl_sock *socket, const char *name, int *ret_index, unsigned *ret_mtu,
	struct error *error)
{
	struct rtnl_link *bridge AUTO_LINK = NULL;
	int r = rtnl_link_get_kernel(socket, 0, name, &bridge);
	if (r == -NLE_NODEV || r == -NLE_OBJ_NOTFOUND) {
		r = create_bridge(socket, name);
		if (r == 0)
			r = rtnl_link_get_kernel(socket, 0, name, &bridge);
		if (r == 0)
			r = mark_as_ours(socket, bridge);
	}
	if (r < 0)
		return netlink_error(error, r, "set up bridge", name);
	const char *type = rtnl_link_get_type(bridge);
	if (!type || strcmp(type, "bridge") != 0)
		return error_set(error, EMEDIUMTYPE,
			"%s is not a bridge but %s%s: name a bridge in the spec, or remove the "
			"link",
			name, type ? "of type " : "a plain interface", type ? type : "");
	*ret_index = rtnl_link_get_ifindex(bridge);
	*ret_mtu = rtnl_link_get_mtu(bridge);
	return 0;
}

/* libnl 3.7 knows no RTM_NEWLINKPROP: the message is made by hand (rtnetlink(7), if_link.h). */
static int add_altname(struct nl_sock *socket, int index, const char *altname)
{
	struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = index};
	struct nl_msg *message =
		nlmsg_alloc_simple(RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND);
	if (!message)
		return -NLE_NOMEM;
	int r = nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO);
	struct nlattr *list = r < 0 ? NULL : nla_nest_start(message, IFLA_PROP_LIST | NLA_F_NESTED);
	if (!list || nla_put_string(message, IFLA_ALT_IFNAME, altname) < 0) {
		nlmsg_free(message);
		return -NLE_NOMEM;
	}
	nla_nest_end(message, list);
	return nl_send_sync(socket, message);
}

int link_attach_port(struct nl_sock *socket, const char *name, const char *altname,
	int bridge_index, unsigned mtu, struct error *error)
{
	struct rtnl_link *port AUTO_LINK = NULL;
	int r = rtnl_link_get_kernel(socket, 0, name, &port);
	if (r < 0)
		return netlink_error(error, r, "look up interface", name);
	int index = rtnl_link_get_ifindex(port);
	if (altname)
		r = add_altname(socket, index, altname);
	if (r < 0)
		return netlink_error(error, r, "give a second name to interface", name);
	struct rtnl_link *change AUTO_LINK = rtnl_link_alloc();
	if (!change)
		return error_set(error, ENOMEM, "not enough memory for interface %s", name);
	rtnl_link_set_master(change, bridge_index);
	rtnl_link_set_mtu(change, mtu);
	/* The host has no address on a guest's wire. */
	rtnl_link_inet6_set_addr_gen_mode(change, IN6_ADDR_GEN_MODE_NONE);
	r = rtnl_link_change(socket, port, change, 0);
	if (r < 0)
		return netlink_error(error, r, "attach interface", name);
	struct rtnl_link *up AUTO_LINK = rtnl_link_alloc();
	if (!up)
		return error_set(error, ENOMEM, "not enough memory for interface %s", name);
	rtnl_link_set_flags(up, IFF_UP);
	r = rtnl_link_change(socket, port, up, 0);
	return r < 0 ? netlink_error(error, r, "bring up interface", name) : 0;
}
