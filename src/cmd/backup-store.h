/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Backups in a directory: VM.NUMBER directories, each with the disks as qcow2 files, the spec, and
 * a manifest that says what belongs together and what its digests are.
 */
#pragma once

#include <jansson.h>

#include "base/arena.h"
#include "base/error.h"
#include "spec/scalar.h"
#include "spec/vm.h"

#define BACKUP_MANIFEST "manifest.json"
#define BACKUP_ID_BYTES 33

struct backup_disk {
	const char *name;
	const char *file;   /* in the backup's directory */
	const char *sha256; /* of that file */
};

struct backup {
	unsigned number;
	const char *directory; /* its path */
	const char *id;
	const char *parent; /* the ID of the one before; NULL of a full one */
	struct backup_disk disks[DISKS_MAX];
	size_t disk_count;
};

struct backups {
	struct backup *items; /* by number */
	size_t count;
};

/* Reads the manifests of a VM's backups in a directory. One without a manifest was never finished,
 * and does not count. */
int backups_read(struct arena *arena, const char *directory, const char *vm,
	struct backups *ret_backups, struct error *error);

/* The backups that one stands on, from the full one to itself. -ENOENT when one is missing. */
int backups_chain(const struct backups *backups, const struct backup *last,
	const struct backup **chain, size_t chain_max, size_t *ret_count, struct error *error);

/* Whether the files are what they were when the backup was made. -EBADMSG when not. */
int backup_verify(const struct backup *backup, struct error *error);

/* Writes the manifest, which makes it a backup; the digests are taken now. */
int backup_finish(struct backup *backup, const char *vm, struct error *error);
