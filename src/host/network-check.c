/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/network-check.h"

#include <stdio.h>
#include <string.h>

#include "host/address.h"
#include "host/sysctl.h"

bool network_has_ipv6(const struct network_config *config)
{
	for (size_t i = 0; i < config->address_count; i++)
		if (strchr(config->addresses[i], ':'))
			return true;
	return false;
}

static int check_bridge(struct netlink *netlink, struct scene *scene)
{
	const struct network_config *config = scene->config;
	struct error missing;
	int r = link_find(netlink, config->bridge, &scene->bridge, &missing);
	if (r == -ENODEV)
		return 0;
	if (r < 0) {
		*scene->error = missing;
		return r;
	}
	scene->bridge_is_there = true;
	if (strcmp(scene->bridge.kind, "bridge") != 0)
		return error_set(scene->error, EMEDIUMTYPE,
			"%s is not a bridge but %s%s: name another one in the spec, or remove the "
			"link",
			config->bridge, *scene->bridge.kind ? "of type " : "a plain interface",
			scene->bridge.kind);
	bool plain = !config->uplink && !config->mtu && !config->stp && !config->address_count &&
		     config->multicast_snooping &&
		     config->vlan_filtering == scene->bridge.vlan_filtering;
	if (!scene->bridge.ours && !plain)
		return error_set(scene->error, EEXIST,
			"bridge %s is there and was not made by vmlet, which does not change it: "
			"name another one in the spec, or leave out all that is about the bridge",
			config->bridge);
	return 0;
}

static int take_default_route(int index, bool from_router, void *context)
{
	struct scene *scene = context;
	(void)from_router;
	if (index != scene->uplink.index)
		return 0;
	return error_set(scene->error, EBUSY,
		"uplink %s is the interface of the default route: attached to a bridge it no "
		"longer takes part in the host's own traffic; with allow-default-uplink: yes it "
		"is attached all the same",
		scene->uplink.name);
}

static int check_uplink(struct netlink *netlink, struct scene *scene)
{
	const struct network_config *config = scene->config;
	if (!config->uplink)
		return 0;
	int r = link_find(netlink, config->uplink, &scene->uplink, scene->error);
	if (r == -ENODEV)
		return error_set(scene->error, ENODEV, "there is no interface %s for the uplink",
			config->uplink);
	if (r < 0)
		return r;
	if (scene->uplink.master && scene->uplink.master != scene->bridge.index)
		return error_set(scene->error, EBUSY,
			"uplink %s is attached to another bridge or bond already", config->uplink);
	return config->allow_default_uplink
		       ? 0
		       : default_routes_each(netlink, take_default_route, scene, scene->error);
}

static int take_address(int index, const struct subnet *other, void *context)
{
	struct scene *scene = context;
	char text[ADDRESS_TEXT_BYTES];
	if (scene->bridge_is_there && index == scene->bridge.index)
		return 0;
	for (size_t i = 0; i < scene->config->address_count; i++) {
		struct subnet subnet;
		if (subnet_parse(scene->config->addresses[i], &subnet) < 0 ||
			!subnets_overlap(&subnet, other))
			continue;
		char name[IFNAMSIZ] = "";
		if_indextoname((unsigned)index, name);
		address_write(&other->address, text);
		return error_set(scene->error, EADDRINUSE,
			"%s overlaps %s/%u, which the host has on %s: choose another subnet",
			scene->config->addresses[i], text, other->prefix, name);
	}
	return 0;
}

/* A host that forwards IPv6 no longer heeds routers, unless told to (accept_ra in
 * Documentation/networking/ip-sysctl.rst of the kernel), and loses the routes it has from them. */
static int take_router(int index, bool from_router, void *context)
{
	struct scene *scene = context;
	char name[IFNAMSIZ] = "";
	char path[64 + IFNAMSIZ];
	if (!from_router || !if_indextoname((unsigned)index, name))
		return 0;
	snprintf(path, sizeof(path), "net/ipv6/conf/%s/accept_ra", name);
	if (sysctl_is(path, '2'))
		return 0;
	return error_set(scene->error, EBUSY,
		"the host's IPv6 route is from a router's advertisements on %s, and would be lost: "
		"NAT has the host forward IPv6; 'sysctl net.ipv6.conf.%s.accept_ra=2' keeps it",
		name, name);
}

int network_check(struct netlink *netlink, struct scene *scene)
{
	int r = check_bridge(netlink, scene);
	if (r == 0)
		r = check_uplink(netlink, scene);
	if (r == 0 && scene->config->address_count)
		r = addresses_each(netlink, take_address, scene, scene->error);
	if (r == 0 && scene->config->nat && network_has_ipv6(scene->config) &&
		!sysctl_is("net/ipv6/conf/all/forwarding", '1'))
		r = default_routes_each(netlink, take_router, scene, scene->error);
	return r;
}
