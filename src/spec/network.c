/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The key table of kind network. */
#include "spec/network.h"

#include "base/macros.h"
#include "spec/kind.h"

/* clang-format off */
static const struct key network_keys[] = {
	{
		.name = "kind", .type = KEY_CHOICE, .offset = offsetof(struct network, kind),
		.choices = &kind_names, .example = "network",
		.summary = "What the document describes.",
	}, {
		.name = "name", .type = KEY_NAME, .offset = offsetof(struct network, name),
		.example = "lan",
		.summary = "The name that 'nics' give as 'network'; by default the file's name.",
	}, {
		.name = "description", .type = KEY_LINE, .offset = offsetof(struct network, description),
		.max = 1024, .example = "Office network",
		.summary = "One line for people.",
	}, {
		.name = "bridge", .type = KEY_INTERFACE, .offset = offsetof(struct network, bridge),
		.required = true, .example = "br-lan",
		.summary = "The network's bridge; one that does not exist is made when a VM needs it.",
	},
};
/* clang-format on */
const struct key_table network_table = {
	network_keys, ARRAY_SIZE(network_keys), sizeof(struct network)};
