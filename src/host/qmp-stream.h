/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * QMP's framing: one JSON object a line (QEMU, docs/interop/qmp-spec.txt). The peer is not trusted:
 * memory is bounded, and what is not an object ends the stream.
 */
#pragma once

#include <jansson.h>

#include "base/buf.h"

#define QMP_LINE_BYTES_MAX ((size_t)4 * 1024 * 1024)

struct qmp_stream {
	struct buf bytes; /* received and not yet taken */
	size_t taken;
};

/* Adds received bytes. -EMSGSIZE when a line grows over the limit. */
int qmp_stream_feed(struct qmp_stream *stream, const char *bytes, size_t length);

/* Takes the next whole message, owned by the caller. -EAGAIN when there is none yet, -EBADMSG when
 * what stands there is not a JSON object. */
int qmp_stream_next(struct qmp_stream *stream, json_t **ret_message);

void qmp_stream_done(struct qmp_stream *stream);
