/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules of networks that rows cannot say: addresses, ranges, spans. */
#include <string.h>

#include "spec/address.h"
#include "spec/rules.h"

/* The node of an item of 'addresses', or of its plain value. */
static struct place item_place(const struct node *list, size_t index)
{
	const struct node *item = list->kind == NODE_SEQUENCE ? list->first : list;
	while (index-- > 0)
		item = item->next;
	return item->place;
}

static void check_addresses(
	const struct network *network, const struct node *document, struct diags *diags)
{
	const struct node *list = node_get(document, "addresses");
	struct subnet subnets[ADDRESSES_MAX];
	for (size_t i = 0; i < network->addresses.count; i++) {
		const char *text = network->addresses.items[i];
		struct subnet *subnet = &subnets[i];
		if (subnet_parse(text, subnet) < 0)
			return;
		struct address first = subnet_first(subnet);
		struct address last = subnet_last(subnet);
		bool ipv4 = first.family == AF_INET;
		bool wide = subnet->prefix < (ipv4 ? 31 : 127);
		if (wide && (address_compare(&first, &subnet->address) == 0 ||
				    (ipv4 && address_compare(&last, &subnet->address) == 0)))
			diag_add(diags, SEVERITY_ERROR, item_place(list, i), "not-host-address",
				"give the host's own address, such as the subnet's first",
				"%s is the address of the subnet itself, not of a host in it",
				text);
		for (size_t j = 0; j < i; j++)
			if (subnets_overlap(&subnets[j], subnet))
				diag_add(diags, SEVERITY_ERROR, item_place(list, i),
					"subnet-overlap", "one address of a subnet is enough",
					"%s overlaps %s", text, network->addresses.items[j]);
	}
}

/* The IPv4 subnet, which DHCP is for: the first. */
static const char *find_ipv4(const struct network *network, struct subnet *ret_subnet)
{
	for (size_t i = 0; i < network->addresses.count; i++)
		if (subnet_parse(network->addresses.items[i], ret_subnet) == 0 &&
			ret_subnet->address.family == AF_INET)
			return network->addresses.items[i];
	return NULL;
}

static void check_dhcp(
	const struct network *network, const struct node *document, struct diags *diags)
{
	struct subnet subnet;
	struct address_range range;
	const struct node *dhcp = node_get(document, "dhcp");
	const struct node *lease = node_get(document, "dhcp-lease");
	const char *address = find_ipv4(network, &subnet);
	if (network->dhcp && !address && network->addresses.count > 0)
		diag_add(diags, SEVERITY_ERROR, node_key_place(dhcp), "needs-ipv4",
			"add one such as 10.1.0.1/24",
			"'dhcp' needs an IPv4 address among 'addresses'");
	if (network->dhcp && address && subnet.prefix > 30)
		diag_add(diags, SEVERITY_ERROR, node_key_place(dhcp), "needs-ipv4",
			"use a prefix of at most 30", "no address is left for guests in %s",
			address);
	if (network->dhcp_lease_usec && network->dhcp_lease_usec < UINT64_C(120000000))
		diag_add(diags, SEVERITY_ERROR, lease->place, "out-of-bounds",
			"dnsmasq makes none shorter", "'dhcp-lease' is at least 2min");
	if (!network->dhcp_range || !address ||
		address_range_parse(network->dhcp_range, &range) < 0)
		return;
	const struct node *node = node_get(document, "dhcp-range");
	if (!subnet_contains(&subnet, &range.first) || !subnet_contains(&subnet, &range.last))
		diag_add(diags, SEVERITY_ERROR, node->place, "outside-subnet", NULL,
			"the range is not within the subnet of %s", address);
	else if (address_compare(&range.first, &range.last) > 0)
		diag_add(diags, SEVERITY_ERROR, node->place, "bad-value",
			"write the lower address first", "the range ends before it begins");
}

static void check_delay(
	const struct network *network, const struct node *document, struct diags *diags)
{
	uint64_t delay = network->forward_delay_usec;
	const struct node *node = node_get(document, "forward-delay");
	if (delay && (delay < UINT64_C(2000000) || delay > UINT64_C(30000000)))
		diag_add(diags, SEVERITY_ERROR, node->place, "out-of-bounds",
			"IEEE 802.1D allows no other", "'forward-delay' is from 2s to 30s");
}

void rules_check_network(
	const struct network *network, const struct node *document, struct diags *diags)
{
	rules_check_rows(KIND_NETWORK, document, diags);
	check_addresses(network, document, diags);
	check_dhcp(network, document, diags);
	check_delay(network, document, diags);
	const struct node *uplink = node_get(document, "uplink");
	if (uplink && strcmp(network->uplink, network->bridge) == 0)
		diag_add(diags, SEVERITY_ERROR, uplink->place, "uplink-bridge", NULL,
			"the uplink cannot be the bridge itself");
}
