/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/usage.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "host/qmp.h"

#define CGROUP_ROOT "/sys/fs/cgroup"
#define QMP_TIMEOUT_USEC (USEC_SECOND / 2)

/* Files of /proc and /sys have no size, and come in one read. Returns how much there is. */
static size_t read_text(const char *path, char *text, size_t size)
{
	int fd AUTO_CLOSE = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t count = fd < 0 ? -1 : read(fd, text, size - 1);
	text[count > 0 ? count : 0] = '\0';
	return count > 0 ? (size_t)count : 0;
}

static uint64_t read_number(const char *path)
{
	char text[64];
	return read_text(path, text, sizeof(text)) ? strtoull(text, NULL, 10) : USAGE_UNKNOWN;
}

/* The number behind a word at the beginning of a line, in a file of the cgroup. */
static uint64_t read_field(const char *cgroup, const char *file, const char *word)
{
	char path[PATH_MAX];
	char text[4096];
	snprintf(path, sizeof(path), CGROUP_ROOT "%s/%s", cgroup, file);
	if (!read_text(path, text, sizeof(text)))
		return USAGE_UNKNOWN;
	char *rest = text;
	for (char *line; (line = strsep(&rest, "\n"));)
		if (strncmp(line, word, strlen(word)) == 0)
			return strtoull(line + strlen(word), NULL, 10);
	return USAGE_UNKNOWN;
}

/* "some avg10=1.23 avg60=..." is 123. */
static uint64_t read_pressure(const char *cgroup, const char *file)
{
	static const char start[] = "some avg10=";
	char path[PATH_MAX];
	char text[256];
	snprintf(path, sizeof(path), CGROUP_ROOT "%s/%s", cgroup, file);
	if (!read_text(path, text, sizeof(text)) || strncmp(text, start, sizeof(start) - 1) != 0)
		return USAGE_UNKNOWN;
	/* It has two digits behind the point always. */
	char *end;
	uint64_t whole = strtoull(text + sizeof(start) - 1, &end, 10);
	return whole * 100 + (*end == '.' ? strtoull(end + 1, NULL, 10) : 0);
}

static uint64_t read_cgroup_number(const char *cgroup, const char *file)
{
	char path[PATH_MAX];
	snprintf(path, sizeof(path), CGROUP_ROOT "%s/%s", cgroup, file);
	return read_number(path);
}

static void read_cgroup(const char *cgroup, struct usage *usage)
{
	usage->cpu_usec = read_field(cgroup, "cpu.stat", "usage_usec ");
	usage->memory_bytes = read_cgroup_number(cgroup, "memory.current");
	usage->swap_bytes = read_cgroup_number(cgroup, "memory.swap.current");
	usage->cpu_pressure = read_pressure(cgroup, "cpu.pressure");
	usage->memory_pressure = read_pressure(cgroup, "memory.pressure");
	usage->io_pressure = read_pressure(cgroup, "io.pressure");
}

/* Field 43 of /proc/PID/stat is the time of guests, in clock ticks (proc(5)); the second, a name in
 * parentheses, may hold anything. */
static void read_process(pid_t pid, struct usage *usage)
{
	char path[64];
	char text[4096];
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	const char *at = read_text(path, text, sizeof(text)) ? strrchr(text, ')') : NULL;
	for (int field = 2; at && field < 43; field++)
		at = strchr(at + 1, ' ');
	if (at)
		usage->guest_usec =
			strtoull(at, NULL, 10) * USEC_SECOND / (uint64_t)sysconf(_SC_CLK_TCK);
	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	/* The second of its numbers, in pages. */
	at = read_text(path, text, sizeof(text)) ? strchr(text, ' ') : NULL;
	if (at)
		usage->rss_bytes = strtoull(at, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* --- interfaces ---------------------------------------------------------------------------- */

static uint64_t read_link(const char *tap, const char *file)
{
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/%s", tap, file);
	return read_number(path);
}

/* What the host's end of a tap receives, the guest has sent; a macvtap is the guest's own. */
static void read_nic(const struct plan_nic *nic, struct usage *usage)
{
	bool host_end = nic->attachment == ATTACHMENT_TAP;
	struct usage_nic *counts = &usage->nics[usage->nic_count];
	if (plan_nic_is_user(nic) || read_link(nic->tap, "rx_bytes") == USAGE_UNKNOWN)
		return;
	usage->nic_count++;
	snprintf(counts->name, sizeof(counts->name), "%s", nic->nic->part.name);
	counts->received_bytes = read_link(nic->tap, host_end ? "tx_bytes" : "rx_bytes");
	counts->sent_bytes = read_link(nic->tap, host_end ? "rx_bytes" : "tx_bytes");
	counts->received_packets = read_link(nic->tap, host_end ? "tx_packets" : "rx_packets");
	counts->sent_packets = read_link(nic->tap, host_end ? "rx_packets" : "tx_packets");
	counts->dropped_packets =
		read_link(nic->tap, "rx_dropped") + read_link(nic->tap, "tx_dropped");
}

/* --- QEMU ---------------------------------------------------------------------------------- */

static uint64_t integer(const json_t *object, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(object, key));
}

/* A disk's device has its name, wherever QEMU keeps it ("/machine/peripheral/root/virtio-backend").
 */
static bool is_of(const char *qdev, const char *disk)
{
	static const char root[] = "/machine/peripheral/";
	if (strncmp(qdev, root, sizeof(root) - 1) == 0)
		qdev += sizeof(root) - 1;
	size_t length = strlen(disk);
	return strncmp(qdev, disk, length) == 0 && (qdev[length] == '/' || qdev[length] == '\0');
}

static void take_disk(const struct plan *plan, const json_t *device, struct usage *usage)
{
	const char *qdev = json_string_value(json_object_get(device, "qdev"));
	const json_t *stats = json_object_get(device, "stats");
	for (size_t i = 0; qdev && i < plan->disk_count; i++) {
		const char *name = plan->disks[i].disk->part.name;
		if (!is_of(qdev, name) || usage->disk_count == DISKS_MAX)
			continue;
		struct usage_disk *counts = &usage->disks[usage->disk_count++];
		snprintf(counts->name, sizeof(counts->name), "%s", name);
		counts->read_bytes = integer(stats, "rd_bytes");
		counts->written_bytes = integer(stats, "wr_bytes");
		counts->reads = integer(stats, "rd_operations");
		counts->writes = integer(stats, "wr_operations");
		counts->errors = integer(stats, "failed_rd_operations") +
				 integer(stats, "failed_wr_operations") +
				 integer(stats, "failed_flush_operations");
		return;
	}
}

static void ask_disks(const struct plan *plan, struct qmp *qmp, struct usage *usage)
{
	struct error ignored;
	json_t *devices = NULL;
	size_t index;
	const json_t *device;
	if (qmp_execute(qmp, "query-blockstats", NULL, QMP_TIMEOUT_USEC, &devices, &ignored) < 0)
		return;
	json_array_foreach(devices, index, device) take_disk(plan, device, usage);
	json_decref(devices);
}

static void ask_qemu(const struct plan *plan, const char *vm, struct usage *usage)
{
	char path[128];
	struct error ignored;
	json_t *balloon = NULL;
	struct qmp qmp CLEANUP(qmp_done) = {.fd = -1};
	snprintf(path, sizeof(path), PLAN_RUNTIME_ROOT "/%s/" PLAN_QMP_SOCKET, vm);
	if (qmp_connect(&qmp, path, QMP_TIMEOUT_USEC, &ignored) < 0)
		return;
	if (plan)
		ask_disks(plan, &qmp, usage);
	if (qmp_execute(&qmp, "query-balloon", NULL, QMP_TIMEOUT_USEC, &balloon, &ignored) == 0) {
		usage->balloon_bytes = integer(balloon, "actual");
		json_decref(balloon);
	}
}

void usage_read(
	const struct plan *plan, const char *vm, pid_t pid, const char *cgroup, struct usage *ret)
{
	*ret = (struct usage){
		.guest_usec = USAGE_UNKNOWN,
		.rss_bytes = USAGE_UNKNOWN,
		.balloon_bytes = USAGE_UNKNOWN,
	};
	read_cgroup(cgroup, ret);
	read_process(pid, ret);
	for (size_t i = 0; plan && i < plan->nic_count; i++)
		read_nic(&plan->nics[i], ret);
	ask_qemu(plan, vm, ret);
}
