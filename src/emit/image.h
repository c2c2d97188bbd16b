/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The drop-ins of an image: its download, and its way into the image store. */
#pragma once

#include "base/buf.h"
#include "spec/document.h"

/* The drop-in that makes vm-image@NAME.service out of its template. path is the image's in the
 * store. */
void image_emit_dropin(const struct document *document, const char *path, struct buf *buf);

/* The same of vm-download@NAME.service, for an image with a URL. */
void image_emit_download(const struct document *document, const char *path, struct buf *buf);

/* The same of an image that cannot be used: its start says why, and fails. */
void image_emit_broken(const char *name, const char *source_path, struct buf *buf);
