/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/addresses.h"

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "host/address.h"
#include "host/agent.h"
#include "host/leases.h"

/* Long enough for a guest that is there, short enough for a person who waits. */
#define AGENT_TIMEOUT_USEC UINT64_C(300000)

DEFINE_CHOICES(address_source_names, ADDRESS_SOURCE_COUNT, [ADDRESS_LEASE] = "lease",
	[ADDRESS_NEIGHBOUR] = "neighbour", [ADDRESS_AGENT] = "agent");

static void add(struct found_addresses *found, const char *mac, const char *text,
	enum address_source source)
{
	void *items = arena_grow(found->arena, found->items, found->count, sizeof(*found->items));
	if (!items) {
		found->failed = true;
		return;
	}
	found->items = items;
	struct found_address *address = &found->items[found->count++];
	*address = (struct found_address){.source = source};
	snprintf(address->mac, sizeof(address->mac), "%s", mac);
	snprintf(address->text, sizeof(address->text), "%s", text);
}

const struct found_address *addresses_next(
	const struct found_addresses *found, const char *mac, size_t *index)
{
	const struct found_address *first = NULL;
	for (size_t i = 0; i < found->count; i++) {
		const struct found_address *address = &found->items[i];
		if (strcmp(address->mac, mac) != 0)
			continue;
		if (!first)
			first = address;
		if (i < *index || address->source != first->source)
			continue;
		*index = i + 1;
		return address;
	}
	return NULL;
}

/* --- leases -------------------------------------------------------------------------------- */

static void take_lease(const struct lease *lease, void *context)
{
	add(context, lease->mac, lease->address, ADDRESS_LEASE);
}

/* --- neighbours ---------------------------------------------------------------------------- */

static int take_neighbour(
	int index, const struct address *address, const uint8_t mac[6], void *context)
{
	char mac_text[MAC_TEXT_BYTES];
	char text[ADDRESS_TEXT_BYTES];
	(void)index;
	/* fe80::/10 tells nothing that the MAC address does not. */
	if (address->family == AF_INET6 && address->bytes[0] == 0xfe)
		return 0;
	snprintf(mac_text, sizeof(mac_text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
		mac[2], mac[3], mac[4], mac[5]);
	address_write(address, text);
	add(context, mac_text, text, ADDRESS_NEIGHBOUR);
	return 0;
}

static void ask_kernel(struct found_addresses *found)
{
	struct netlink *netlink CLEANUP(netlink_close) = NULL;
	struct error ignored;
	if (netlink_open(&netlink, &ignored) == 0)
		neighbours_each(netlink, take_neighbour, found, &ignored);
}

/* --- agents -------------------------------------------------------------------------------- */

static void take_interface(const json_t *interface, struct found_addresses *found)
{
	const char *mac = json_string_value(json_object_get(interface, "hardware-address"));
	const json_t *addresses = json_object_get(interface, "ip-addresses");
	for (size_t i = 0; i < json_array_size(addresses); i++) {
		const json_t *item = json_array_get(addresses, i);
		struct address address;
		const char *text = json_string_value(json_object_get(item, "ip-address"));
		/* A guest may say anything. */
		if (mac && strlen(mac) < MAC_TEXT_BYTES && text &&
			address_parse(text, &address) == 0 && strncmp(text, "fe80:", 5) != 0)
			add(found, mac, text, ADDRESS_AGENT);
	}
}

static bool is_known(const struct found_addresses *found, const struct plan *plan)
{
	for (size_t i = 0; i < plan->nic_count; i++) {
		size_t index = 0;
		if (!addresses_next(found, plan->nics[i].mac, &index))
			return false;
	}
	return true;
}

static void ask_agents(const struct set *set,
	bool (*is_running)(const struct member *member, void *context), void *context,
	struct found_addresses *found)
{
	struct agent *agents = arena_alloc(found->arena, (set->count + 1) * sizeof(*agents));
	for (size_t i = 0; agents && i < set->count; i++) {
		const struct member *member = &set->items[i];
		if (!member->document->broken && member->plan.nic_count &&
			is_running(member, context) && !is_known(found, &member->plan))
			agents[i].path =
				plan_runtime_path(found->arena, &member->plan, PLAN_AGENT_SOCKET);
	}
	if (!agents) {
		found->failed = true;
		return;
	}
	agents_ask(agents, set->count, "guest-network-get-interfaces", AGENT_TIMEOUT_USEC);
	for (size_t i = 0; i < set->count; i++) {
		for (size_t j = 0; j < json_array_size(agents[i].answer); j++)
			take_interface(json_array_get(agents[i].answer, j), found);
		agent_done(&agents[i]);
	}
}

void addresses_collect(const struct set *set,
	bool (*is_running)(const struct member *member, void *context), void *context,
	struct found_addresses *found)
{
	for (size_t i = 0; i < set->network_count; i++)
		if (set->networks[i].document->name)
			leases_each(set->networks[i].document->name, take_lease, found);
	ask_kernel(found);
	ask_agents(set, is_running, context, found);
}
