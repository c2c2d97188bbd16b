/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The spec language as a JSON Schema, draft 2020-12, made of the key tables and the rules' rows. */
#pragma once

/* Returns the schema as JSON text with a final newline, to be freed; NULL when memory is short. Its
 * patterns are written so that ECMA-262 and Python read them alike. */
char *schema_write(void);
