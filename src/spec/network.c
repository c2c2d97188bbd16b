/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The key table of kind network. */
#include "spec/network.h"

#include "base/macros.h"
#include "spec/kind.h"

/* clang-format off */
static const struct key network_keys[] = {
	{
		.name = "kind", .type = KEY_CHOICE, .offset = offsetof(struct network, kind),
		.choices = &kind_names, .example = "network",
		.summary = "What the document describes.",
	}, {
		.name = "name", .type = KEY_NAME, .offset = offsetof(struct network, name),
		.example = "lan",
		.summary = "The name that 'nics' give as 'network'; by default the file's name.",
	}, {
		.name = "description", .type = KEY_LINE, .offset = offsetof(struct network, description),
		.max = 1024, .example = "Office network",
		.summary = "One line for people.",
	}, {
		.name = "bridge", .type = KEY_INTERFACE, .offset = offsetof(struct network, bridge),
		.required = true, .example = "br-lan",
		.summary = "The network's bridge, made when the network starts; one that is there and "
			   "not vmlet's is used as it is.",
	}, {
		.name = "uplink", .type = KEY_INTERFACE, .offset = offsetof(struct network, uplink),
		.example = "eth1",
		.summary = "The interface, physical or VLAN, that joins the bridge to a network outside; "
			   "its addresses are never touched.",
	}, {
		.name = "allow-default-uplink", .type = KEY_BOOL, .fallback = "no", .example = "yes",
		.offset = offsetof(struct network, allow_default_uplink),
		.summary = "The uplink may be the interface of the default route, although the host's "
			   "own addresses on it go out of use.",
	}, {
		.name = "mtu", .type = KEY_COUNT, .offset = offsetof(struct network, mtu),
		.min = MTU_MIN, .max = MTU_MAX, .example = "9000",
		.summary = "The largest packet, in bytes, of the bridge and its taps; guests are told.",
	}, {
		.name = "stp", .type = KEY_BOOL, .offset = offsetof(struct network, stp),
		.fallback = "no", .example = "yes",
		.summary = "The bridge speaks the Spanning Tree Protocol.",
	}, {
		.name = "forward-delay", .type = KEY_SPAN,
		.offset = offsetof(struct network, forward_delay_usec), .min = 1, .example = "4s",
		.summary = "With STP, how long a port waits before it forwards, from 2s to 30s; by "
			   "default 15s, and nothing without STP.",
	}, {
		.name = "ageing", .type = KEY_SPAN, .offset = offsetof(struct network, ageing_usec),
		.fallback = "5min", .example = "1min",
		.summary = "How long the bridge remembers behind which port a MAC address is.",
	}, {
		.name = "vlan-filtering", .type = KEY_BOOL, .fallback = "no", .example = "yes",
		.offset = offsetof(struct network, vlan_filtering),
		.summary = "The bridge tells VLANs apart, as 'vlan' and 'trunk' of interfaces need; the "
			   "uplink carries all of them, tagged.",
	}, {
		.name = "multicast-snooping", .type = KEY_BOOL, .fallback = "yes", .example = "no",
		.offset = offsetof(struct network, multicast_snooping),
		.summary = "The bridge sends multicast only where somebody listens.",
	}, {
		.name = "addresses", .type = KEY_LIST, .item = KEY_SUBNET, .max = ADDRESSES_MAX,
		.offset = offsetof(struct network, addresses), .single = true,
		.example = "[10.1.0.1/24, \"fd00:1::1/64\"]",
		.summary = "The host's addresses on the bridge, each with its subnet's prefix.",
	}, {
		.name = "nat", .type = KEY_BOOL, .offset = offsetof(struct network, nat),
		.fallback = "no", .example = "yes",
		.summary = "Guests reach the outside with the host's addresses (masquerading), and are "
			   "not reached from there but by 'ports'.",
	}, {
		.name = "ports", .type = KEY_PORTS, .item = KEY_ENDPOINT, .max = PORTS_MAX,
		.offset = offsetof(struct network, ports), .example = "{tcp/8080: web:80}",
		.summary = "Ports of the host that lead to a VM's; its interface has an 'address'.",
	}, {
		.name = "dhcp", .type = KEY_BOOL, .offset = offsetof(struct network, dhcp),
		.fallback = "no", .example = "yes",
		.summary = "Guests get addresses by DHCP, in IPv6 by router advertisements, from dnsmasq "
			   "as vm-dhcp@NAME.service.",
	}, {
		.name = "dhcp-range", .type = KEY_ADDRESSES,
		.offset = offsetof(struct network, dhcp_range), .example = "10.1.0.100-10.1.0.199",
		.summary = "The addresses that DHCP gives to interfaces without one; by default the "
			   "whole subnet.",
	}, {
		.name = "dhcp-lease", .type = KEY_SPAN, .min = 1,
		.offset = offsetof(struct network, dhcp_lease_usec), .example = "12h",
		.summary = "How long a guest may keep an address without asking again, at least 2min; by default 1h.",
	}, {
		.name = "dns", .type = KEY_BOOL, .offset = offsetof(struct network, dns),
		.fallback = "no", .example = "yes",
		.summary = "VM.NETWORK is the name of each VM's address, for guests and, with "
			   "systemd-resolved, for the host; other names are asked of the host's servers.",
	}, {
		.name = "isolated", .type = KEY_BOOL, .offset = offsetof(struct network, isolated),
		.fallback = "no", .example = "yes",
		.summary = "Guests reach each other and nobody else: no address of the host, no uplink.",
	}, {
		.name = "isolate-ports", .type = KEY_BOOL, .fallback = "no", .example = "yes",
		.offset = offsetof(struct network, isolate_ports),
		.summary = "Guests do not reach each other, but the host and the uplink.",
	},
};
/* clang-format on */
const struct key_table network_table = {
	network_keys, ARRAY_SIZE(network_keys), sizeof(struct network)};
