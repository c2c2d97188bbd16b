/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Other programs, run to their end without a shell. */
#pragma once

#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

/* Runs argv[0], waits, and returns 0 when it exits with 0. Otherwise -EIO (or why it could not be
 * run) and an error that holds the end of what it wrote to standard error. It has no standard
 * input, its standard output is dropped, and it dies with the caller. */
int process_run(const char *const argv[], struct error *error);

/* The same with a text as its standard input. */
int process_run_input(const char *const argv[], const char *input, struct error *error);

/* The same with its standard output written to a file. */
int process_run_output(const char *const argv[], int output_fd, struct error *error);

/* Starts argv[0] with a socket as its standard input and output, and its messages where this
 * process's go. The caller waits for it. It dies with the caller. */
int process_start(const char *const argv[], int socket_fd, pid_t *ret_pid, struct error *error);

/* The same, and what it wrote to its standard output, of at most 1 MiB. */
int process_read(const char *const argv[], struct buf *output, struct error *error);
