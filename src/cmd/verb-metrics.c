/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "cmd/live.h"
#include "cmd/verbs.h"

/* Prometheus' text format (prometheus.io, "Exposition formats"): base units, totals of counters. */
struct metric {
	const char *name;
	const char *type;
	const char *help;
	size_t offset; /* in struct usage, or in the part */
	double scale;
};

static const struct metric of_vm[] = {
	{"cpu_seconds_total", "counter", "CPU time of all processes of the VM",
		offsetof(struct usage, cpu_usec), 1e-6},
	{"guest_cpu_seconds_total", "counter", "CPU time in the guest, under KVM",
		offsetof(struct usage, guest_usec), 1e-6},
	{"rss_bytes", "gauge", "Resident memory of QEMU", offsetof(struct usage, rss_bytes), 1},
	{"memory_bytes", "gauge", "Memory of the VM's cgroup", offsetof(struct usage, memory_bytes),
		1},
	{"swap_bytes", "gauge", "Swap of the VM's cgroup", offsetof(struct usage, swap_bytes), 1},
	{"balloon_bytes", "gauge", "Memory that the guest has",
		offsetof(struct usage, balloon_bytes), 1},
	{"cpu_pressure_ratio", "gauge",
		"Share of the last 10 s in which something waited for a CPU",
		offsetof(struct usage, cpu_pressure), 1e-4},
	{"memory_pressure_ratio", "gauge",
		"Share of the last 10 s in which something waited for memory",
		offsetof(struct usage, memory_pressure), 1e-4},
	{"io_pressure_ratio", "gauge", "Share of the last 10 s in which something waited for I/O",
		offsetof(struct usage, io_pressure), 1e-4},
};

static const struct metric of_disk[] = {
	{"disk_read_bytes_total", "counter", "Bytes that the guest read",
		offsetof(struct usage_disk, read_bytes), 1},
	{"disk_written_bytes_total", "counter", "Bytes that the guest wrote",
		offsetof(struct usage_disk, written_bytes), 1},
	{"disk_reads_total", "counter", "Reads of the guest", offsetof(struct usage_disk, reads),
		1},
	{"disk_writes_total", "counter", "Writes of the guest", offsetof(struct usage_disk, writes),
		1},
	{"disk_errors_total", "counter", "Requests of the guest that failed",
		offsetof(struct usage_disk, errors), 1},
};

static const struct metric of_nic[] = {
	{"nic_received_bytes_total", "counter", "Bytes that the guest received",
		offsetof(struct usage_nic, received_bytes), 1},
	{"nic_sent_bytes_total", "counter", "Bytes that the guest sent",
		offsetof(struct usage_nic, sent_bytes), 1},
	{"nic_received_packets_total", "counter", "Packets that the guest received",
		offsetof(struct usage_nic, received_packets), 1},
	{"nic_sent_packets_total", "counter", "Packets that the guest sent",
		offsetof(struct usage_nic, sent_packets), 1},
	{"nic_dropped_packets_total", "counter", "Packets that were dropped at the tap",
		offsetof(struct usage_nic, dropped_packets), 1},
};

static void add_head(const struct metric *metric, struct buf *text)
{
	buf_printf(text, "# HELP vmlet_vm_%s %s.\n# TYPE vmlet_vm_%s %s\n", metric->name,
		metric->help, metric->name, metric->type);
}

/* Names of VMs and parts need no escape. */
static void add_value(const struct metric *metric, const char *vm, const char *label,
	const char *part, const void *object, struct buf *text)
{
	uint64_t value;
	memcpy(&value, (const char *)object + metric->offset, sizeof(value));
	if (value == USAGE_UNKNOWN)
		return;
	buf_printf(text, "vmlet_vm_%s{vm=\"%s\"", metric->name, vm);
	if (label)
		buf_printf(text, ",%s=\"%s\"", label, part);
	if (metric->scale == 1)
		buf_printf(text, "} %" PRIu64 "\n", value);
	else
		buf_printf(text, "} %.6f\n", (double)value * metric->scale);
}

static void add_units(const struct live *live, struct buf *text)
{
	buf_puts(text, "# HELP vmlet_vm_up Whether the VM runs.\n# TYPE vmlet_vm_up gauge\n");
	for (size_t i = 0; i < live->collection.set.count; i++) {
		const struct member *member = &live->collection.set.items[i];
		const char *name = member->document->name;
		if (name && set_find(&live->collection.set, name) == member &&
			!live_find(live, name))
			buf_printf(text, "vmlet_vm_up{vm=\"%s\"} 0\n", name);
	}
	for (size_t i = 0; i < live->count; i++)
		buf_printf(text, "vmlet_vm_up{vm=\"%s\"} %d\n", live->items[i].name,
			strcmp(live->items[i].unit.active, "active") == 0);
	buf_puts(text, "# HELP vmlet_vm_restarts_total Restarts by systemd.\n"
		       "# TYPE vmlet_vm_restarts_total counter\n");
	for (size_t i = 0; i < live->count; i++)
		buf_printf(text, "vmlet_vm_restarts_total{vm=\"%s\"} %" PRIu32 "\n",
			live->items[i].name, live->items[i].unit.restarts);
}

static void write_metrics(const struct live *live, struct buf *text)
{
	add_units(live, text);
	for (size_t m = 0; m < ARRAY_SIZE(of_vm); m++) {
		add_head(&of_vm[m], text);
		for (size_t i = 0; i < live->count; i++)
			add_value(&of_vm[m], live->items[i].name, NULL, NULL, &live->items[i].usage,
				text);
	}
	for (size_t m = 0; m < ARRAY_SIZE(of_disk); m++) {
		add_head(&of_disk[m], text);
		for (size_t i = 0; i < live->count; i++) {
			const struct live_vm *vm = &live->items[i];
			for (size_t j = 0; j < vm->usage.disk_count; j++)
				add_value(&of_disk[m], vm->name, "disk", vm->usage.disks[j].name,
					&vm->usage.disks[j], text);
		}
	}
	for (size_t m = 0; m < ARRAY_SIZE(of_nic); m++) {
		add_head(&of_nic[m], text);
		for (size_t i = 0; i < live->count; i++) {
			const struct live_vm *vm = &live->items[i];
			for (size_t j = 0; j < vm->usage.nic_count; j++)
				add_value(&of_nic[m], vm->name, "nic", vm->usage.nics[j].name,
					&vm->usage.nics[j], text);
		}
	}
}

/* The file is there whole, or as it was: its reader looks at any time. */
static int write_file(const char *path, const struct buf *text, struct error *error)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char directory[4096];
	snprintf(directory, sizeof(directory), "%.*s", slash ? (int)(slash - path) + 1 : 1,
		slash ? path : ".");
	int fd AUTO_CLOSE = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? -errno : file_replace_at(fd, name, text->data, text->length, 0644, false);
	return r < 0 ? error_set_errno(error, -r, "cannot write %s", path) : 0;
}

static int print(const struct buf *text, struct error *error)
{
	int r = file_write_all(STDOUT_FILENO, text->data, text->length);
	return r < 0 ? error_set_errno(error, -r, "cannot write") : 0;
}

int verb_metrics(const struct log *log, int argc, char **argv)
{
	bool to_file = argc == 3 && strcmp(argv[1], "--output") == 0;
	if (argc != 1 && !to_file)
		return VERB_USAGE;
	struct live live CLEANUP(live_done) = {0};
	struct buf text CLEANUP(buf_done) = {0};
	struct error error;
	int r = live_read(&live, &error);
	if (r == 0) {
		write_metrics(&live, &text);
		r = buf_error(&text);
		if (r < 0)
			error_set(&error, ENOMEM, "not enough memory");
	}
	if (r == 0)
		r = to_file ? write_file(argv[2], &text, &error) : print(&text, &error);
	if (r < 0)
		log_line(log, LOG_LEVEL_ERROR, "%s", error.message);
	return r < 0;
}
