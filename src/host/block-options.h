/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of QEMU's command line as the arguments of the QMP commands that do the same while it
 * runs. */
#pragma once

#include <jansson.h>

/* "driver=file,cache.direct=on" becomes {"driver": "file", "cache": {"direct": true}}; type_key
 * names what comes first without a key ("qom-type", "driver"), NULL for nothing. A new reference,
 * NULL when memory is short. */
json_t *block_options_json(const char *options, const char *type_key);

/* The same with all values as texts, as device_add takes them. */
json_t *device_options_json(const char *options);
