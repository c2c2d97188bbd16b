/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/collect.h"

#include <string.h>

#include "base/install.h"
#include "cmd/resolved-plan.h"

/* vmlet.conf is in the first directory; there need be none. */
static int load_conf(struct collection *collection, const char *search_path)
{
	struct arena *arena = &collection->arena;
	size_t length = strcspn(search_path, ":");
	const char *path = arena_printf(arena, "%.*s/vmlet.conf", (int)length, search_path);
	struct spec_file file;
	if (!path)
		return -ENOMEM;
	if (access(path, F_OK) < 0)
		return 0;
	struct source *source = arena_alloc(arena, sizeof(*source));
	int r = source ? specdir_read_file(arena, path, &collection->diags, &file) : -ENOMEM;
	if (r < 0 || file.refused)
		return r;
	*source = file.source;
	return conf_read(arena, source, &collection->diags, &collection->documents.conf);
}

static int load_files(struct collection *collection, const struct spec_files *files)
{
	struct arena *arena = &collection->arena;
	struct documents *documents = &collection->documents;
	for (size_t i = 0; i < files->count; i++) {
		struct spec_file *file = &files->items[i];
		file->source.index = i;
		int r = file->refused ? documents_add_unread(arena, &file->source, file->base_name,
						file->diag, documents)
				      : documents_read(arena, &file->source, file->base_name,
						&collection->diags, documents);
		if (r < 0)
			return r;
	}
	int r = documents_check(arena, documents, &collection->diags);
	return r < 0 ? r : set_check(arena, documents, &collection->diags, &collection->set);
}

int collect_directories(struct collection *collection)
{
	return collect_with(collection, NULL, NULL);
}

int collect_with(struct collection *collection, const struct source *source, const char *name)
{
	const char *path = getenv("VMLET_PATH");
	struct spec_files files;
	*collection = (struct collection){0};
	path = path ? path : INSTALL_SPEC_PATH;
	int r = specdir_read(&collection->arena, path, &collection->diags, &files);
	if (r == 0)
		r = load_conf(collection, path);
	if (r == 0 && source) {
		struct spec_file *items =
			arena_alloc(&collection->arena, (files.count + 1) * sizeof(*files.items));
		if (!items)
			return -ENOMEM;
		for (size_t i = 0; i < files.count; i++)
			items[i] = files.items[i];
		files.items = items;
		files.items[files.count++] =
			(struct spec_file){.source = *source, .base_name = name};
	}
	return r < 0 ? r : load_files(collection, &files);
}

/* Leaves the diagnostics of one source. */
static void keep_only(struct diags *diags, const struct source *source)
{
	size_t kept = 0;
	bool of_source = false;
	diags->errors = 0;
	for (size_t i = 0; i < diags->count; i++) {
		struct diag *diag = &diags->items[i];
		if (diag->severity != SEVERITY_NOTE)
			of_source = diag->place.source &&
				    strcmp(diag->place.source->file, source->file) == 0;
		if (!of_source)
			continue;
		if (strcmp(diag->code, "no-vm") == 0 || strcmp(diag->code, "no-network") == 0)
			diag->severity = SEVERITY_WARNING;
		diags->errors += diag->severity == SEVERITY_ERROR;
		diags->items[kept++] = *diag;
	}
	diags->count = kept;
}

/* Reads a file by its path, or the standard input. */
static int read_named(struct collection *collection, const char *path, struct spec_file *ret_file)
{
	return strcmp(path, "-") == 0
		       ? specdir_read_stream(
				 &collection->arena, STDIN_FILENO, &collection->diags, ret_file)
		       : specdir_read_file(&collection->arena, path, &collection->diags, ret_file);
}

int collect_as(struct collection *collection, const char *path, const char *name)
{
	const char *search_path = getenv("VMLET_PATH");
	struct arena *arena = &collection->arena;
	struct spec_files files;
	size_t kept = 0;
	*collection = (struct collection){0};
	search_path = search_path ? search_path : INSTALL_SPEC_PATH;
	int r = specdir_read(arena, search_path, &collection->diags, &files);
	if (r == 0)
		r = load_conf(collection, search_path);
	struct spec_file *items =
		r == 0 ? arena_alloc(arena, (files.count + 1) * sizeof(*items)) : NULL;
	if (!items)
		return r < 0 ? r : -ENOMEM;
	for (size_t i = 0; i < files.count; i++)
		if (strcmp(files.items[i].base_name, name) != 0)
			items[kept++] = files.items[i];
	struct spec_file *file = &items[kept++];
	r = read_named(collection, path, file);
	if (r < 0)
		return r;
	file->base_name = name;
	files = (struct spec_files){items, kept};
	r = load_files(collection, &files);
	keep_only(&collection->diags, &file->source);
	return r;
}

int collect_files(struct collection *collection, char *const *paths, size_t count)
{
	*collection = (struct collection){0};
	struct spec_files files = {
		.items = arena_alloc(&collection->arena, count * sizeof(*files.items)),
		.count = count,
	};
	if (!files.items)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		int r = read_named(collection, paths[i], &files.items[i]);
		if (r < 0)
			return r;
	}
	return load_files(collection, &files);
}

void collection_done(struct collection *collection)
{
	for (struct resolved_plan *version = collection->versions; version;) {
		struct resolved_plan *next = version->next;
		resolved_plan_done(version);
		free(version);
		version = next;
	}
	diags_done(&collection->diags);
	arena_done(&collection->arena);
}
