/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/base64.h"

void buf_add_base64(struct buf *buf, const char *data, size_t length)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t at = 0; at < length; at += 3) {
		size_t left = length - at;
		uint32_t bits = (uint32_t)(unsigned char)data[at] << 16;
		if (left > 1)
			bits |= (uint32_t)(unsigned char)data[at + 1] << 8;
		if (left > 2)
			bits |= (unsigned char)data[at + 2];
		buf_putc(buf, digits[bits >> 18]);
		buf_putc(buf, digits[(bits >> 12) & 63]);
		buf_putc(buf, (char)(left > 1 ? digits[(bits >> 6) & 63] : '='));
		buf_putc(buf, (char)(left > 2 ? digits[bits & 63] : '='));
	}
}
