/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The disks of a VM as QEMU has them open (qemu-qmp-ref(7), "Block devices"): of the VM's own QEMU
 * while it runs, else of a qemu-storage-daemon in a sandbox, which takes the same commands.
 */
#pragma once

#include <sys/types.h>

#include "host/qmp.h"
#include "host/sandbox.h"

#define BLOCK_TIMEOUT_USEC UINT64_C(60000000)

struct block {
	struct qmp qmp;
	const struct plan *plan;
	bool running; /* it is the VM's QEMU */
	pid_t daemon; /* 0 for none */
};

/* Connects. running says whether the VM is to be asked, or must not run. The daemon sees these
 * files of the host, too. -ESRCH when it does not run, -EBUSY when another command uses the
 * storage. */
int block_open(struct block *ret_block, const struct plan *plan, bool running,
	const struct sandbox_file *files, size_t file_count, struct error *error);
void block_close(struct block *block);

/* Runs a command; arguments is a reference given away. */
int block_execute(struct block *block, const char *command, json_t *arguments, json_t **ret_answer,
	struct error *error);

/* Gives a running QEMU a copy of a descriptor, which it knows by that path until the block is
 * closed; what it opened by it stays open. */
#define BLOCK_PATH_BYTES 64
int block_pass(struct block *block, int fd, char path[BLOCK_PATH_BYTES], struct error *error);

/* The node that is the VM's disk: what query-named-block-nodes says of it, a borrowed reference
 * into nodes, which the caller asks for once. NULL when QEMU does not have it. */
json_t *block_find_node(const json_t *nodes, const struct plan_disk *disk);
int block_query_nodes(struct block *block, json_t **ret_nodes, struct error *error);

/* The state of a job. */
struct block_job {
	bool there;
	bool concluded;
	uint64_t done;
	uint64_t total;
	char failure[256]; /* "" for none */
};
/* Asks for a job, which need not be there. */
int block_query_job(
	struct block *block, const char *id, struct block_job *ret_job, struct error *error);
/* Ends a job that is not concluded, if it is there, and forgets it. */
void block_cancel_job(struct block *block, const char *id);
int block_dismiss_job(struct block *block, const char *id, struct error *error);
