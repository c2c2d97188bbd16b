/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Networks beside each other, and what VMs ask of them. */
#pragma once

#include "spec/document.h"

/* Refuses the later of two networks whose subnets overlap. Returns -ENOMEM when memory is short,
 * else 0. */
int networks_check(struct arena *arena, const struct documents *documents, struct diags *diags);

/* Refuses a VM whose interface does not fit its whole network: an address outside its subnets or
 * the host's own, VLANs where the bridge tells none apart. */
void networks_check_nic(struct document *document, const struct nic *nic,
	const struct network *network, struct diags *diags);

/* Adds a warning for each port that leads to no VM, or to one without an 'address' on the network:
 * all VMs of a network do not depend on one of them. */
void networks_check_ports(
	const struct documents *documents, const struct document *document, struct diags *diags);

/* The address that a port of a network leads to; NULL when there is none. */
const char *networks_port_address(const struct documents *documents, const struct network *network,
	const struct setting *port);
