/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/load.h"

#include <string.h>

#include "spec/decode.h"
#include "spec/rules.h"
#include "spec/scalar.h"

struct loader {
	struct arena *arena;
	const struct source *source;
	const char *default_name; /* NULL from the second document on */
	struct diags *diags;
};

static const char *keep_name(struct loader *loader, const char *name)
{
	if (!name || !scalar_is_name(name, NAME_LENGTH_MAX))
		return NULL;
	return arena_dup(loader->arena, name, strlen(name));
}

/* The name that a document says or gets, even when the rest of it is broken. */
static const char *tell_name(struct loader *loader, const struct node *document)
{
	const struct node *name =
		document && document->kind == NODE_MAPPING ? node_get(document, "name") : NULL;
	if (name)
		return keep_name(loader, name->kind == NODE_SCALAR ? name->text : NULL);
	return keep_name(loader, loader->default_name);
}

static void check_name(struct loader *loader, const struct vm *vm, const struct node *document)
{
	if (vm->name || node_get(document, "name"))
		return;
	if (loader->default_name)
		diag_add(loader->diags, SEVERITY_ERROR, vm->place, "bad-name",
			"rename the file or give a 'name': a-z first, then a-z, 0-9 and -, at most "
			"48",
			"the file's name, '%s', is not a name for a VM", loader->default_name);
	else
		diag_add(loader->diags, SEVERITY_ERROR, vm->place, "no-name", "add 'name: ...'",
			"only the first document of a file is named after the file");
}

static int load_document(struct loader *loader, const struct node *document, struct vm *vm)
{
	const struct node *name = node_get(document, "name");
	vm->place = name ? name->place : document->place;
	vm->place.end_column = name ? vm->place.end_column : vm->place.column + 1;
	size_t errors = loader->diags->errors;
	int r = decode_mapping(loader->arena, loader->diags, &vm_table, document, vm);
	if (r < 0)
		return r;
	if (!name)
		vm->name = tell_name(loader, document);
	check_name(loader, vm, document);
	/* Rules speak of values: where one is missing for being wrong, they would mislead. */
	if (loader->diags->errors == errors)
		rules_check_vm(vm, document, loader->diags);
	return 0;
}

static void refuse_document(struct loader *loader, const struct node *document)
{
	struct place place = {.source = loader->source, .line = 1, .column = 1, .end_column = 2};
	if (document)
		place = document->place;
	bool empty = !document || node_is_null(document);
	diag_add(loader->diags, SEVERITY_ERROR, place, empty ? "empty" : "wrong-type",
		empty ? "to mask a spec, make the file a link to /dev/null" : NULL,
		empty ? "the spec is empty"
		      : "a spec is a mapping of keys, such as 'memory: 2GiB'");
}

/* Loads one document; incomplete ones are only asked for their name. */
static int add_document(
	struct loader *loader, const struct node *document, bool incomplete, struct loaded *loaded)
{
	loaded->items =
		arena_grow(loader->arena, loaded->items, loaded->count, sizeof(*loaded->items));
	if (!loaded->items)
		return -ENOMEM;
	struct loaded_vm *item = &loaded->items[loaded->count++];
	*item = (struct loaded_vm){.first_diag = loader->diags->count};
	size_t errors = loader->diags->errors;
	int r = 0;
	if (!incomplete && document && document->kind == NODE_MAPPING)
		r = load_document(loader, document, &item->vm);
	else if (!incomplete)
		refuse_document(loader, document);
	item->broken = incomplete || loader->diags->errors > errors;
	if (item->broken)
		item->vm.name = tell_name(loader, document);
	item->end_diag = loader->diags->count;
	return r;
}

int load_source(struct arena *arena, struct arena *scratch, const struct source *source,
	const char *default_name, struct diags *diags, struct loaded *ret_loaded)
{
	struct loader loader = {
		.arena = arena,
		.source = source,
		.default_name = default_name,
		.diags = diags,
	};
	struct loaded loaded = {0};
	struct documents documents;
	size_t first_diag = diags->count;
	size_t errors = diags->errors;
	arena_reset(scratch);
	int r = node_parse(scratch, source, diags, &documents);
	bool unreadable = diags->errors > errors;
	const struct node *document = documents.first;
	while (r == 0) {
		const struct node *next = document ? document->next : NULL;
		/* A text with a mistake in its YAML cannot be trusted in any of its documents. */
		r = add_document(&loader, document, unreadable, &loaded);
		loader.default_name = NULL;
		document = next;
		if (!document)
			break;
	}
	if (r < 0 || diags->out_of_memory)
		return -ENOMEM;
	if (unreadable)
		for (size_t i = 0; i < loaded.count; i++)
			loaded.items[i].first_diag = first_diag;
	*ret_loaded = loaded;
	return 0;
}
