/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes from a QMP peer, in pieces whose length the bytes themselves say. */
#include <stdint.h>

#include "host/qmp-stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct qmp_stream stream = {0};
	bool open = true;
	while (open && size > 1) {
		size_t piece = 1 + data[0] % (size - 1);
		open = qmp_stream_feed(&stream, (const char *)data + 1, piece) == 0;
		data += 1 + piece;
		size -= 1 + piece;
		int r = 0;
		while (open && r == 0) {
			json_t *message = NULL;
			r = qmp_stream_next(&stream, &message);
			json_decref(message);
			open = r != -EBADMSG;
		}
	}
	qmp_stream_done(&stream);
	return 0;
}
