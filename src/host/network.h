/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A network on the host: a bridge, its uplink and addresses, NAT, and what its server reads. */
#pragma once

#include "host/port.h"

#define NETWORK_ADDRESSES_MAX 16

/* As the unit's command line says it. Texts are borrowed. */
struct network_config {
	const char *name;
	const char *bridge;
	const char *uplink; /* NULL: none */
	bool allow_default_uplink;
	uint64_t mtu; /* 0: the kernel's */
	bool stp;
	uint64_t forward_delay_usec;
	uint64_t ageing_usec;
	bool vlan_filtering;
	bool multicast_snooping;
	bool isolate_ports;
	bool nat;
	bool server;
	const char *addresses[NETWORK_ADDRESSES_MAX];
	size_t address_count;
	const char **ports; /* "tcp/8080:10.1.0.5:80" */
	size_t port_count;
	struct port *nics; /* of all VMs on the network, running or not */
	size_t nic_count;
	bool uplink_was_down; /* before the network was started first */
};

/* Reads a configuration from its words. All but the nics' own texts is borrowed; words are changed.
 * Free it with network_config_done(). */
int network_config_read(
	char *const words[], size_t count, struct network_config *ret_config, struct error *error);
void network_config_done(struct network_config *config);

/* Reads one port from its words, "nic=lan,tap=vm-web_lan,...", which are changed. */
int port_read(char *words, struct port *ret_port, struct error *error);

/* Brings the network up, or from what it is to what it shall be. Everything that could refuse it is
 * looked at before anything is touched. words, NULL-terminated, are kept for network_stop(). */
int network_start(
	struct network_config *config, char *const words[], size_t count, struct error *error);

/* Undoes what network_start() did, by what it kept. A bridge that still has ports of others stays
 * as it is, for them; ret_busy names one of them then, or is empty. */
int network_stop(const char *name, char ret_busy[IFNAMSIZ], struct error *error);

/* Tells the server of a network, where it has one, who an interface is. */
int network_tell_server(const struct port *port, struct error *error);
