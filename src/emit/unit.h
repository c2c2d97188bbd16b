/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unit file text with systemd's escaping, which happens here and nowhere else. */
#pragma once

#include "base/buf.h"

/* "\n[Section]\n", without the empty line at the beginning of the buffer. */
void unit_begin_section(struct buf *buf, const char *name);

/* A directive whose value is plain text, with specifiers (systemd.unit(5), "%") escaped. The value
 * is one line (scalar_is_line()). */
void unit_add_text(struct buf *buf, const char *directive, const char *value);

/* The value of such a directive and the end of its line. */
void unit_add_value(struct buf *buf, const char *value);

/* A directive whose value goes in as it is. */
void unit_add_raw(struct buf *buf, const char *directive, const char *value);

/* What stands for a text in a unit's name (systemd.unit(5), "String Escaping for Inclusion in Unit
 * Names"). */
void unit_escape_name(struct buf *buf, const char *text);

/* A directive whose value is a path, and what follows it ("" for nothing): of BindPaths=,
 * DeviceAllow=, RequiresMountsFor= and their like, where blanks and colons separate. */
void unit_add_path(struct buf *buf, const char *directive, const char *path, const char *rest);

/* The name of the unit that stands for a path, without its suffix (systemd-escape --path). */
void unit_escape_path(struct buf *buf, const char *path);

/* One argument of a command line (systemd.service(5), "Command lines"): specifiers, variables and
 * quotes are escaped so that systemd passes exactly these bytes. */
void unit_add_argument(struct buf *buf, const char *argument);
