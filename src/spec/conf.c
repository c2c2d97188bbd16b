/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/conf.h"

#include "base/macros.h"
#include "spec/decode.h"

/* clang-format off */
static const struct key conf_keys[] = {
	{
		.name = "max-parallel-starts", .type = KEY_COUNT,
		.offset = offsetof(struct conf, max_parallel_starts),
		.min = 1, .max = 1000, .example = "4",
		.summary = "How many VMs may be starting at once; the others wait until one is ready.",
	},
};
/* clang-format on */
const struct key_table conf_table = {conf_keys, ARRAY_SIZE(conf_keys), sizeof(struct conf)};

int conf_read(struct arena *arena, const struct source *source, struct diags *diags,
	struct conf *ret_conf)
{
	struct stream stream;
	struct conf conf = {0};
	size_t errors = diags->errors;
	int r = node_parse(arena, source, diags, &stream);
	if (r < 0)
		return r;
	if (stream.first && (stream.first->next || stream.first->kind != NODE_MAPPING))
		diag_add(diags, SEVERITY_ERROR, stream.first->place, "wrong-type",
			"such as max-parallel-starts: 4", "this file is one mapping");
	else if (stream.first && diags->errors == errors)
		r = decode_mapping(arena, diags, &conf_table, stream.first, false, &conf);
	if (r < 0 || diags->out_of_memory)
		return -ENOMEM;
	*ret_conf = diags->errors == errors ? conf : (struct conf){0};
	return 0;
}
