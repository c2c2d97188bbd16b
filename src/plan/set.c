/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/set.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "plan/networks.h"
#include "plan/references.h"
#include "spec/rules.h"

/* Something that one document only may have. */
struct claim {
	const char *value;
	struct document *document;
	struct place place;
	size_t order;
	int sharing; /* those of one number, but 0, may have it together */
};

struct claims {
	struct claim *items;
	size_t count;
};

static void add_claim(
	struct claims *claims, const char *value, struct document *document, struct place place)
{
	claims->items[claims->count] = (struct claim){value, document, place, claims->count, 0};
	claims->count++;
}

static int compare_claims(const void *a, const void *b)
{
	const struct claim *left = a;
	const struct claim *right = b;
	int order = strcmp(left->value, right->value);
	return order ? order : (left->order > right->order) - (left->order < right->order);
}

static void refuse(const struct claim *later, const struct claim *first, const char *what,
	const char *hint, struct diags *diags)
{
	struct document *document = later->document;
	document_refuse(document, diags, later->place, "not-unique", hint,
		"%s '%s' is used by %s '%s' already", what, later->value,
		choice_name(&kind_names, (int)first->document->kind), first->document->name);
	diag_add(diags, SEVERITY_NOTE, first->place, "", NULL, "'%s' is used here first",
		later->value);
	document->end_diag = diags->count;
}

/* Walks claims in order; each value belongs to the first that claims it. */
static void check_claims(
	struct claims *claims, const char *what, const char *hint, struct diags *diags)
{
	if (claims->count)
		qsort(claims->items, claims->count, sizeof(*claims->items), compare_claims);
	const struct claim *owner = NULL;
	for (size_t i = 0; i < claims->count; i++) {
		const struct claim *claim = &claims->items[i];
		if (claim->document->broken)
			continue;
		if (!owner || strcmp(owner->value, claim->value) != 0)
			owner = claim;
		else if (!claim->sharing || claim->sharing != owner->sharing)
			refuse(claim, owner, what, hint, diags);
	}
	claims->count = 0;
}

/* The port of the host that a forward is from stands in the tree as a key. */
static void claim_ports(struct claims *claims, const struct settings *ports,
	const struct node *tree, struct document *document)
{
	for (size_t i = 0; i < ports->count; i++)
		add_claim(claims, ports->items[i].name, document,
			node_get(tree, ports->items[i].name)->key->place);
}

/* Networks come first: who changes a VM is told, and what all VMs of a network use stays. */
static void check_ports(
	const struct documents *documents, struct claims *claims, struct diags *diags)
{
	for (size_t i = 0; i < documents->count; i++) {
		struct document *document = documents->items[i];
		if (document->kind == KIND_NETWORK && !document->broken)
			claim_ports(claims, &document->network->ports,
				node_get(document->tree, "ports"), document);
	}
	for (size_t i = 0; i < documents->count; i++) {
		struct document *document = documents->items[i];
		if (document->kind != KIND_VM || document->broken)
			continue;
		for (size_t j = 0; j < document->vm->nics.count; j++) {
			const struct nic *nic = vm_nic(document->vm, j);
			if (nic->user.forwards.count == 0)
				continue;
			claim_ports(claims, &nic->user.forwards,
				rules_look_up(
					document->merged, "nics.*.user.forwards", nic->part.name),
				document);
		}
	}
	check_claims(claims, "port", "choose another", diags);
}

static void check_bridges(
	const struct documents *documents, struct claims *claims, struct diags *diags)
{
	for (size_t i = 0; i < documents->count; i++) {
		struct document *document = documents->items[i];
		if (document->kind == KIND_NETWORK && !document->broken)
			add_claim(claims, document->network->bridge, document,
				node_get(document->tree, "bridge")->place);
	}
	check_claims(claims, "bridge", "one bridge is one network", diags);
}

static const char *nic_mac(const struct plan_nic *nic)
{
	return nic->mac;
}

static const char *nic_tap(const struct plan_nic *nic)
{
	return plan_nic_is_user(nic) ? NULL : nic->tap;
}

/* No two networks share a subnet, so an address by itself says which network. */
static const char *nic_address(const struct plan_nic *nic)
{
	return nic->nic->address;
}

static void check_nics(const struct set *set, struct claims *claims, struct diags *diags)
{
	static const struct {
		const char *(*value)(const struct plan_nic *nic);
		const char *what;
		const char *hint;
	} uniques[] = {
		{nic_mac, "MAC address", "give it a 'mac' of its own"},
		{nic_tap, "tap name", "rename the interface"},
		{nic_address, "address", "choose another"},
	};
	for (size_t u = 0; u < ARRAY_SIZE(uniques); u++) {
		for (size_t i = 0; i < set->count; i++) {
			const struct member *member = &set->items[i];
			for (size_t j = 0; member->plan.nics && j < member->plan.nic_count; j++) {
				const struct plan_nic *nic = &member->plan.nics[j];
				const char *value = uniques[u].value(nic);
				if (value)
					add_claim(claims, value, member->document,
						nic->nic->part.place);
			}
		}
		check_claims(claims, uniques[u].what, uniques[u].hint, diags);
	}
}

/* The guests' addresses on the one vsock that a host has. */
static int check_cids(
	struct arena *arena, const struct set *set, struct claims *claims, struct diags *diags)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct member *member = &set->items[i];
		if (member->document->broken || !plan_has_vsock(&member->plan))
			continue;
		const char *cid = arena_printf(arena, "%" PRIu64, member->plan.cid);
		if (!cid)
			return -ENOMEM;
		add_claim(claims, cid, member->document,
			rules_place(member->document->merged, "vsock", NULL));
	}
	check_claims(claims, "vsock address", "give it a 'vsock: {cid: ...}' of its own", diags);
	return 0;
}

enum sharing {
	SHARING_NONE,
	SHARING_READ_ONLY,
	SHARING_SHAREABLE,
};

/* What disks of several VMs may be at once: read by all, or written by those that agree to it. */
static void check_disks(
	const struct documents *documents, struct claims *claims, struct diags *diags)
{
	for (size_t i = 0; i < documents->count; i++) {
		struct document *document = documents->items[i];
		if (document->kind != KIND_VM || document->broken)
			continue;
		for (size_t j = 0; j < document->vm->disks.count; j++) {
			const struct disk *disk = vm_disk(document->vm, j);
			const char *value = disk->path ? disk->path : disk->device;
			value = value ? value : disk->uri;
			if (!value)
				continue;
			add_claim(claims, value, document, disk->part.place);
			if (disk->shareable)
				claims->items[claims->count - 1].sharing = SHARING_SHAREABLE;
			else if (disk->read_only)
				claims->items[claims->count - 1].sharing = SHARING_READ_ONLY;
		}
	}
	check_claims(claims, "disk",
		"one VM writes to a disk; with 'read-only' or 'shareable' everywhere, several have "
		"it",
		diags);
}

int set_join_networks(struct arena *arena, struct set *set)
{
	for (size_t i = 0; i < set->network_count; i++)
		set->networks[i].nic_count = 0;
	for (size_t i = 0; i < set->count; i++) {
		const struct plan *plan = &set->items[i].plan;
		for (size_t j = 0; set->items[i].in_force && j < plan->nic_count; j++) {
			const struct plan_nic *nic = &plan->nics[j];
			if (!nic->network)
				continue;
			/* An earlier version may be on one that is no more. */
			const struct document *document =
				documents_find(set->documents, KIND_NETWORK, nic->network->name);
			if (!document)
				continue;
			struct network_member *network =
				&set->networks[document->index - set->networks->document->index];
			network->nics = arena_grow(arena, network->nics, network->nic_count,
				sizeof(const struct plan_nic *));
			if (!network->nics)
				return -ENOMEM;
			network->nics[network->nic_count++] = nic;
		}
	}
	return 0;
}

static int plan_members(struct arena *arena, struct set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		struct member *member = &set->items[i];
		if (!member->document->broken &&
			plan_vm(arena, set->documents, member->document->vm, &member->plan) < 0)
			return -ENOMEM;
	}
	return 0;
}

static size_t count_kind(const struct documents *documents, enum kind kind, size_t *ret_first)
{
	size_t count = 0;
	*ret_first = 0;
	for (size_t i = 0; i < documents->count; i++) {
		if (documents->items[i]->kind < kind)
			*ret_first = i + 1;
		count += documents->items[i]->kind == kind;
	}
	return count;
}

/* No more are made at a time. */
static size_t count_claims(const struct documents *documents)
{
	size_t nics = 0;
	size_t disks = 0;
	size_t ports = 0;
	for (size_t i = 0; i < documents->count; i++) {
		const struct document *document = documents->items[i];
		if (document->kind == KIND_NETWORK && !document->broken)
			ports += document->network->ports.count;
		if (document->kind != KIND_VM || document->broken)
			continue;
		nics += document->vm->nics.count;
		disks += document->vm->disks.count;
		for (size_t j = 0; j < document->vm->nics.count; j++)
			ports += vm_nic(document->vm, j)->user.forwards.count;
	}
	return documents->count + nics + disks + ports;
}

int set_check(struct arena *arena, const struct documents *documents, struct diags *diags,
	struct set *ret_set)
{
	size_t first;
	size_t first_network;
	struct set set = {
		.documents = documents,
		.count = count_kind(documents, KIND_VM, &first),
		.network_count = count_kind(documents, KIND_NETWORK, &first_network),
	};
	if (documents->count == 0) {
		*ret_set = set;
		return 0;
	}
	struct claims claims = {
		.items = arena_alloc(arena, count_claims(documents) * sizeof(*claims.items)),
	};
	set.items = arena_alloc(arena, set.count * sizeof(*set.items));
	set.networks = arena_alloc(arena, set.network_count * sizeof(*set.networks));
	if (!set.items || !set.networks || !claims.items)
		return -ENOMEM;
	for (size_t i = 0; i < set.count; i++)
		set.items[i].document = documents->items[first + i];
	for (size_t i = 0; i < set.network_count; i++)
		set.networks[i].document = documents->items[first_network + i];
	check_bridges(documents, &claims, diags);
	int r = networks_check(arena, documents, diags);
	check_ports(documents, &claims, diags);
	check_disks(documents, &claims, diags);
	if (r == 0)
		r = references_check(arena, documents, diags);
	if (r == 0)
		r = plan_members(arena, &set);
	if (r < 0)
		return r;
	check_nics(&set, &claims, diags);
	if (check_cids(arena, &set, &claims, diags) < 0 || diags->out_of_memory)
		return -ENOMEM;
	for (size_t i = 0; i < set.count; i++) {
		struct document *document = set.items[i].document;
		set.items[i].documents = documents;
		set.items[i].in_force = document->broken ? NULL : document;
	}
	if (set_join_networks(arena, &set) < 0)
		return -ENOMEM;
	*ret_set = set;
	return 0;
}

const struct network_member *set_find_network(const struct set *set, const char *name)
{
	const struct document *document =
		set->network_count ? documents_find(set->documents, KIND_NETWORK, name) : NULL;
	return document ? &set->networks[document->index - set->networks->document->index] : NULL;
}

const struct member *set_find(const struct set *set, const char *name)
{
	const struct document *document =
		set->count ? documents_find(set->documents, KIND_VM, name) : NULL;
	return document ? &set->items[document->index] : NULL;
}
