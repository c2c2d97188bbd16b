/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a running VM uses of the host: its cgroup, its process, its taps, and what QEMU counts. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "plan/plan.h"

/* What cannot be told, or does not exist. */
#define USAGE_UNKNOWN UINT64_MAX

struct usage_disk {
	char name[PART_NAME_LENGTH_MAX + 1];
	uint64_t read_bytes; /* all since QEMU's start */
	uint64_t written_bytes;
	uint64_t reads;
	uint64_t writes;
	uint64_t errors;
};

/* As the guest sees it. */
struct usage_nic {
	char name[PART_NAME_LENGTH_MAX + 1];
	uint64_t received_bytes; /* all since QEMU's start */
	uint64_t sent_bytes;
	uint64_t received_packets;
	uint64_t sent_packets;
	uint64_t dropped_packets;
};

/* Pressure stall information: the share of the last 10 s in which something waited, in hundredths
 * of a percent (kernel, Documentation/accounting/psi.rst). */
struct usage {
	uint64_t cpu_usec;   /* of all its processes */
	uint64_t guest_usec; /* of that, running the guest's code under KVM */
	uint64_t rss_bytes;  /* of QEMU */
	uint64_t memory_bytes;
	uint64_t swap_bytes;
	uint64_t balloon_bytes; /* what the guest has */
	uint64_t cpu_pressure;
	uint64_t memory_pressure;
	uint64_t io_pressure;
	struct usage_disk disks[DISKS_MAX];
	size_t disk_count;
	struct usage_nic nics[NICS_MAX];
	size_t nic_count;
};

/* Reads it all, of the VM with that plan, main process and cgroup
 * ("/machine.slice/vm@web.service"); plan may be NULL. What cannot be read is USAGE_UNKNOWN, or not
 * there. */
void usage_read(
	const struct plan *plan, const char *vm, pid_t pid, const char *cgroup, struct usage *ret);
