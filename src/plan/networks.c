/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/networks.h"

#include <stdlib.h>
#include <string.h>

#include "spec/address.h"
#include "spec/rules.h"
#include "spec/scalar.h"

/* --- subnets ------------------------------------------------------------------------------- */

struct claim {
	struct subnet subnet;
	const char *text;
	struct document *document;
};

static int compare_claims(const void *a, const void *b)
{
	const struct claim *left = a;
	const struct claim *right = b;
	struct address left_first = subnet_first(&left->subnet);
	struct address right_first = subnet_first(&right->subnet);
	int order = address_compare(&left_first, &right_first);
	if (order)
		return order;
	return (left->document->index > right->document->index) -
	       (left->document->index < right->document->index);
}

static struct place address_place(const struct document *document, const char *text)
{
	const struct node *list = node_get(document->tree, "addresses");
	const struct node *item = list->kind == NODE_SEQUENCE ? list->first : list;
	while (strcmp(item->text, text) != 0)
		item = item->next;
	return item->place;
}

static void refuse_overlap(const struct claim *one, const struct claim *other, struct diags *diags)
{
	bool later = one->document->index > other->document->index;
	const struct claim *refused = later ? one : other;
	const struct claim *owner = later ? other : one;
	struct document *document = refused->document;
	document_refuse(document, diags, address_place(document, refused->text), "subnet-overlap",
		"choose a subnet of its own", "%s overlaps %s of network '%s'", refused->text,
		owner->text, owner->document->name);
	diag_add(diags, SEVERITY_NOTE, address_place(owner->document, owner->text), "", NULL,
		"'%s' is used here", owner->text);
	document->end_diag = diags->count;
}

static bool is_whole_network(const struct document *document)
{
	return document->kind == KIND_NETWORK && !document->broken;
}

/* By first address: what overlaps a subnet follows the one that reaches farthest. */
static void check_overlaps(struct claim *claims, size_t count, struct diags *diags)
{
	const struct claim *farthest = NULL;
	for (size_t i = 0; i < count; i++) {
		const struct claim *claim = &claims[i];
		if (claim->document->broken)
			continue;
		if (farthest && farthest->document != claim->document &&
			subnets_overlap(&farthest->subnet, &claim->subnet))
			refuse_overlap(farthest, claim, diags);
		struct address last = subnet_last(&claim->subnet);
		struct address reach = farthest ? subnet_last(&farthest->subnet) : last;
		if (!farthest || farthest->document->broken || address_compare(&reach, &last) < 0)
			farthest = claim;
	}
}

int networks_check(struct arena *arena, const struct documents *documents, struct diags *diags)
{
	size_t count = 0;
	for (size_t i = 0; i < documents->count; i++)
		if (is_whole_network(documents->items[i]))
			count += documents->items[i]->network->addresses.count;
	if (count == 0)
		return 0;
	struct claim *claims = arena_alloc(arena, count * sizeof(*claims));
	if (!claims)
		return -ENOMEM;
	count = 0;
	for (size_t i = 0; i < documents->count; i++) {
		struct document *document = documents->items[i];
		if (!is_whole_network(document))
			continue;
		for (size_t j = 0; j < document->network->addresses.count; j++) {
			const char *text = document->network->addresses.items[j];
			struct claim *claim = &claims[count];
			*claim = (struct claim){.text = text, .document = document};
			count += subnet_parse(text, &claim->subnet) == 0;
		}
	}
	qsort(claims, count, sizeof(*claims), compare_claims);
	check_overlaps(claims, count, diags);
	return 0;
}

/* --- interfaces ---------------------------------------------------------------------------- */

static struct place nic_place(
	const struct document *document, const struct nic *nic, const char *path)
{
	const struct node *node = rules_look_up(document->merged, path, nic->part.name);
	return node ? node->place : nic->part.place;
}

/* Why a guest cannot have the address in that subnet; NULL when it can. */
static const char *unfit(const struct subnet *subnet, const struct address *address)
{
	struct address first = subnet_first(subnet);
	struct address last = subnet_last(subnet);
	if (address_compare(address, &subnet->address) == 0)
		return "is the host's own";
	if (subnet->prefix < 31 && address_compare(address, &first) == 0)
		return "is the subnet's own";
	if (subnet->prefix < 31 && address_compare(address, &last) == 0)
		return "is the subnet's broadcast address";
	return NULL;
}

static void check_address(struct document *document, const struct nic *nic,
	const struct network *network, struct diags *diags)
{
	struct address address;
	struct subnet subnet;
	size_t ipv4 = 0;
	if (!nic->address || address_parse_ipv4(nic->address, &address) < 0)
		return;
	for (size_t i = 0; i < network->addresses.count; i++) {
		const char *text = network->addresses.items[i];
		if (subnet_parse(text, &subnet) < 0 || subnet.address.family != AF_INET)
			continue;
		ipv4++;
		if (!subnet_contains(&subnet, &address))
			continue;
		const char *reason = unfit(&subnet, &address);
		if (reason)
			document_refuse(document, diags, nic_place(document, nic, "nics.*.address"),
				"not-host-address", "choose another", "%s %s in %s", nic->address,
				reason, text);
		return;
	}
	if (ipv4)
		document_refuse(document, diags, nic_place(document, nic, "nics.*.address"),
			"outside-subnet", "choose an address of the network, or add a subnet there",
			"%s is in no subnet of network '%s'", nic->address, network->name);
}

void networks_check_nic(struct document *document, const struct nic *nic,
	const struct network *network, struct diags *diags)
{
	check_address(document, nic, network, diags);
	if ((nic->vlan || nic->trunk.count) && !network->vlan_filtering)
		document_refuse(document, diags,
			nic_place(document, nic, nic->vlan ? "nics.*.vlan" : "nics.*.trunk"),
			"needs-vlan-filtering", "add vlan-filtering: yes to the network",
			"network '%s' does not tell VLANs apart", network->name);
}

/* --- ports --------------------------------------------------------------------------------- */

static struct document *port_vm(const struct documents *documents, const char *endpoint)
{
	char name[NAME_LENGTH_MAX + 1];
	size_t length;
	unsigned port;
	if (scalar_parse_endpoint(endpoint, &length, &port) < 0)
		return NULL;
	memcpy(name, endpoint, length);
	name[length] = '\0';
	return documents_find(documents, KIND_VM, name);
}

const char *networks_port_address(const struct documents *documents, const struct network *network,
	const struct setting *port)
{
	const struct document *document = port_vm(documents, port->value);
	for (size_t i = 0; document && !document->broken && i < document->vm->nics.count; i++) {
		const struct nic *nic = vm_nic(document->vm, i);
		if (nic->address && nic->network && strcmp(nic->network, network->name) == 0)
			return nic->address;
	}
	return NULL;
}

void networks_check_ports(
	const struct documents *documents, const struct document *document, struct diags *diags)
{
	const struct network *network = document->network;
	const struct node *ports = node_get(document->tree, "ports");
	for (size_t i = 0; i < network->ports.count; i++) {
		const struct setting *port = &network->ports.items[i];
		const struct document *vm = port_vm(documents, port->value);
		struct place place = node_get(ports, port->name)->place;
		int length = (int)strcspn(port->value, ":");
		if (!vm)
			diag_add(diags, SEVERITY_WARNING, place, "port-no-vm", "remove the port",
				"it leads nowhere: no VM is named '%.*s'", length, port->value);
		else if (!vm->broken && !networks_port_address(documents, network, port))
			diag_add(diags, SEVERITY_WARNING, place, "port-no-address",
				"give its interface on this network an 'address'",
				"it leads nowhere: VM '%s' has no 'address' on network '%s'",
				vm->name, network->name);
	}
}
