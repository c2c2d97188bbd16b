/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/references.h"

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "plan/networks.h"
#include "spec/rules.h"

/* --- what must be there -------------------------------------------------------------------- */

#define NEAR_BYTES 128

/* A hint at the name that was meant, or another hint where none is near. */
static void write_near(const struct documents *documents, enum kind kind, const char *name,
	const char *otherwise, const struct diags *diags, char hint[NEAR_BYTES])
{
	/* Of many mistakes, the first are read. */
	const char *near = NULL;
	if (diags->errors < SPEC_ERRORS_MAX)
		near = documents_nearest(documents, kind, name);
	if (near)
		snprintf(hint, NEAR_BYTES, "did you mean '%s'?", near);
	else
		snprintf(hint, NEAR_BYTES, "%s", otherwise);
}

/* The error of another document is told once, with that, and stands for this one, too. */
static void share_error(struct document *document, const struct document *other)
{
	if (!other || !other->broken || document->broken)
		return;
	document->broken = true;
	document->first_diag = other->first_diag;
	document->end_diag = other->end_diag;
}

static void check_network(const struct documents *documents, struct document *document,
	const struct nic *nic, struct diags *diags)
{
	const struct document *network = documents_find(documents, KIND_NETWORK, nic->network);
	if (!network) {
		const struct node *node =
			rules_look_up(document->merged, "nics.*.network", nic->part.name);
		char near[NEAR_BYTES];
		write_near(documents, KIND_NETWORK, nic->network,
			"'bridge: br0' attaches an interface to a bridge without one", diags, near);
		document_refuse(document, diags, node ? node->place : nic->part.place, "no-network",
			near, "no document of kind network is named '%s'", nic->network);
	}
	share_error(document, network);
	if (network && !network->broken)
		networks_check_nic(document, nic, network->network, diags);
}

/* The place of an item of 'depends-on'. */
static struct place dependency_place(const struct document *document, size_t index)
{
	const struct node *item = node_get(document->merged, "depends-on")->first;
	while (index-- > 0)
		item = item->next;
	return item->place;
}

static void check_vm(
	const struct documents *documents, struct document *document, struct diags *diags)
{
	const struct vm *vm = document->vm;
	for (size_t i = 0; i < vm->nics.count; i++)
		if (vm_nic(vm, i)->network)
			check_network(documents, document, vm_nic(vm, i), diags);
	for (size_t i = 0; i < vm->disks.count; i++)
		if (vm_disk(vm, i)->image)
			share_error(document,
				documents_find(documents, KIND_IMAGE, vm_disk(vm, i)->image));
	for (size_t i = 0; i < vm->depends_on.count; i++) {
		const char *name = vm->depends_on.items[i];
		char near[NEAR_BYTES];
		if (documents_find(documents, KIND_VM, name))
			continue;
		write_near(
			documents, KIND_VM, name, "a dependency is another VM's name", diags, near);
		document_refuse(document, diags, dependency_place(document, i), "no-vm", near,
			"no VM is named '%s'", name);
	}
}

/* --- cycles -------------------------------------------------------------------------------- */

enum visit {
	VISIT_NONE,
	VISIT_OPEN, /* on the path that is being followed */
	VISIT_DONE,
};

struct step {
	enum visit visit;
	size_t next;		/* of the dependencies, the one to follow next */
	struct document *above; /* who led here */
};

/* A long way round is told in part: many VMs on one way would each tell all of it. */
#define CYCLE_NOTES_MAX 16

static void refuse_cycle(struct document *document, const struct document *again,
	const struct step *steps, size_t index, struct diags *diags)
{
	if (document == again) {
		document_refuse(document, diags, dependency_place(document, index),
			"dependency-cycle", "take it out", "'%s' depends on itself",
			document->name);
		return;
	}
	document_refuse(document, diags, dependency_place(document, index), "dependency-cycle",
		"take one of them out", "'%s' depends on '%s' by way of '%s'", again->name,
		again->name, document->name);
	const struct document *at = document;
	for (size_t told = 0; at != again && told < CYCLE_NOTES_MAX; told++) {
		const struct document *above = steps[at->index].above;
		diag_add(diags, SEVERITY_NOTE,
			dependency_place(above, steps[above->index].next - 1), "", NULL,
			"'%s' depends on '%s'", above->name, at->name);
		at = above;
	}
	document->end_diag = diags->count;
}

/* Follows one dependency of a document; returns where to go on. */
static struct document *follow(const struct documents *documents, struct document *document,
	struct step *steps, struct diags *diags)
{
	struct step *step = &steps[document->index];
	if (document->broken || step->next == document->vm->depends_on.count) {
		step->visit = VISIT_DONE;
		return step->above;
	}
	size_t index = step->next++;
	struct document *other =
		documents_find(documents, KIND_VM, document->vm->depends_on.items[index]);
	if (!other || other->broken)
		return document;
	if (steps[other->index].visit == VISIT_OPEN)
		refuse_cycle(document, other, steps, index, diags);
	if (steps[other->index].visit != VISIT_NONE)
		return document;
	steps[other->index] = (struct step){.visit = VISIT_OPEN, .above = document};
	return other;
}

static int check_cycles(struct arena *arena, const struct documents *documents, struct diags *diags)
{
	struct step *steps = arena_alloc(arena, documents->count * sizeof(*steps));
	if (!steps)
		return -ENOMEM;
	for (size_t i = 0; i < documents->count; i++) {
		struct document *document = documents->items[i];
		if (document->kind != KIND_VM || document->broken || steps[i].visit != VISIT_NONE ||
			document->vm->depends_on.count == 0)
			continue;
		steps[i].visit = VISIT_OPEN;
		while (document)
			document = follow(documents, document, steps, diags);
	}
	return 0;
}

int references_check(struct arena *arena, const struct documents *documents, struct diags *diags)
{
	bool dependencies = false;
	for (size_t i = 0; i < documents->count; i++) {
		struct document *document = documents->items[i];
		if (document->kind == KIND_NETWORK && !document->broken)
			networks_check_ports(documents, document, diags);
	}
	for (size_t i = 0; i < documents->count; i++) {
		struct document *document = documents->items[i];
		if (document->kind != KIND_VM || document->broken)
			continue;
		check_vm(documents, document, diags);
		dependencies |= document->vm->depends_on.count > 0;
	}
	return dependencies ? check_cycles(arena, documents, diags) : 0;
}
