/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>

#include "emit/qemu.h"

static void emit_accel(const struct vm *vm, struct options *options)
{
	if (vm->accel != ACCEL_TCG)
		options_add(options, "-accel", "kvm");
	/* The first that works is taken: auto falls back to emulation, kvm alone never does. */
	if (vm->accel != ACCEL_KVM)
		options_add(options, "-accel", "tcg");
}

static void emit_smp(const struct cpus *cpus, struct options *options)
{
	const struct topology *topology = &cpus->topology;
	if (topology->sockets)
		options_add(options, "-smp",
			"cpus=%" PRIu64 ",sockets=%" PRIu64 ",cores=%" PRIu64 ",threads=%" PRIu64,
			cpus->count, topology->sockets, topology->cores, topology->threads);
	else
		options_add(options, "-smp", "cpus=%" PRIu64, cpus->count);
}

void qemu_emit_machine(const struct plan *plan, struct options *options)
{
	const struct vm *vm = plan->vm;
	options_add(options, "-name", "guest=%s,debug-threads=on", vm->name);
	options_add(options, "-sandbox",
		"on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
	options_add_flag(options, "-no-user-config");
	options_add_flag(options, "-nodefaults");
	options_add(options, "-display", "none");
	options_add(options, "-machine", "type=%s", choice_name(&machine_names, vm->machine));
	emit_accel(vm, options);
	options_add(options, "-cpu", "%s", plan->cpu_model);
	emit_smp(&vm->cpus, options);
	options_add(options, "-m", "size=%" PRIu64 "K", vm->memory_bytes / 1024);
	options_add(options, "-object", "rng-builtin,id=rng0");
	options_add(options, "-device", "virtio-rng-%s,rng=rng0", qemu_virtio_bus(plan));
}
