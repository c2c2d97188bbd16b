/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A network as its spec says it: kind network, every default filled in. */
#pragma once

#include "spec/key.h"

#define ADDRESSES_MAX 16
#define PORTS_MAX 256
#define MTU_MIN 68
#define MTU_MAX 65535

struct network {
	int kind; /* enum kind */
	const char *name;
	const char *description;
	const char *bridge;
	const char *uplink; /* NULL: none */
	bool allow_default_uplink;
	uint64_t mtu; /* 0: the kernel's */
	bool stp;
	uint64_t forward_delay_usec; /* 0: none without STP, 15 s with it */
	uint64_t ageing_usec;
	bool vlan_filtering;
	bool multicast_snooping;
	struct strings addresses;
	bool nat;
	struct settings ports;
	bool dhcp;
	const char *dhcp_range;	  /* NULL: the subnet */
	uint64_t dhcp_lease_usec; /* 0: the default */
	bool dns;
	bool isolated;
	bool isolate_ports;
};

extern const struct key_table network_table;
