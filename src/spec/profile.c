/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/profile.h"

#include <string.h>

#include "spec/merge.h"

struct composer {
	struct arena *arena;
	const struct documents *documents;
	struct diags *diags;
	bool failed;
};

/* What a profile says of itself is not taken up. */
static bool is_own(const char *key)
{
	return strcmp(key, "kind") == 0 || strcmp(key, "name") == 0 || strcmp(key, "profiles") == 0;
}

static const struct node *without_own(struct composer *composer, const struct node *tree)
{
	struct node *rest = tree ? arena_alloc(composer->arena, sizeof(*rest)) : NULL;
	composer->failed |= !rest;
	if (!rest)
		return NULL;
	*rest = (struct node){.kind = NODE_MAPPING, .place = tree->place};
	for (const struct node *value = tree->first; value; value = value->next) {
		if (is_own(value->key->text))
			continue;
		struct node *copy = arena_alloc(composer->arena, sizeof(*copy));
		composer->failed |= !copy;
		if (!copy)
			return NULL;
		*copy = *value;
		copy->next = NULL;
		node_append(rest, copy);
	}
	return rest;
}

static const struct node *lay(struct composer *composer, struct document *document,
	const struct node *lower, const struct node *upper)
{
	const struct node *merged = upper;
	if (!lower || !upper)
		return upper;
	int r = merge_mappings(
		composer->arena, &vm_table, lower, upper, document->merge_budget, &merged);
	if (r == -E2BIG && !document->broken)
		document_refuse(document, composer->diags, document->place, "too-large",
			"make the profiles smaller",
			"the VMs of this file take up too much by 'profiles'");
	composer->failed |= r == -ENOMEM;
	return merged;
}

/* What others take up of a profile. */
static const struct node *share(struct composer *composer, struct document *profile)
{
	if (!profile->shared && profile->merged)
		profile->shared = without_own(composer, profile->merged);
	return profile->shared;
}

static void compose(struct composer *composer, struct document *document, unsigned depth);

/* The error of a broken profile is told once, with the profile, and stands for this document, too.
 */
static void share_error(struct document *document, const struct document *profile)
{
	document->broken = true;
	document->first_diag = profile->first_diag;
	document->end_diag = profile->end_diag;
}

/* Lays a profile over what was gathered so far. Returns that when the profile cannot be used. */
static const struct node *lay_profile(struct composer *composer, struct document *document,
	const struct node *named, const struct node *lower, unsigned depth)
{
	struct document *profile = documents_find(composer->documents, KIND_PROFILE, named->text);
	if (!profile) {
		/* Of many mistakes, the first are read. */
		const char *near = NULL;
		if (composer->diags->errors < SPEC_ERRORS_MAX)
			near = documents_nearest(composer->documents, KIND_PROFILE, named->text);
		const char *hint = near ? arena_printf(composer->arena, "did you mean '%s'?", near)
					: "a document with 'kind: profile' and that name makes one";
		composer->failed |= !hint;
		document_refuse(document, composer->diags, named->place, "no-profile", hint,
			"there is no profile '%s'", named->text);
		return lower;
	}
	if (profile->visited || depth == PROFILE_DEPTH_MAX) {
		document_refuse(document, composer->diags, named->place, "profile-cycle",
			"take it out of one of them",
			profile->visited ? "profile '%s' takes up itself"
					 : "profile '%s' is 64 profiles deep",
			named->text);
		return lower;
	}
	if (!profile->broken && !profile->merged)
		compose(composer, profile, depth + 1);
	if (profile->broken) {
		if (!document->broken)
			share_error(document, profile);
		return lower;
	}
	return lay(composer, document, lower, share(composer, profile));
}

static const struct node *lay_default(struct composer *composer, struct document *document)
{
	struct document *profile =
		documents_find(composer->documents, KIND_PROFILE, PROFILE_DEFAULT);
	if (!profile || document->kind != KIND_VM)
		return NULL;
	if (!profile->broken && !profile->merged)
		compose(composer, profile, 0);
	if (profile->broken) {
		share_error(document, profile);
		return NULL;
	}
	return share(composer, profile);
}

static void compose(struct composer *composer, struct document *document, unsigned depth)
{
	const struct node *list = node_get(document->tree, "profiles");
	const struct node *lower = lay_default(composer, document);
	document->visited = true;
	/* What is not a list of names, or too many of them, decoding tells. */
	bool listed = list && list->kind == NODE_SEQUENCE && list->count <= PROFILES_MAX;
	for (const struct node *named = listed ? list->first : NULL; named; named = named->next)
		if (named->kind == NODE_SCALAR)
			lower = lay_profile(composer, document, named, lower, depth);
	document->visited = false;
	document->merged = lay(composer, document, lower, document->tree);
}

int profile_compose(struct arena *arena, const struct documents *documents,
	struct document *document, struct diags *diags)
{
	struct composer composer = {.arena = arena, .documents = documents, .diags = diags};
	compose(&composer, document, 0);
	return composer.failed || diags->out_of_memory ? -ENOMEM : 0;
}
