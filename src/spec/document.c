/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/document.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "spec/decode.h"
#include "spec/profile.h"
#include "spec/rules.h"
#include "spec/scalar.h"

struct reader {
	struct arena *arena;
	const struct source *source;
	const char *default_name; /* NULL from the second document on */
	struct diags *diags;
	struct documents *documents;
	size_t *merge_budget;
};

void document_refuse(struct document *document, struct diags *diags, struct place place,
	const char *code, const char *hint, const char *format, ...)
{
	char message[512];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	if (!document->broken || document->end_diag != diags->count)
		document->first_diag = diags->count;
	document->broken = true;
	diag_add(diags, SEVERITY_ERROR, place, code, hint, "%s", message);
	document->end_diag = diags->count;
}

/* --- what a document says of itself -------------------------------------------------------- */

static struct document *add_document(
	struct arena *arena, const struct source *source, struct documents *documents)
{
	struct document *document = arena_alloc(arena, sizeof(*document));
	void *items =
		arena_grow(arena, documents->items, documents->count, sizeof(struct document *));
	if (!document || !items)
		return NULL;
	*document = (struct document){.source = source, .place = {.source = source}};
	documents->items = items;
	documents->items[documents->count++] = document;
	return document;
}

static void tell_kind(struct document *document, struct diags *diags)
{
	const struct node *node = node_get(document->tree, "kind");
	if (!node || node->kind != NODE_SCALAR)
		return;
	int kind = choice_parse(&kind_names, node->text);
	if (kind >= 0)
		document->kind = (enum kind)kind;
	else if (!document->broken && !node_is_null(node))
		document_refuse(document, diags, node->place, "bad-value", NULL,
			"'kind' takes vm, profile, network or image, not '%.60s'", node->text);
}

/* The name that a document says or gets, even when the rest of it is broken. */
static void tell_name(struct reader *reader, struct document *document)
{
	const struct node *node = node_get(document->tree, "name");
	const char *name =
		node ? node->kind == NODE_SCALAR ? node->text : NULL : reader->default_name;
	if (node && node_is_bool(node))
		name = NULL;
	if (name && scalar_is_name(name, NAME_LENGTH_MAX))
		document->name = name;
	if (node)
		document->place = node->place;
	if (node || document->name || document->broken)
		return;
	if (reader->default_name)
		document_refuse(document, reader->diags, document->place, "bad-name",
			"rename the file or give a 'name': a-z first, then a-z, 0-9 and -, at most "
			"48",
			"the file's name, '%s', is not a name", reader->default_name);
	else
		document_refuse(document, reader->diags, document->place, "no-name",
			"add 'name: ...'",
			"only the first document of a file is named after the file");
}

static void refuse_shape(struct document *document, const struct node *node, struct diags *diags)
{
	if (!node || node_is_null(node))
		document_refuse(document, diags, document->place, "empty",
			"to mask a spec, make the file a link to /dev/null", "the spec is empty");
	else
		document_refuse(document, diags, document->place, "wrong-type", NULL,
			"a spec is a mapping of keys, such as 'memory: 2GiB'");
}

/* Takes one document in; a text with a mistake in its YAML cannot be trusted in any of its
 * documents: they are only asked for kind and name. */
static int read_document(struct reader *reader, const struct node *node, bool unreadable)
{
	struct document *document = add_document(reader->arena, reader->source, reader->documents);
	if (!document)
		return -ENOMEM;
	document->place = node ? node->place
			       : (struct place){.source = reader->source, .line = 1, .column = 1};
	document->place.end_column = document->place.column + 1;
	document->merge_budget = reader->merge_budget;
	document->broken = unreadable;
	document->first_diag = document->end_diag = reader->diags->count;
	if (node && node->kind == NODE_MAPPING)
		document->tree = node;
	else if (!unreadable)
		refuse_shape(document, node, reader->diags);
	tell_kind(document, reader->diags);
	tell_name(reader, document);
	return 0;
}

int documents_read(struct arena *arena, const struct source *source, const char *default_name,
	struct diags *diags, struct documents *documents)
{
	struct reader reader = {
		.arena = arena,
		.source = source,
		.default_name = default_name,
		.diags = diags,
		.documents = documents,
	};
	struct stream stream;
	size_t first_diag = diags->count;
	size_t errors = diags->errors;
	size_t first = documents->count;
	size_t *budget = arena_alloc(arena, sizeof(*budget));
	if (!budget)
		return -ENOMEM;
	*budget = PROFILE_BUDGET_MIN + PROFILE_BUDGET_PER_BYTE * source->length;
	reader.merge_budget = budget;
	int r = node_parse(arena, source, diags, &stream);
	if (r < 0)
		return r;
	bool unreadable = diags->errors > errors;
	const struct node *node = stream.first;
	do {
		r = read_document(&reader, node, unreadable);
		reader.default_name = NULL;
		node = node ? node->next : NULL;
	} while (r == 0 && node);
	if (unreadable)
		for (size_t i = first; i < documents->count; i++)
			documents->items[i]->first_diag = first_diag;
	return diags->out_of_memory ? -ENOMEM : r;
}

int documents_add_unread(struct arena *arena, const struct source *source, const char *base_name,
	size_t diag, struct documents *documents)
{
	struct document *document = add_document(arena, source, documents);
	if (!document)
		return -ENOMEM;
	document->name = scalar_is_name(base_name, NAME_LENGTH_MAX) ? base_name : NULL;
	document->broken = true;
	document->first_diag = diag;
	document->end_diag = diag + 1;
	return 0;
}

/* --- names --------------------------------------------------------------------------------- */

static int compare_names(const struct document *left, const struct document *right)
{
	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	if (!left->name || !right->name)
		return (left->name == NULL) - (right->name == NULL);
	return strcmp(left->name, right->name);
}

static int compare_documents(const void *a, const void *b)
{
	const struct document *left = *(const struct document *const *)a;
	const struct document *right = *(const struct document *const *)b;
	int order = compare_names(left, right);
	if (order)
		return order;
	if (left->source->index != right->source->index)
		return left->source->index < right->source->index ? -1 : 1;
	return (left->place.line > right->place.line) - (left->place.line < right->place.line);
}

static bool same_name(const struct document *left, const struct document *right)
{
	return left->name && right->name && compare_names(left, right) == 0;
}

/* A broken document still holds its name: a VM's disks are there under it. */
static void check_names(const struct documents *documents, struct diags *diags)
{
	const struct document *owner = NULL;
	for (size_t i = 0; i < documents->count; i++) {
		struct document *document = documents->items[i];
		if (!owner || !same_name(owner, document)) {
			owner = document;
			continue;
		}
		if (document->broken)
			continue;
		document_refuse(document, diags, document->place, "not-unique",
			"give it another name", "%s '%s' is described already",
			choice_name(&kind_names, (int)document->kind), document->name);
		diag_add(diags, SEVERITY_NOTE, owner->place, "", NULL,
			"'%s' is described here first", document->name);
		document->end_diag = diags->count;
	}
}

struct document *documents_find(const struct documents *documents, enum kind kind, const char *name)
{
	const struct document sought = {.kind = kind, .name = name};
	size_t low = 0;
	size_t high = documents->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare_names(documents->items[middle], &sought) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == documents->count || compare_names(documents->items[low], &sought) != 0)
		return NULL;
	return documents->items[low];
}

const char *documents_nearest(const struct documents *documents, enum kind kind, const char *name)
{
	size_t least = strlen(name) / 3 + 1;
	const char *nearest = NULL;
	for (size_t i = 0; i < documents->count; i++) {
		const struct document *document = documents->items[i];
		if (document->kind != kind || !document->name)
			continue;
		size_t distance = key_distance(name, document->name);
		if (distance <= least && (!nearest || distance < least)) {
			least = distance;
			nearest = document->name;
		}
	}
	return nearest;
}

/* --- judging ------------------------------------------------------------------------------- */

static void *new_values(struct arena *arena, struct document *document)
{
	void *values = arena_alloc(arena, kind_table(document->kind)->struct_size);
	switch (document->kind) {
	case KIND_VM:
	case KIND_PROFILE:
		document->vm = values;
		break;
	case KIND_NETWORK:
		document->network = values;
		break;
	case KIND_IMAGE:
		document->image = values;
		break;
	case KIND_COUNT:
		break;
	}
	return values;
}

static void set_name(struct document *document)
{
	if (document->vm)
		document->vm->name = document->name;
	else if (document->network)
		document->network->name = document->name;
	else
		document->image->name = document->name;
}

static int decode_document(struct arena *arena, struct document *document, const struct node *tree,
	struct diags *diags)
{
	void *values = new_values(arena, document);
	if (!values)
		return -ENOMEM;
	size_t first = diags->count;
	size_t errors = diags->errors;
	int r = decode_mapping(arena, diags, kind_table(document->kind), tree,
		document->kind == KIND_PROFILE, values);
	if (r < 0)
		return r;
	set_name(document);
	/* Rules speak of values: where one is missing for being wrong, they would mislead. */
	if (diags->errors == errors && document->kind == KIND_VM)
		rules_check_vm(document->vm, tree, diags);
	else if (diags->errors == errors && document->kind == KIND_NETWORK)
		rules_check_network(document->network, tree, diags);
	else if (diags->errors == errors && document->kind == KIND_IMAGE)
		rules_check_rows(KIND_IMAGE, tree, diags);
	if (diags->errors == errors)
		return diags->out_of_memory ? -ENOMEM : 0;
	/* The places are those of profiles, too, which do not say whose mistake it is. */
	if (tree != document->tree)
		diag_add(diags, SEVERITY_NOTE, document->place, "", NULL,
			"this is VM '%s', with its profiles", document->name);
	document->broken = true;
	document->first_diag = first;
	document->end_diag = diags->count;
	return diags->out_of_memory ? -ENOMEM : 0;
}

static int compose_and_decode(struct arena *arena, const struct documents *documents,
	struct document *document, struct diags *diags)
{
	int r = profile_compose(arena, documents, document, diags);
	if (r < 0 || document->broken)
		return r;
	return decode_document(arena, document, document->merged, diags);
}

int documents_check(struct arena *arena, struct documents *documents, struct diags *diags)
{
	if (documents->count == 0)
		return 0;
	qsort(documents->items, documents->count, sizeof(struct document *), compare_documents);
	for (size_t i = 0; i < documents->count; i++)
		documents->items[i]->index = i;
	check_names(documents, diags);
	/* Each profile is judged by itself, before anything is laid over it. */
	for (size_t i = 0; i < documents->count; i++) {
		struct document *document = documents->items[i];
		if (document->broken || document->kind == KIND_VM)
			continue;
		int r = decode_document(arena, document, document->tree, diags);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < documents->count; i++) {
		struct document *document = documents->items[i];
		if (document->broken)
			continue;
		int r = 0;
		if (document->kind == KIND_VM)
			r = compose_and_decode(arena, documents, document, diags);
		else if (document->kind == KIND_PROFILE && !document->merged)
			r = profile_compose(arena, documents, document, diags);
		if (r < 0)
			return r;
	}
	return diags->out_of_memory ? -ENOMEM : 0;
}
