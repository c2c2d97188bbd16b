/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/set.h"

#include <stdlib.h>
#include <string.h>

/* Something that one VM only may have. */
struct claim {
	const char *value;
	struct member *member;
	const struct part *part; /* NULL for the VM's name */
};

int set_add(struct arena *arena, struct set *set, const struct source *source,
	const struct loaded *loaded)
{
	for (size_t i = 0; i < loaded->count; i++) {
		set->items = arena_grow(arena, set->items, set->count, sizeof(*set->items));
		if (!set->items)
			return -ENOMEM;
		set->items[set->count++] =
			(struct member){.loaded = &loaded->items[i], .source = source};
	}
	return 0;
}

/* "web.yaml" comes before "web-2.yaml": what is compared is the name without its ending. */
static int compare_files(const char *left, const char *right)
{
	size_t left_length = strcspn(left, ".");
	size_t right_length = strcspn(right, ".");
	size_t shared = left_length < right_length ? left_length : right_length;
	int order = strncmp(left, right, shared);
	if (!order)
		order = (left_length > right_length) - (left_length < right_length);
	return order ? order : strcmp(left, right);
}

static int compare_members(const void *a, const void *b)
{
	const struct member *left = a;
	const struct member *right = b;
	const char *left_name = left->loaded->vm.name;
	const char *right_name = right->loaded->vm.name;
	if (!left_name || !right_name) {
		if (left_name || right_name)
			return left_name ? -1 : 1;
	} else {
		int order = strcmp(left_name, right_name);
		if (order)
			return order;
	}
	int order = compare_files(left->source->file, right->source->file);
	if (order)
		return order;
	uint32_t left_line = left->loaded->vm.place.line;
	uint32_t right_line = right->loaded->vm.place.line;
	return (left_line > right_line) - (left_line < right_line);
}

static int compare_claims(const void *a, const void *b)
{
	const struct claim *left = a;
	const struct claim *right = b;
	int order = strcmp(left->value, right->value);
	/* Members are sorted already: the address is the order. */
	if (!order)
		order = (left->member > right->member) - (left->member < right->member);
	if (!order)
		order = (left->part > right->part) - (left->part < right->part);
	return order;
}

static struct place claim_place(const struct claim *claim)
{
	return claim->part ? claim->part->place : claim->member->loaded->vm.place;
}

static void refuse(struct claim *later, const struct claim *first, const char *what,
	const char *hint, struct diags *diags)
{
	struct loaded_vm *loaded = later->member->loaded;
	loaded->broken = true;
	loaded->first_diag = diags->count;
	diag_add(diags, SEVERITY_ERROR, claim_place(later), "not-unique", hint,
		"%s '%s' is used by VM '%s' already", what, later->value,
		first->member->loaded->vm.name);
	diag_add(diags, SEVERITY_NOTE, claim_place(first), "", NULL, "'%s' is used here first",
		later->value);
	loaded->end_diag = diags->count;
}

/* Walks claims in order; each value belongs to the first that claims it. A broken VM still holds
 * its name, as its disks are there under it, but none of its interfaces. */
static void check_claims(
	struct claim *claims, size_t count, const char *what, const char *hint, struct diags *diags)
{
	qsort(claims, count, sizeof(*claims), compare_claims);
	const struct claim *owner = NULL;
	for (size_t i = 0; i < count; i++) {
		bool broken = claims[i].member->loaded->broken;
		if (broken && claims[i].part)
			continue;
		if (!owner || strcmp(owner->value, claims[i].value) != 0)
			owner = &claims[i];
		else if (!broken)
			refuse(&claims[i], owner, what, hint, diags);
	}
}

static size_t count_nics(const struct set *set)
{
	size_t count = 0;
	for (size_t i = 0; i < set->count; i++)
		count += set->items[i].plan.nic_count;
	return count;
}

static size_t claim_names(struct set *set, struct claim *claims)
{
	size_t count = 0;
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i].loaded->vm.name)
			claims[count++] = (struct claim){
				.value = set->items[i].loaded->vm.name,
				.member = &set->items[i],
			};
	return count;
}

static size_t claim_nics(struct set *set, bool macs, struct claim *claims)
{
	size_t count = 0;
	for (size_t i = 0; i < set->count; i++) {
		struct member *member = &set->items[i];
		for (size_t j = 0; j < member->plan.nic_count; j++) {
			const struct plan_nic *nic = &member->plan.nics[j];
			claims[count++] = (struct claim){
				.value = macs ? nic->mac : nic->tap,
				.member = member,
				.part = &nic->nic->part,
			};
		}
	}
	return count;
}

int set_check(struct arena *arena, struct set *set, struct diags *diags)
{
	if (set->count == 0)
		return 0;
	qsort(set->items, set->count, sizeof(*set->items), compare_members);
	for (size_t i = 0; i < set->count; i++) {
		struct member *member = &set->items[i];
		if (!member->loaded->broken &&
			plan_vm(arena, &member->loaded->vm, &member->plan) < 0)
			return -ENOMEM;
	}
	size_t nics = count_nics(set);
	struct claim *claims AUTO_FREE =
		calloc(nics > set->count ? nics : set->count, sizeof(*claims));
	if (!claims)
		return -ENOMEM;
	check_claims(claims, claim_names(set, claims), "name", "give it another name", diags);
	check_claims(claims, claim_nics(set, true, claims), "MAC address",
		"give it a 'mac' of its own", diags);
	check_claims(
		claims, claim_nics(set, false, claims), "tap name", "rename the interface", diags);
	return diags->out_of_memory ? -ENOMEM : 0;
}

const struct member *set_find(const struct set *set, const char *name)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i].loaded->vm.name &&
			strcmp(set->items[i].loaded->vm.name, name) == 0)
			return &set->items[i];
	return NULL;
}
