/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/live-machine.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "host/hotplug.h"

/* Of those that were added; no disk or interface has a name with an underscore. */
#define CPU_PREFIX "cpu_"
#define ID_BYTES 32

const char *live_machine_why_not(const struct vm *running, const struct vm *spec, const char *path)
{
	if (strcmp(path, "cpus.count") == 0) {
		if (running->machine == MACHINE_MICROVM)
			return "machine microvm takes nothing while it runs";
		/* QEMU 7.2 emulates them with memory that it frees twice, and aborts sooner or
		 * later. */
		if (running->accel != ACCEL_KVM && spec->cpus.count < running->cpus.count)
			return "only under 'accel: kvm' do CPUs go while the guest runs";
		return spec->cpus.count <= running->cpus.max
			       ? NULL
			       : "it is more than the 'cpus.max' that it runs with";
	}
	if (strcmp(path, "memory") == 0)
		return spec->memory_bytes <= running->memory_max_bytes
			       ? NULL
			       : "it is more than the 'memory-max' that it runs with";
	return NULL;
}

/* --- CPUs ---------------------------------------------------------------------------------- */

static int query(struct block *block, json_t **ret_cpus, struct error *error)
{
	return block_execute(block, "query-hotpluggable-cpus", NULL, ret_cpus, error);
}

static json_int_t property(const json_t *cpu, const char *name)
{
	return json_integer_value(json_object_get(json_object_get(cpu, "props"), name));
}

/* QEMU lists the last one first. */
static bool is_before(const json_t *a, const json_t *b)
{
	static const char *const names[] = {"socket-id", "die-id", "core-id", "thread-id"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (property(a, names[i]) != property(b, names[i]))
			return property(a, names[i]) < property(b, names[i]);
	return false;
}

static size_t count_present(const json_t *cpus)
{
	size_t count = 0;
	for (size_t i = 0; i < json_array_size(cpus); i++)
		count += json_object_get(json_array_get(cpus, i), "qom-path") != NULL;
	return count;
}

static const json_t *first_free(const json_t *cpus)
{
	const json_t *first = NULL;
	for (size_t i = 0; i < json_array_size(cpus); i++) {
		const json_t *cpu = json_array_get(cpus, i);
		if (!json_object_get(cpu, "qom-path") && (!first || is_before(cpu, first)))
			first = cpu;
	}
	return first;
}

/* The number of the last that was added; 0 for none. */
static uint64_t last_added(const json_t *cpus)
{
	static const char prefix[] = "/machine/peripheral/" CPU_PREFIX;
	uint64_t last = 0;
	for (size_t i = 0; i < json_array_size(cpus); i++) {
		const char *path =
			json_string_value(json_object_get(json_array_get(cpus, i), "qom-path"));
		uint64_t number = path && strncmp(path, prefix, sizeof(prefix) - 1) == 0
					  ? strtoull(path + sizeof(prefix) - 1, NULL, 10)
					  : 0;
		last = number > last ? number : last;
	}
	return last;
}

static int add_cpu(struct block *block, const json_t *cpus, struct error *error)
{
	char id[ID_BYTES];
	const json_t *cpu = first_free(cpus);
	if (!cpu)
		return error_set(error, ENOSPC, "QEMU has no more CPUs to add");
	snprintf(id, sizeof(id), CPU_PREFIX "%" PRIu64, last_added(cpus) + 1);
	json_t *arguments = json_deep_copy(json_object_get(cpu, "props"));
	json_object_set(arguments, "driver", json_object_get(cpu, "type"));
	json_object_set_new(arguments, "id", json_string(id));
	return block_execute(block, "device_add", arguments, NULL, error);
}

static int remove_cpu(struct block *block, const json_t *cpus, struct error *error)
{
	char id[ID_BYTES];
	uint64_t last = last_added(cpus);
	if (!last)
		return error_set(error, ENOTSUP,
			"those that the guest was started with stay until it is restarted");
	snprintf(id, sizeof(id), CPU_PREFIX "%" PRIu64, last);
	return hotplug_unplug(block, id, error);
}

int live_machine_set_cpus(struct block *block, uint64_t count, struct error *error)
{
	for (;;) {
		json_t *cpus = NULL;
		int r = query(block, &cpus, error);
		if (r < 0)
			return r;
		size_t present = count_present(cpus);
		if (present < count)
			r = add_cpu(block, cpus, error);
		else if (present > count)
			r = remove_cpu(block, cpus, error);
		json_decref(cpus);
		if (r < 0 || present == count)
			return r;
	}
}

/* --- memory -------------------------------------------------------------------------------- */

int live_machine_set_memory(struct block *block, uint64_t bytes, struct error *error)
{
	return block_execute(
		block, "balloon", json_pack("{s:I}", "value", (json_int_t)bytes), NULL, error);
}
