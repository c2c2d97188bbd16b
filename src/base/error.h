/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What went wrong on the host, for the one who asked: an errno and a sentence that names the
 * object. Functions that take one as their last parameter fill it exactly when they return a
 * negative errno.
 */
#pragma once

#include "base/macros.h"

struct error {
	char message[1024];
};

/* Fills the error and returns -code, so that a function can end with it. */
int error_set(struct error *error, int code, const char *format, ...) PRINTF_LIKE(3, 4);

/* The same with ": " and strerror(code) behind the sentence. */
int error_set_errno(struct error *error, int code, const char *format, ...) PRINTF_LIKE(3, 4);
