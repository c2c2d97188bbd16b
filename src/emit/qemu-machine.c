/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "emit/qemu.h"

static void emit_accel(const struct vm *vm, struct options *options)
{
	if (vm->accel != ACCEL_TCG)
		options_add(options, "-accel", "kvm", NULL);
	/* The first that works is taken: auto falls back to emulation, kvm alone never does. */
	if (vm->accel != ACCEL_KVM)
		options_add(options, "-accel", "tcg", NULL);
}

static void emit_smp(const struct cpus *cpus, struct options *options)
{
	const struct topology *topology = &cpus->topology;
	char count[OPTION_NUMBER_BYTES];
	char most[OPTION_NUMBER_BYTES] = "";
	const char *max = cpus->max ? ",maxcpus=" : "";
	option_number(cpus->count, count);
	if (cpus->max)
		option_number(cpus->max, most);
	if (!topology->sockets) {
		options_add(options, "-smp", "cpus=", count, max, most, NULL);
		return;
	}
	char sockets[OPTION_NUMBER_BYTES];
	char cores[OPTION_NUMBER_BYTES];
	char threads[OPTION_NUMBER_BYTES];
	options_add(options, "-smp", "cpus=", count, max, most,
		",sockets=", option_number(topology->sockets, sockets),
		",cores=", option_number(topology->cores, cores),
		",threads=", option_number(topology->threads, threads), NULL);
}

void qemu_emit_machine(const struct plan *plan, struct options *options)
{
	const struct vm *vm = plan->vm;
	char kib[OPTION_NUMBER_BYTES];
	options_add(options, "-name", "guest=", vm->name, ",debug-threads=on", NULL);
	options_add(options, "-sandbox",
		"on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny", NULL);
	options_add_flag(options, "-no-user-config");
	options_add_flag(options, "-nodefaults");
	options_add(options, "-display", "none", NULL);
	/* Without a display the firmware speaks on the serial port, when it is told that there is
	 * none. */
	bool mute = !vm->console.serial || vm->machine == MACHINE_MICROVM;
	options_add(options, "-machine", "type=", choice_name(&machine_names, vm->machine),
		mute ? "" : ",graphics=off", NULL);
	emit_accel(vm, options);
	options_add(options, "-cpu", plan->cpu_model, NULL);
	emit_smp(&vm->cpus, options);
	uint64_t memory_bytes = vm->memory_max_bytes ? vm->memory_max_bytes : vm->memory_bytes;
	options_add(options, "-m", "size=", option_number(memory_bytes / 1024, kib), "K", NULL);
	/* The supervisor has it take what is above 'memory'. */
	if (vm->memory_max_bytes)
		options_add(options, "-device", "virtio-balloon-", qemu_virtio_bus(plan),
			",id=" PLAN_BALLOON_DEVICE, NULL);
	options_add(options, "-object", "rng-builtin,id=rng0", NULL);
	options_add(options, "-device", "virtio-rng-", qemu_virtio_bus(plan), ",rng=rng0", NULL);
}
