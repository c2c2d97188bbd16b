/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/qmp-stream.h"

#include <string.h>

/* Moves what is left to the front once most of the buffer is taken. */
static void compact(struct qmp_stream *stream)
{
	struct buf *bytes = &stream->bytes;
	if (stream->taken < bytes->length / 2 || stream->taken == 0)
		return;
	memmove(bytes->data, bytes->data + stream->taken, bytes->length - stream->taken);
	bytes->length -= stream->taken;
	stream->taken = 0;
}

int qmp_stream_feed(struct qmp_stream *stream, const char *bytes, size_t length)
{
	compact(stream);
	if (stream->bytes.length - stream->taken + length > QMP_LINE_BYTES_MAX)
		return -EMSGSIZE;
	buf_add(&stream->bytes, bytes, length);
	return buf_error(&stream->bytes);
}

int qmp_stream_next(struct qmp_stream *stream, json_t **ret_message)
{
	size_t left = stream->bytes.length - stream->taken;
	if (left == 0)
		return -EAGAIN;
	const char *line = stream->bytes.data + stream->taken;
	const char *end = memchr(line, '\n', left);
	if (!end)
		return -EAGAIN;
	size_t length = (size_t)(end - line);
	stream->taken += length + 1;
	json_t *message = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(message)) {
		json_decref(message);
		return -EBADMSG;
	}
	*ret_message = message;
	return 0;
}

void qmp_stream_done(struct qmp_stream *stream)
{
	buf_done(&stream->bytes);
	stream->taken = 0;
}
