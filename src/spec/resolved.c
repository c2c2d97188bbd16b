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

void resolved_write(const struct documents *documents, const struct document *document,
	bool origins, struct buf *buf)
{
	const struct vm *vm = document->vm;
	encode_mapping(&vm_table, vm, origins ? document->merged : NULL, buf);
	for (size_t i = 0; i < vm->nics.count; i++) {
		if (!vm_nic(vm, i)->network || !network_is_new(vm, i))
			continue;
		const struct document *network =
			documents_find(documents, KIND_NETWORK, vm_nic(vm, i)->network);
		encode_mapping(
			&network_table, network->network, origins ? network->tree : NULL, buf);
	}
	for (size_t i = 0; i < vm->disks.count; i++) {
		if (!vm_disk(vm, i)->image || !image_is_new(vm, i))
			continue;
		const struct document *image =
			documents_find(documents, KIND_IMAGE, vm_disk(vm, i)->image);
		if (image)
			encode_mapping(
				&image_table, image->image, origins ? image->tree : NULL, buf);
	}
}
