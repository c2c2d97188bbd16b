/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/set.h"

#include <stdlib.h>
#include <string.h>

#include "plan/references.h"

/* Something that one document only may have. */
struct claim {
	const char *value;
	struct document *document;
	struct place place;
	size_t order;
};

struct claims {
	struct claim *items;
	size_t count;
};

static void add_claim(
	struct claims *claims, const char *value, struct document *document, struct place place)
{
	claims->items[claims->count] = (struct claim){value, document, place, claims->count};
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
		else
			refuse(claim, owner, what, hint, diags);
	}
	claims->count = 0;
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

static void check_nics(const struct set *set, bool macs, struct claims *claims, struct diags *diags)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct member *member = &set->items[i];
		for (size_t j = 0; j < member->plan.nic_count; j++) {
			const struct plan_nic *nic = &member->plan.nics[j];
			add_claim(claims, macs ? nic->mac : nic->tap, member->document,
				nic->nic->part.place);
		}
	}
	if (macs)
		check_claims(claims, "MAC address", "give it a 'mac' of its own", diags);
	else
		check_claims(claims, "tap name", "rename the interface", diags);
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

static size_t count_vms(const struct documents *documents)
{
	size_t count = 0;
	while (count < documents->count && documents->items[count]->kind == KIND_VM)
		count++;
	return count;
}

static size_t count_claims(const struct documents *documents)
{
	size_t most = documents->count;
	size_t nics = 0;
	for (size_t i = 0; i < documents->count; i++)
		if (documents->items[i]->kind == KIND_VM && !documents->items[i]->broken)
			nics += documents->items[i]->vm->nics.count;
	return most > nics ? most : nics;
}

int set_check(struct arena *arena, const struct documents *documents, struct diags *diags,
	struct set *ret_set)
{
	struct set set = {.documents = documents, .count = count_vms(documents)};
	if (documents->count == 0) {
		*ret_set = set;
		return 0;
	}
	struct claims claims = {
		.items = arena_alloc(arena, count_claims(documents) * sizeof(*claims.items)),
	};
	set.items = arena_alloc(arena, set.count * sizeof(*set.items));
	if (!set.items || !claims.items)
		return -ENOMEM;
	for (size_t i = 0; i < set.count; i++)
		set.items[i].document = documents->items[i];
	check_bridges(documents, &claims, diags);
	int r = references_check(arena, documents, diags);
	if (r == 0)
		r = plan_members(arena, &set);
	if (r < 0)
		return r;
	check_nics(&set, true, &claims, diags);
	check_nics(&set, false, &claims, diags);
	if (diags->out_of_memory)
		return -ENOMEM;
	*ret_set = set;
	return 0;
}

const struct member *set_find(const struct set *set, const char *name)
{
	const struct document *document =
		set->count ? documents_find(set->documents, KIND_VM, name) : NULL;
	return document ? &set->items[document->index] : NULL;
}
