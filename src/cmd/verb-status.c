/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "cmd/addresses.h"
#include "cmd/live.h"
#include "cmd/report.h"
#include "cmd/table.h"
#include "cmd/verbs.h"
#include "host/agent.h"

#define MIB (UINT64_C(1024) * 1024)
#define AGENT_TIMEOUT_USEC (USEC_SECOND / 2)
#define BLOCK_BYTES 512 /* of st_blocks (stat(2)) */

struct status {
	const char *name;
	struct live live;
	const struct member *member; /* NULL when the spec is gone */
	const struct live_vm *vm;    /* NULL when it does not run */
	struct unit_state unit;
	struct unit_progress progress;
	struct found_addresses addresses;
	json_t *system; /* what the agent says of it */
};

/* --- what there is ------------------------------------------------------------------------- */

static bool is_this(const struct member *member, void *context)
{
	const struct status *status = context;
	return status->vm && status->member == member;
}

static void ask_agent(struct status *status)
{
	char path[128];
	snprintf(path, sizeof(path), PLAN_RUNTIME_ROOT "/%s/" PLAN_AGENT_SOCKET, status->name);
	struct agent agent = {.path = path};
	agents_ask(&agent, 1, "guest-get-osinfo", AGENT_TIMEOUT_USEC);
	status->system = json_incref(agent.answer);
	agent_done(&agent);
}

static int read_unit(struct status *status, struct error *error)
{
	char unit[NAME_LENGTH_MAX + sizeof("vm@.service")];
	struct sd_bus *bus CLEANUP(bus_close) = NULL;
	snprintf(unit, sizeof(unit), "vm@%s.service", status->name);
	int r = bus_open(&bus, error);
	if (r == 0)
		r = bus_unit_state(bus, unit, &status->unit, error);
	return r < 0 ? r : bus_unit_progress(bus, unit, &status->progress, error);
}

static int read_status(struct status *status, struct error *error)
{
	int r = live_read(&status->live, error);
	if (r == 0)
		r = read_unit(status, error);
	if (r < 0)
		return r;
	const struct set *set = &status->live.collection.set;
	status->member = set_find(set, status->name);
	status->vm = live_find(&status->live, status->name);
	if (!status->member && !status->vm) {
		struct buf text CLEANUP(buf_done) = {0};
		report_write_unknown(
			&status->live.collection.documents, KIND_VM, status->name, &text);
		return error_set(error, ENOENT, "%s", buf_text(&text));
	}
	status->addresses.arena = &status->live.collection.arena;
	addresses_collect(set, is_this, status, &status->addresses);
	if (status->vm)
		ask_agent(status);
	return status->addresses.failed ? error_set(error, ENOMEM, "not enough memory") : 0;
}

static const struct plan *plan_of(const struct status *status)
{
	return status->member && !status->member->document->broken ? &status->member->plan : NULL;
}

/* What a disk's file takes on the host; 0 for none. */
static uint64_t allocated_bytes(const struct plan_disk *disk)
{
	struct stat file;
	return disk->file && stat(disk->file, &file) == 0 && S_ISREG(file.st_mode)
		       ? (uint64_t)file.st_blocks * BLOCK_BYTES
		       : 0;
}

static const struct usage_disk *disk_usage(const struct status *status, const char *name)
{
	for (size_t i = 0; status->vm && i < status->vm->usage.disk_count; i++)
		if (strcmp(status->vm->usage.disks[i].name, name) == 0)
			return &status->vm->usage.disks[i];
	return NULL;
}

static const struct usage_nic *nic_usage(const struct status *status, const char *name)
{
	for (size_t i = 0; status->vm && i < status->vm->usage.nic_count; i++)
		if (strcmp(status->vm->usage.nics[i].name, name) == 0)
			return &status->vm->usage.nics[i];
	return NULL;
}

static const char *disk_place(const struct plan_disk *disk)
{
	return disk->disk->uri ? disk->disk->uri : disk->file;
}

/* --- JSON ---------------------------------------------------------------------------------- */

static json_t *number_or_null(uint64_t number)
{
	return number == USAGE_UNKNOWN ? json_null() : json_integer((json_int_t)number);
}

static json_t *disks_json(const struct status *status)
{
	json_t *list = json_array();
	const struct plan *plan = plan_of(status);
	for (size_t i = 0; plan && i < plan->disk_count; i++) {
		const struct plan_disk *disk = &plan->disks[i];
		const struct usage_disk *usage = disk_usage(status, disk->disk->part.name);
		json_array_append_new(list,
			json_pack("{s:s, s:s?, s:s?, s:I, s:o, s:o, s:o}", "name",
				disk->disk->part.name, "file", disk_place(disk), "image",
				disk->disk->image, "allocated-bytes",
				(json_int_t)allocated_bytes(disk), "read-bytes",
				number_or_null(usage ? usage->read_bytes : USAGE_UNKNOWN),
				"written-bytes",
				number_or_null(usage ? usage->written_bytes : USAGE_UNKNOWN),
				"errors", number_or_null(usage ? usage->errors : USAGE_UNKNOWN)));
	}
	return list;
}

static json_t *nics_json(const struct status *status)
{
	json_t *list = json_array();
	const struct plan *plan = plan_of(status);
	for (size_t i = 0; plan && i < plan->nic_count; i++) {
		const struct plan_nic *nic = &plan->nics[i];
		const struct usage_nic *usage = nic_usage(status, nic->nic->part.name);
		const struct found_address *address;
		json_t *addresses = json_array();
		for (size_t index = 0;
			(address = addresses_next(&status->addresses, nic->mac, &index));)
			json_array_append_new(addresses, json_string(address->text));
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:o, s:o, s:o}", "name",
				      nic->nic->part.name, "mac", nic->mac, "tap",
				      plan_nic_is_user(nic) ? NULL : nic->tap, "bridge",
				      nic->bridge, "network", nic->nic->network, "addresses",
				      addresses, "received-bytes",
				      number_or_null(usage ? usage->received_bytes : USAGE_UNKNOWN),
				      "sent-bytes",
				      number_or_null(usage ? usage->sent_bytes : USAGE_UNKNOWN)));
	}
	return list;
}

static json_t *usage_json(const struct usage *usage)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "cpu-usec",
		number_or_null(usage->cpu_usec), "guest-usec", number_or_null(usage->guest_usec),
		"rss-bytes", number_or_null(usage->rss_bytes), "memory-bytes",
		number_or_null(usage->memory_bytes), "swap-bytes",
		number_or_null(usage->swap_bytes), "balloon-bytes",
		number_or_null(usage->balloon_bytes));
}

static int print_json(const struct status *status)
{
	const struct unit_state *unit = &status->unit;
	json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s?, s:i, s:i, s:o, s:o, s:o, s:o}",
		"name", status->name, "state", unit->active, "sub-state", unit->sub, "result",
		status->progress.result, "status", status->progress.status, "file",
		status->member ? status->member->document->source->file : NULL, "main-pid",
		(int)unit->main_pid, "restarts", (int)unit->restarts, "usage",
		status->vm ? usage_json(&status->vm->usage) : json_null(), "disks",
		disks_json(status), "nics", nics_json(status), "guest",
		status->system ? json_incref(status->system) : json_null());
	char *text AUTO_FREE = json_dumps(object, JSON_INDENT(2));
	json_decref(object);
	return text && puts(text) >= 0 ? 0 : 1;
}

/* --- a screen ------------------------------------------------------------------------------ */

static void write_size(uint64_t bytes, struct buf *buf)
{
	if (bytes >= 1024 * MIB)
		buf_printf(buf, "%.1f GiB", (double)bytes / (double)(1024 * MIB));
	else
		buf_printf(buf, "%.1f MiB", (double)bytes / (double)MIB);
}

static void write_disk(const void *context, size_t row, int column, struct buf *buf)
{
	const struct status *status = context;
	const struct plan_disk *disk = &plan_of(status)->disks[row];
	const struct usage_disk *usage = disk_usage(status, disk->disk->part.name);
	if (column == 0)
		buf_puts(buf, disk->disk->part.name);
	else if (column == 1 && disk->disk->size_bytes)
		write_size(disk->disk->size_bytes, buf);
	else if (column == 2 && allocated_bytes(disk))
		write_size(allocated_bytes(disk), buf);
	else if (column == 3 && usage)
		write_size(usage->read_bytes, buf);
	else if (column == 4 && usage)
		write_size(usage->written_bytes, buf);
	else if (column == 5)
		buf_puts(buf, disk_place(disk) ? disk_place(disk) : "(empty)");
}

static void print_disks(const struct status *status)
{
	static const char *const titles[] = {"DISK", "SIZE", "TAKES", "READ", "WRITTEN", "FILE"};
	const struct table table = {
		.titles = titles,
		.columns = ARRAY_SIZE(titles),
		.rows = plan_of(status)->disk_count,
		.cell = write_disk,
		.context = status,
	};
	puts("");
	table_print(&table);
}

static void write_nic(const void *context, size_t row, int column, struct buf *buf)
{
	const struct status *status = context;
	const struct plan_nic *nic = &plan_of(status)->nics[row];
	const struct usage_nic *usage = nic_usage(status, nic->nic->part.name);
	const struct found_address *address;
	if (column == 0)
		buf_puts(buf, nic->nic->part.name);
	else if (column == 1)
		buf_puts(buf, nic->mac);
	else if (column == 2)
		buf_printf(buf, "%s%s%s", plan_nic_is_user(nic) ? "user" : nic->tap,
			nic->bridge ? " on " : "", nic->bridge ? nic->bridge : "");
	else if (column == 3 && usage)
		write_size(usage->received_bytes, buf);
	else if (column == 4 && usage)
		write_size(usage->sent_bytes, buf);
	for (size_t index = 0;
		column == 5 && (address = addresses_next(&status->addresses, nic->mac, &index));)
		buf_printf(buf, "%s%s", buf->length ? ", " : "", address->text);
}

static void print_nics(const struct status *status)
{
	static const char *const titles[] = {"NIC", "MAC", "TAP", "RECEIVED", "SENT", "ADDRESSES"};
	const struct table table = {
		.titles = titles,
		.columns = ARRAY_SIZE(titles),
		.rows = plan_of(status)->nic_count,
		.cell = write_nic,
		.context = status,
	};
	puts("");
	table_print(&table);
}

static void print_since(const struct status *status)
{
	char text[64];
	time_t since = (time_t)(status->unit.since_usec / USEC_SECOND);
	struct tm local;
	if (status->unit.since_usec && localtime_r(&since, &local) &&
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &local))
		printf(" since %s", text);
}

static void print_usage(const struct status *status)
{
	const struct usage *usage = &status->vm->usage;
	struct buf text CLEANUP(buf_done) = {0};
	buf_printf(&text, "PID %d", (int)status->unit.main_pid);
	if (usage->cpu_usec != USAGE_UNKNOWN)
		buf_printf(&text, ", %.1f s of CPU", (double)usage->cpu_usec / 1e6);
	if (usage->rss_bytes != USAGE_UNKNOWN) {
		buf_puts(&text, ", ");
		write_size(usage->rss_bytes, &text);
		buf_puts(&text, " of memory");
	}
	printf("  QEMU     %s\n", buf_text(&text));
}

static void print_system(const struct status *status)
{
	const char *name = json_string_value(json_object_get(status->system, "pretty-name"));
	const char *kernel = json_string_value(json_object_get(status->system, "kernel-release"));
	struct buf text CLEANUP(buf_done) = {0};
	/* The guest's words: nothing in them reaches the terminal but text. */
	buf_printf(&text, "%s%s%s", name ? name : "?", kernel ? ", kernel " : "",
		kernel ? kernel : "");
	for (char *at = text.data; at && *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	printf("  Guest    %s\n", buf_text(&text));
}

static int print_screen(const struct status *status)
{
	const struct plan *plan = plan_of(status);
	const struct unit_state *unit = &status->unit;
	printf("%s%s%s\n", status->name, plan && plan->vm->description ? ": " : "",
		plan && plan->vm->description ? plan->vm->description : "");
	printf("  State    %s (%s)", unit->active, unit->sub);
	print_since(status);
	printf("%s%s, %" PRIu32 " restarts\n",
		strcmp(unit->active, "failed") == 0 ? ", result " : "",
		strcmp(unit->active, "failed") == 0 ? status->progress.result : "", unit->restarts);
	if (status->progress.status[0])
		printf("  Status   %s\n", status->progress.status);
	printf("  Spec     %s%s\n",
		status->member ? status->member->document->source->file : "gone",
		status->member && !plan ? " (has errors: vmlet check)" : "");
	if (plan)
		printf("  Machine  %s, %s, %" PRIu64 " CPUs, %" PRIu64 " MiB of memory\n",
			choice_name(&machine_names, plan->vm->machine),
			choice_name(&accel_names, plan->vm->accel), plan->vm->cpus.count,
			plan->vm->memory_bytes / MIB);
	if (status->vm)
		print_usage(status);
	if (status->system)
		print_system(status);
	if (plan && plan->disk_count)
		print_disks(status);
	if (plan && plan->nic_count)
		print_nics(status);
	return fflush(stdout) == 0 ? 0 : 1;
}

int verb_status(const struct log *log, int argc, char **argv)
{
	bool json = argc == 3 && strcmp(argv[2], "--json") == 0;
	if ((argc != 2 && !json) || argv[1][0] == '-')
		return VERB_USAGE;
	struct status status = {.name = argv[1]};
	struct error error;
	if (!vm_argument(log, argv[1]))
		return 1;
	int code = read_status(&status, &error) < 0;
	if (code)
		log_line(log, LOG_LEVEL_ERROR, "%s", error.message);
	else
		code = json ? print_json(&status) : print_screen(&status);
	json_decref(status.system);
	live_done(&status.live);
	return code;
}
