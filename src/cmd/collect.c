/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/collect.h"

#include "base/install.h"

/* A file that could not be read is a VM of which the name is all that is known. */
static int load_refused(
	struct arena *arena, const struct spec_file *file, struct loaded *ret_loaded)
{
	struct loaded_vm *item = arena_alloc(arena, sizeof(*item));
	if (!item)
		return -ENOMEM;
	bool named = scalar_is_name(file->base_name, NAME_LENGTH_MAX);
	*item = (struct loaded_vm){
		.vm.place = {.source = &file->source},
		.vm.name = named ? file->base_name : NULL,
		.broken = true,
		.first_diag = file->diag,
		.end_diag = file->diag + 1,
	};
	*ret_loaded = (struct loaded){item, 1};
	return 0;
}

static int load_files(struct collection *collection, const struct spec_files *files)
{
	struct arena scratch CLEANUP(arena_done) = {0};
	for (size_t i = 0; i < files->count; i++) {
		const struct spec_file *file = &files->items[i];
		struct loaded loaded;
		int r = file->refused ? load_refused(&collection->arena, file, &loaded)
				      : load_source(&collection->arena, &scratch, &file->source,
						file->base_name, &collection->diags, &loaded);
		if (r == 0)
			r = set_add(&collection->arena, &collection->set, &file->source, &loaded);
		if (r < 0)
			return r;
	}
	return set_check(&collection->arena, &collection->set, &collection->diags);
}

int collect_directories(struct collection *collection)
{
	const char *path = getenv("VMLET_PATH");
	struct spec_files files;
	*collection = (struct collection){0};
	int r = specdir_read(
		&collection->arena, path ? path : INSTALL_SPEC_PATH, &collection->diags, &files);
	return r < 0 ? r : load_files(collection, &files);
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
		int r = specdir_read_file(
			&collection->arena, paths[i], &collection->diags, &files.items[i]);
		if (r < 0)
			return r;
	}
	return load_files(collection, &files);
}

void collection_done(struct collection *collection)
{
	diags_done(&collection->diags);
	arena_done(&collection->arena);
}
