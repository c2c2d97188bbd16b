/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/resolved.h"

#include <string.h>

#include "spec/encode.h"

static bool network_is_new(const struct vm *vm, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (vm_nic(vm, i)->network &&
			strcmp(vm_nic(vm, i)->network, vm_nic(vm, index)->network) == 0)
			return false;
	return true;
}

static bool image_is_new(const struct vm *vm, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (vm_disk(vm, i)->image &&
			strcmp(vm_disk(vm, i)->image, vm_disk(vm, index)->image) == 0)
			return false;
	return true;
}

/* Where what a VM refers to is looked up. */
struct lookup {
	const struct documents *documents;
	const struct documents *others; /* NULL for none */
	bool origins;
};

static const struct document *look_up(const struct lookup *lookup, enum kind kind, const char *name)
{
	const struct document *document = documents_find(lookup->documents, kind, name);
	if (!document && lookup->others)
		document = documents_find(lookup->others, kind, name);
	return document;
}

static void write_references(const struct lookup *lookup, const struct vm *vm, struct buf *buf)
{
	for (size_t i = 0; i < vm->nics.count; i++) {
		if (!vm_nic(vm, i)->network || !network_is_new(vm, i))
			continue;
		const struct document *network =
			look_up(lookup, KIND_NETWORK, vm_nic(vm, i)->network);
		if (network)
			encode_mapping(&network_table, network->network,
				lookup->origins ? network->tree : NULL, buf);
	}
	for (size_t i = 0; i < vm->disks.count; i++) {
		if (!vm_disk(vm, i)->image || !image_is_new(vm, i))
			continue;
		const struct document *image = look_up(lookup, KIND_IMAGE, vm_disk(vm, i)->image);
		if (image)
			encode_mapping(&image_table, image->image,
				lookup->origins ? image->tree : NULL, buf);
	}
}

void resolved_write(const struct documents *documents, const struct document *document,
	bool origins, struct buf *buf)
{
	const struct lookup lookup = {.documents = documents, .origins = origins};
	encode_mapping(&vm_table, document->vm, origins ? document->merged : NULL, buf);
	write_references(&lookup, document->vm, buf);
}

void resolved_write_vm(const struct vm *vm, const struct documents *documents,
	const struct documents *others, struct buf *buf)
{
	const struct lookup lookup = {.documents = documents, .others = others};
	encode_mapping(&vm_table, vm, NULL, buf);
	write_references(&lookup, vm, buf);
}
