/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/facts.h"

#include <unistd.h>

/* What may not be seen is not therefore missing. */
static bool file_exists(const char *path)
{
	return access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

static uint64_t system_value(int name)
{
	long value = sysconf(name);
	return value > 0 ? (uint64_t)value : 0;
}

struct host_facts facts_gather(void)
{
	return (struct host_facts){
		.memory_bytes = system_value(_SC_PHYS_PAGES) * system_value(_SC_PAGESIZE),
		.cpu_count = system_value(_SC_NPROCESSORS_CONF),
		.kvm = access("/dev/kvm", F_OK) == 0,
		.file_exists = file_exists,
	};
}
