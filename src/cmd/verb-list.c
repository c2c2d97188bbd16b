/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/accepted.h"
#include "cmd/addresses.h"
#include "cmd/collect.h"
#include "cmd/steps.h"
#include "cmd/table.h"
#include "cmd/verbs.h"
#include "host/bus.h"

#define MIB (UINT64_C(1024) * 1024)

/* One VM: a spec, a unit, or both. */
struct row {
	char name[NAME_LENGTH_MAX + 1];
	const struct member *member; /* NULL: it runs, but its spec is gone */
	const char *spec;	     /* "good", "broken", "unreadable" or "gone" */
	bool pending;		     /* it runs with another */
	bool known;		     /* to systemd */
	struct unit_state unit;
};

struct rows {
	struct arena arena;
	const struct set *set;
	const struct diags *diags;
	struct row *items;
	size_t count;
	struct found_addresses addresses;
	bool failed;
};

/* What a caller without privilege may not read is not therefore broken. */
static const char *spec_state(const struct diags *diags, const struct member *member)
{
	if (!member)
		return "gone";
	if (!member->document->broken)
		return "good";
	const char *code = diags->items[member->document->first_diag].code;
	return strcmp(code, "unreadable") == 0 ? "unreadable" : "broken";
}

static int compare_rows(const void *a, const void *b)
{
	const struct row *left = a;
	const struct row *right = b;
	return strcmp(left->name, right->name);
}

static struct row *add_row(struct rows *rows, const char *name, const struct member *member)
{
	rows->items = arena_grow(&rows->arena, rows->items, rows->count, sizeof(*rows->items));
	if (!rows->items) {
		rows->failed = true;
		rows->count = 0;
		return NULL;
	}
	struct row *row = &rows->items[rows->count++];
	*row = (struct row){
		.member = member,
		.spec = spec_state(rows->diags, member),
		.unit = {.active = "unknown"},
	};
	snprintf(row->name, sizeof(row->name), "%s", name);
	return row;
}

static struct row *find_row(const struct rows *rows, const char *name)
{
	for (size_t i = 0; i < rows->count; i++)
		if (strcmp(rows->items[i].name, name) == 0)
			return &rows->items[i];
	return NULL;
}

/* One that systemd has something to say of; of the others most have never run. */
static void mark(const char *name, const char *active, void *context)
{
	struct rows *rows = context;
	struct row *row = find_row(rows, name);
	if (!row && strcmp(active, "failed") != 0)
		row = add_row(rows, name, NULL);
	if (row)
		row->known = true;
}

static int ask_states(struct rows *rows, struct sd_bus *bus, struct error *error)
{
	const char **units = arena_alloc(&rows->arena, (rows->count + 1) * sizeof(*units));
	struct unit_state *states = arena_alloc(&rows->arena, (rows->count + 1) * sizeof(*states));
	size_t count = 0;
	for (size_t i = 0; units && states && i < rows->count; i++) {
		if (!rows->items[i].known)
			continue;
		units[count] = arena_printf(&rows->arena, "vm@%s.service", rows->items[i].name);
		if (!units[count++])
			return error_set(error, ENOMEM, "not enough memory");
	}
	if (!units || !states)
		return error_set(error, ENOMEM, "not enough memory");
	int r = bus_unit_states(bus, units, states, count, error);
	for (size_t i = 0; r == 0 && i < rows->count; i++) {
		struct row *row = &rows->items[i];
		static const struct unit_state never = {
			.active = "inactive", .sub = "dead", .memory_bytes = UINT64_MAX};
		row->unit = row->known ? *states++ : never;
		row->pending = row->unit.main_pid && row->member && member_is_pending(row->member);
	}
	return r;
}

/* Without a bus (another init, a container) specs are listed all the same. */
static void collect_rows(const struct log *log, struct rows *rows)
{
	struct sd_bus *bus CLEANUP(bus_close) = NULL;
	struct error error;
	for (size_t i = 0; i < rows->set->count; i++) {
		const struct member *member = &rows->set->items[i];
		const char *name = member->document->name;
		if (name && set_find(rows->set, name) == member)
			add_row(rows, name, member);
	}
	int r = bus_open(&bus, &error);
	if (r == 0)
		r = bus_each_vm(bus, mark, rows, &error);
	if (rows->count)
		qsort(rows->items, rows->count, sizeof(*rows->items), compare_rows);
	if (r == 0)
		r = ask_states(rows, bus, &error);
	if (r < 0)
		log_line(log, LOG_LEVEL_WARNING, "%s", error.message);
}

static bool is_running(const struct member *member, void *context)
{
	const struct rows *rows = context;
	for (size_t i = 0; i < rows->count; i++)
		if (rows->items[i].member == member)
			return rows->items[i].unit.main_pid != 0;
	return false;
}

static uint64_t uptime_sec(const struct row *row)
{
	uint64_t now_usec = clock_usec(CLOCK_REALTIME);
	if (!row->unit.since_usec || row->unit.since_usec > now_usec)
		return 0;
	return (now_usec - row->unit.since_usec) / USEC_SECOND;
}

/* --- JSON ---------------------------------------------------------------------------------- */

static json_t *addresses_json(const struct rows *rows, const char *mac)
{
	json_t *list = json_array();
	const struct found_address *address;
	for (size_t index = 0; (address = addresses_next(&rows->addresses, mac, &index));)
		json_array_append_new(
			list, json_pack("{s:s, s:s}", "address", address->text, "source",
				      choice_name(&address_source_names, (int)address->source)));
	return list;
}

static json_t *nics_json(const struct rows *rows, const struct row *row)
{
	json_t *nics = json_array();
	const struct plan *plan = row->member ? &row->member->plan : NULL;
	for (size_t i = 0; plan && i < plan->nic_count; i++) {
		const struct plan_nic *nic = &plan->nics[i];
		bool user = plan_nic_is_user(nic);
		json_array_append_new(nics,
			json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:o}", "name", nic->nic->part.name,
				"mac", nic->mac, "tap", user ? NULL : nic->tap, "bridge",
				nic->bridge, "network", nic->nic->network, "addresses",
				addresses_json(rows, nic->mac)));
	}
	return nics;
}

static json_t *row_json(const struct rows *rows, const struct row *row)
{
	const struct unit_state *unit = &row->unit;
	bool has_memory = unit->memory_bytes != UINT64_MAX && unit->main_pid;
	uint64_t version = row->member ? row->member->version : 0;
	return json_pack("{s:s, s:s, s:b, s:o, s:s?, s:s, s:s, s:o, s:o, s:o, s:i, s:o}", "name",
		row->name, "spec", row->spec, "pending", row->pending, "version",
		version ? json_integer((json_int_t)version) : json_null(), "file",
		row->member ? row->member->document->source->file : NULL, "state", unit->active,
		"sub-state", unit->sub, "main-pid",
		unit->main_pid ? json_integer(unit->main_pid) : json_null(), "uptime-seconds",
		unit->since_usec ? json_integer((json_int_t)uptime_sec(row)) : json_null(),
		"memory-bytes",
		has_memory ? json_integer((json_int_t)unit->memory_bytes) : json_null(), "restarts",
		(int)unit->restarts, "nics", nics_json(rows, row));
}

static int print_json(const struct rows *rows)
{
	json_t *list = json_array();
	for (size_t i = 0; i < rows->count; i++)
		json_array_append_new(list, row_json(rows, &rows->items[i]));
	char *text AUTO_FREE = json_dumps(list, JSON_INDENT(2));
	json_decref(list);
	return text && puts(text) >= 0 ? 0 : 1;
}

/* --- a table ------------------------------------------------------------------------------- */

static const char *const titles[] = {
	"NAME", "STATE", "SPEC", "PID", "UPTIME", "MEMORY", "ADDRESSES", "NICS"};

static void write_uptime(uint64_t seconds, struct buf *buf)
{
	if (seconds >= 86400)
		buf_printf(buf, "%" PRIu64 "d%02" PRIu64 "h", seconds / 86400, seconds / 3600 % 24);
	else if (seconds >= 3600)
		buf_printf(buf, "%" PRIu64 "h%02" PRIu64 "m", seconds / 3600, seconds / 60 % 60);
	else
		buf_printf(buf, "%" PRIu64 "m%02" PRIu64 "s", seconds / 60, seconds % 60);
}

static void write_addresses(const struct rows *rows, const struct plan *plan, struct buf *buf)
{
	for (size_t i = 0; plan && i < plan->nic_count; i++) {
		const struct found_address *address;
		for (size_t index = 0;
			(address = addresses_next(&rows->addresses, plan->nics[i].mac, &index));)
			buf_printf(buf, "%s%s (%s)", buf->length ? ", " : "", address->text,
				choice_name(&address_source_names, (int)address->source));
	}
}

static void write_nics(const struct plan *plan, struct buf *buf)
{
	for (size_t i = 0; plan && i < plan->nic_count; i++)
		buf_printf(buf, "%s%s %s", i ? ", " : "",
			plan_nic_is_user(&plan->nics[i]) ? "user" : plan->nics[i].tap,
			plan->nics[i].mac);
}

/* "broken, version 3": what is in force in its place. */
static void write_spec_state(const struct row *row, struct buf *buf)
{
	uint64_t version = row->member ? row->member->version : 0;
	buf_puts(buf, row->spec);
	if (version)
		buf_printf(buf, ", version %" PRIu64, version);
	if (row->pending)
		buf_puts(buf, ", pending");
}

static void write_cell(const void *context, size_t index, int column, struct buf *buf)
{
	const struct rows *rows = context;
	const struct row *row = &rows->items[index];
	const struct unit_state *unit = &row->unit;
	const struct plan *plan = row->member ? &row->member->plan : NULL;
	switch (column) {
	case 0:
		buf_puts(buf, row->name);
		break;
	case 1:
		buf_puts(buf, unit->active);
		break;
	case 2:
		write_spec_state(row, buf);
		break;
	case 3:
		if (unit->main_pid)
			buf_printf(buf, "%d", (int)unit->main_pid);
		break;
	case 4:
		if (unit->since_usec)
			write_uptime(uptime_sec(row), buf);
		break;
	case 5:
		if (unit->main_pid && unit->memory_bytes != UINT64_MAX)
			buf_printf(buf, "%" PRIu64 "M", unit->memory_bytes / MIB);
		break;
	case 6:
		write_addresses(rows, plan, buf);
		break;
	default:
		write_nics(plan, buf);
		break;
	}
}

static const char *choose_colour(const void *context, size_t index, int column)
{
	const struct rows *rows = context;
	const struct row *row = &rows->items[index];
	if (column != 1)
		return "";
	if (strcmp(row->unit.active, "active") == 0)
		return "\033[32m";
	if (strcmp(row->unit.active, "failed") == 0)
		return "\033[31m";
	return "";
}

static void print_table(const struct rows *rows)
{
	const struct table table = {
		.titles = titles,
		.columns = ARRAY_SIZE(titles),
		.rows = rows->count,
		.cell = write_cell,
		.colour = choose_colour,
		.context = rows,
	};
	table_print(&table);
}

int verb_list(const struct log *log, int argc, char **argv)
{
	bool json = argc == 2 && strcmp(argv[1], "--json") == 0;
	if (argc > 1 && !json)
		return VERB_USAGE;
	struct collection collection CLEANUP(collection_done);
	int r = collect_directories(&collection);
	if (r == 0)
		r = accepted_put_in_force(&collection);
	if (r < 0) {
		log_line(log, LOG_LEVEL_ERROR, "cannot read the specs: %s", strerror(-r));
		return 1;
	}
	struct rows rows = {.set = &collection.set, .diags = &collection.diags};
	int code = 0;
	rows.addresses.arena = &rows.arena;
	collect_rows(log, &rows);
	addresses_collect(&collection.set, is_running, &rows, &rows.addresses);
	rows.failed |= rows.addresses.failed;
	if (rows.failed)
		code = 1;
	else if (json)
		code = print_json(&rows);
	else
		print_table(&rows);
	arena_done(&rows.arena);
	return code;
}
