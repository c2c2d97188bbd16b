/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Other programs, run to their end without a shell. */
#pragma once

#include "base/error.h"

/* Runs argv[0], waits, and returns 0 when it exits with 0. Otherwise -EIO (or why it could not be
 * run) and an error that holds the end of what it wrote to standard error. It has no standard
 * input, its standard output is dropped, and it dies with the caller. */
int process_run(const char *const argv[], struct error *error);
