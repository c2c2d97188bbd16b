/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The QEMU command line of a plan: an emitter for each kind of device, and their sequence. */
#pragma once

#include "emit/options.h"
#include "plan/plan.h"

/* All of it, without the program's own path. */
void qemu_emit(const struct plan *plan, struct options *options);

/* The parts, in the order in which qemu_emit() calls them. */
void qemu_emit_machine(const struct plan *plan, struct options *options);
void qemu_emit_boot(const struct plan *plan, struct options *options);
void qemu_emit_monitors(const struct plan *plan, struct options *options);
void qemu_emit_console(const struct plan *plan, struct options *options);
void qemu_emit_agent(const struct plan *plan, struct options *options);
void qemu_emit_notify(const struct plan *plan, struct options *options);
void qemu_emit_health(const struct plan *plan, struct options *options);
void qemu_emit_disks(const struct plan *plan, struct options *options);
void qemu_emit_hotplug(const struct plan *plan, struct options *options);
void qemu_emit_provision(const struct plan *plan, struct options *options);
void qemu_emit_nics(const struct plan *plan, struct options *options);

/* The block nodes of one disk, without its device. */
void qemu_emit_disk_nodes(const struct plan_disk *disk, struct options *options);

/* Its device, and before it what the device needs besides. */
void qemu_emit_disk_device(
	const struct plan *plan, const struct plan_disk *disk, struct options *options);

/* The device of one interface, without what is behind it. */
void qemu_emit_nic_device(
	const struct plan *plan, const struct plan_nic *nic, struct options *options);

/* How virtio devices are attached: by PCI, or on a microvm by MMIO ("pci" or "device"). */
const char *qemu_virtio_bus(const struct plan *plan);

/* The root port of a device that can go while the guest runs: q35's own bus lets nothing go (QEMU,
 * docs/pcie.txt). number tells it from those of all other devices, from 1 on. */
void qemu_emit_port(
	const struct plan *plan, const char *name, size_t number, struct options *options);
/* ",bus=PORT" of a device that has one; "" where there are none. */
const char *qemu_port_bus(const struct plan *plan, const char *name, struct options *options);

/* ",bootindex=N" into text, or nothing for 0. */
#define BOOT_INDEX_BYTES 32
const char *qemu_boot_index(size_t boot_index, char text[BOOT_INDEX_BYTES]);
