/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Disk files in a VM's state directory: made whole or not at all, grown, never shrunk, never made
 * over. Runs as the VM's own user.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct disk_request {
	const char *directory; /* absolute path of the state directory */
	int directory_fd;
	const char *file;     /* the disk's name in it */
	bool raw;	      /* else qcow2 */
	const char *options;  /* qemu-img(1), create -o, of a new one; NULL for none */
	const char *key_path; /* of the key of an encrypted one; NULL for none */
	uint64_t size_bytes;  /* 0: the image's */
	const char *
		image_path; /* the qcow2 file a new one is a copy-on-write layer over; NULL for none
			     */
	const char *image;  /* that image's name */
};

/* The files that a disk stands on, from the top. */
#define DISK_LAYERS_MAX 16
struct disk_layers {
	char *paths[DISK_LAYERS_MAX];
	size_t count;
};
void disk_layers_done(struct disk_layers *layers);

/* Creates the disk where there is none; grows one that is smaller than asked. Refuses, with the
 * disk untouched, one that is larger than asked (-EFBIG), is not a regular file or is of another
 * format (-EINVAL), stands on another image, or on one that is not what it was (-EXDEV). Another
 * version of the same image is right, and what clones share. A killed call leaves at most
 * ".FILE.tmp". */
int disk_prepare(
	const struct disk_request *request, struct disk_layers *ret_layers, struct error *error);

/* What an open qcow2 disk stands on; path is for messages. -EXDEV where that is neither of the
 * image (NULL: of any) nor what clones share, or is too deep. */
int disk_read_layers(int fd, const char *path, const char *image, struct disk_layers *ret_layers,
	struct error *error);

/* Notes beside a disk, as ".FILE.base", what it stands on: path, size and time of change of that
 * file. */
int disk_note_base(int directory_fd, const char *file, const char *base, struct error *error);

/* Checks a disk that is not the VM's own: a regular file or a block device that this user may open
 * (O_RDONLY or O_RDWR), and, of qcow2, one that stands on no other file. */
int disk_check_foreign(const char *path, int flags, bool raw, struct error *error);

/* Whether this user may read the file, as a message that says how to mend it. */
int disk_check_readable(const char *path, const char *what, struct error *error);
