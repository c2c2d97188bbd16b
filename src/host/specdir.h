/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The spec directories: which files count, and their bytes. */
#pragma once

#include "base/arena.h"
#include "base/diag.h"

struct spec_file {
	struct source source;  /* the file's path and, when it could be read, its text */
	const char *base_name; /* the file's name without directory and ".yaml" */
	bool refused;	       /* its diagnostic says why */
	size_t diag;	       /* the index of that diagnostic */
};

struct spec_files {
	struct spec_file *items; /* by file name */
	size_t count;
};

/* Reads every "*.yaml" of the colon-separated directories. Of files with one name the first
 * directory's counts, and a link to /dev/null masks the later ones (systemd.unit(5)). What is not a
 * regular file, is writable by others, cannot be read, or is a link that leads out of its directory
 * is refused with a diagnostic; nothing is opened that could block. A directory that does not
 * exist is empty. Returns -ENOMEM when memory is short, else 0. */
int specdir_read(struct arena *arena, const char *search_path, struct diags *diags,
	struct spec_files *ret_files);

/* Reads a stream, such as the standard input, to its end. */
int specdir_read_stream(
	struct arena *arena, int fd, struct diags *diags, struct spec_file *ret_file);

/* Reads one file named by a person, by the same rules; links may lead anywhere. */
int specdir_read_file(
	struct arena *arena, const char *path, struct diags *diags, struct spec_file *ret_file);
