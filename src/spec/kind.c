/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/kind.h"

#include "spec/image.h"
#include "spec/network.h"
#include "spec/vm.h"

DEFINE_CHOICES(kind_names, KIND_COUNT, [KIND_VM] = "vm", [KIND_PROFILE] = "profile",
	[KIND_NETWORK] = "network", [KIND_IMAGE] = "image");

static const struct {
	const struct key_table *table;
	const char *summary;
} kinds[] = {
	[KIND_VM] = {&vm_table, "A virtual machine: the unit vm@NAME.service."},
	[KIND_PROFILE] = {&vm_table, "Keys of a VM that other VMs take up by 'profiles'; the "
				     "profile named default applies to "
				     "all VMs."},
	[KIND_NETWORK] = {&network_table,
		"A network that interfaces of VMs are attached to by name: the unit "
		"vm-network@NAME.service."},
	[KIND_IMAGE] = {&image_table,
		"A base image that disks of VMs are copy-on-write layers over."},
};

const struct key_table *kind_table(enum kind kind)
{
	return kinds[kind].table;
}

const char *kind_summary(enum kind kind)
{
	return kinds[kind].summary;
}
