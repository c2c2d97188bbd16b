/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unit file text with systemd's escaping, which happens here and nowhere else. */
#pragma once

#include "base/buf.h"

/* "\n[Section]\n", without the empty line at the beginning of the buffer. */
void unit_begin_section(struct buf *buf, const char *name);

/* A directive whose value is plain text, with specifiers (systemd.unit(5), "%") escaped. The value
 * is one line (scalar_is_line()). */
void unit_add_text(struct buf *buf, const char *directive, const char *value);

/* A directive whose value goes in as it is. */
void unit_add_raw(struct buf *buf, const char *directive, const char *value);

/* What stands for a text in a unit's name (systemd.unit(5), "String Escaping for Inclusion in Unit
 * Names"). */
void unit_escape_name(struct buf *buf, const char *text);

/* One argument of a command line (systemd.service(5), "Command lines"): specifiers, variables and
 * quotes are escaped so that systemd passes exactly these bytes. */
void unit_add_argument(struct buf *buf, const char *argument);
