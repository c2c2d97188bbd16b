/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Base 64 (RFC 4648, 4). */
#pragma once

#include "base/buf.h"

/* Adds the bytes in base 64, padded, on one line. */
void buf_add_base64(struct buf *buf, const char *data, size_t length);
