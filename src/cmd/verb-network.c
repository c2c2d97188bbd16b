/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/collect.h"
#include "cmd/report.h"
#include "cmd/table.h"
#include "cmd/verbs.h"
#include "host/address.h"
#include "host/bus.h"
#include "host/leases.h"
#include "host/link.h"

/* One port of a bridge, and whose it is. */
struct tap {
	char name[IFNAMSIZ];
	const struct plan_nic *nic; /* NULL: not of a VM on this network */
};

struct held_lease {
	uint64_t expires_sec;
	const char *mac;
	const char *address;
	const char *name; /* NULL: none */
};

/* One network, as its spec says and as it is. */
struct network_row {
	const struct network_member *member;
	const char *spec; /* "good" or "broken" */
	char state[32];	  /* of vm-network@NAME.service */
	char server[32];  /* of vm-dhcp@NAME.service */
	struct link bridge;
	bool bridge_is_there;
	struct strings addresses; /* those that the bridge has */
	struct tap *taps;
	size_t tap_count;
	struct held_lease *leases;
	size_t lease_count;
	int lease_error; /* 0, or why they cannot be read */
};

struct view {
	struct arena arena;
	struct network_row *rows;
	size_t count;
	struct network_row *now; /* the one that is looked at */
	bool failed;
};

/* --- looking ------------------------------------------------------------------------------- */

/* Room for one more in an array of the arena; NULL when memory is short. */
static void *grow(struct view *view, void *array, size_t count, size_t size)
{
	void *grown = arena_grow(&view->arena, array, count, size);
	view->failed |= !grown;
	return grown;
}

static const struct plan_nic *nic_of(const struct network_member *member, const char *tap)
{
	for (size_t i = 0; i < member->nic_count; i++)
		if (strcmp(member->nics[i]->tap, tap) == 0)
			return member->nics[i];
	return NULL;
}

static int take_port(const struct link *link, void *context)
{
	struct view *view = context;
	for (size_t i = 0; link->master && i < view->count; i++) {
		struct network_row *row = &view->rows[i];
		if (!row->bridge_is_there || row->bridge.index != link->master)
			continue;
		struct tap *taps = grow(view, row->taps, row->tap_count, sizeof(*taps));
		if (!taps)
			return -ENOMEM;
		row->taps = taps;
		struct tap *tap = &taps[row->tap_count++];
		*tap = (struct tap){.nic = nic_of(row->member, link->name)};
		memcpy(tap->name, link->name, sizeof(tap->name));
	}
	return 0;
}

static int take_address(int index, const struct subnet *subnet, void *context)
{
	struct view *view = context;
	char text[ADDRESS_TEXT_BYTES];
	address_write(&subnet->address, text);
	for (size_t i = 0; i < view->count; i++) {
		struct network_row *row = &view->rows[i];
		if (!row->bridge_is_there || row->bridge.index != index)
			continue;
		const char **items = grow(view, row->addresses.items, row->addresses.count,
			sizeof(*row->addresses.items));
		const char *copy = arena_printf(&view->arena, "%s/%u", text, subnet->prefix);
		if (!items || !copy)
			return -ENOMEM;
		row->addresses.items = items;
		items[row->addresses.count++] = copy;
	}
	return 0;
}

static void take_lease(const struct lease *lease, void *context)
{
	struct view *view = context;
	struct network_row *row = view->now;
	struct held_lease *leases = grow(view, row->leases, row->lease_count, sizeof(*leases));
	if (!leases)
		return;
	row->leases = leases;
	leases[row->lease_count++] = (struct held_lease){
		.expires_sec = lease->expires_sec,
		.mac = arena_join(&view->arena, lease->mac, NULL),
		.address = arena_join(&view->arena, lease->address, NULL),
		.name = lease->name ? arena_join(&view->arena, lease->name, NULL) : NULL,
	};
}

static void look_at_units(const struct log *log, struct view *view)
{
	struct sd_bus *bus CLEANUP(bus_close) = NULL;
	struct error error;
	int r = bus_open(&bus, &error);
	for (size_t i = 0; r == 0 && i < view->count; i++) {
		struct network_row *row = &view->rows[i];
		struct unit_state state;
		char unit[128];
		snprintf(unit, sizeof(unit), "vm-network@%s.service", row->member->document->name);
		r = bus_unit_state(bus, unit, &state, &error);
		if (r == 0)
			memcpy(row->state, state.active, sizeof(row->state));
		snprintf(unit, sizeof(unit), "vm-dhcp@%s.service", row->member->document->name);
		if (r == 0)
			r = bus_unit_state(bus, unit, &state, &error);
		if (r == 0)
			memcpy(row->server, state.active, sizeof(row->server));
	}
	if (r < 0)
		log_line(log, LOG_LEVEL_WARNING, "%s", error.message);
}

static void look_at_links(const struct log *log, struct view *view)
{
	struct netlink *netlink CLEANUP(netlink_close) = NULL;
	struct error error;
	int r = netlink_open(&netlink, &error);
	for (size_t i = 0; r == 0 && i < view->count; i++) {
		struct network_row *row = &view->rows[i];
		struct error missing;
		row->bridge_is_there = row->member->document->network &&
				       link_find(netlink, row->member->document->network->bridge,
					       &row->bridge, &missing) == 0;
	}
	if (r == 0)
		r = links_each(netlink, take_port, view, &error);
	if (r == 0)
		r = addresses_each(netlink, take_address, view, &error);
	if (r < 0 && !view->failed)
		log_line(log, LOG_LEVEL_WARNING, "%s", error.message);
}

static void add_row(struct view *view, const struct network_member *member)
{
	struct network_row *rows = grow(view, view->rows, view->count, sizeof(*rows));
	if (!rows)
		return;
	view->rows = rows;
	rows[view->count++] = (struct network_row){
		.member = member,
		.spec = member->document->broken ? "broken" : "good",
		.state = "unknown",
		.server = "unknown",
	};
}

/* With a name, that network only. */
static void look(const struct log *log, const struct set *set, const char *name, struct view *view)
{
	for (size_t i = 0; i < set->network_count; i++) {
		const struct network_member *member = &set->networks[i];
		const char *own = member->document->name;
		if (own && set_find_network(set, own) == member &&
			(!name || strcmp(name, own) == 0))
			add_row(view, member);
	}
	look_at_units(log, view);
	look_at_links(log, view);
	for (size_t i = 0; i < view->count; i++) {
		view->now = &view->rows[i];
		view->now->lease_error =
			leases_each(view->now->member->document->name, take_lease, view);
	}
}

/* --- JSON ---------------------------------------------------------------------------------- */

static json_t *strings_json(const struct strings *strings)
{
	json_t *list = json_array();
	for (size_t i = 0; i < strings->count; i++)
		json_array_append_new(list, json_string(strings->items[i]));
	return list;
}

static json_t *taps_json(const struct network_row *row)
{
	json_t *list = json_array();
	for (size_t i = 0; i < row->tap_count; i++) {
		const struct plan_nic *nic = row->taps[i].nic;
		json_array_append_new(
			list, json_pack("{s:s, s:s?, s:s?, s:s?}", "name", row->taps[i].name, "vm",
				      nic ? nic->vm : NULL, "nic", nic ? nic->nic->part.name : NULL,
				      "mac", nic ? nic->mac : NULL));
	}
	return list;
}

static json_t *leases_json(const struct network_row *row)
{
	json_t *list = json_array();
	for (size_t i = 0; i < row->lease_count; i++) {
		const struct held_lease *lease = &row->leases[i];
		json_array_append_new(list,
			json_pack("{s:s, s:s, s:s?, s:o}", "address", lease->address, "mac",
				lease->mac, "name", lease->name, "expires",
				lease->expires_sec ? json_integer((json_int_t)lease->expires_sec)
						   : json_null()));
	}
	return list;
}

static json_t *row_json(const struct network_row *row)
{
	const struct document *document = row->member->document;
	const struct network *network = document->network;
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s?, s:s?, s:o, s:o, s:o, s:o}", "name",
		document->name, "spec", row->spec, "file", document->source->file, "state",
		row->state, "server", row->server, "bridge", network ? network->bridge : NULL,
		"uplink", network ? network->uplink : NULL, "mtu",
		row->bridge_is_there ? json_integer(row->bridge.mtu) : json_null(), "addresses",
		strings_json(&row->addresses), "taps", taps_json(row), "leases", leases_json(row));
}

/* One network by itself, several as a list. */
static int print_json(const struct view *view, bool one)
{
	json_t *value = one ? row_json(&view->rows[0]) : json_array();
	for (size_t i = 0; !one && i < view->count; i++)
		json_array_append_new(value, row_json(&view->rows[i]));
	char *text AUTO_FREE = json_dumps(value, JSON_INDENT(2));
	json_decref(value);
	return text && puts(text) >= 0 ? 0 : 1;
}

/* --- for people ---------------------------------------------------------------------------- */

static void join(const struct strings *strings, struct buf *buf)
{
	for (size_t i = 0; i < strings->count; i++)
		buf_printf(buf, "%s%s", i ? ", " : "", strings->items[i]);
}

static void write_cell(const void *context, size_t index, int column, struct buf *buf)
{
	const struct view *view = context;
	const struct network_row *row = &view->rows[index];
	const struct network *network = row->member->document->network;
	switch (column) {
	case 0:
		buf_puts(buf, row->member->document->name);
		break;
	case 1:
		buf_puts(buf, row->state);
		break;
	case 2:
		buf_puts(buf, row->spec);
		break;
	case 3:
		if (network && network->bridge)
			buf_puts(buf, network->bridge);
		break;
	case 4:
		join(&row->addresses, buf);
		break;
	case 5:
		buf_printf(buf, "%zu", row->tap_count);
		break;
	default:
		if (row->lease_error == 0)
			buf_printf(buf, "%zu", row->lease_count);
		break;
	}
}

static const char *choose_colour(const void *context, size_t index, int column)
{
	const struct view *view = context;
	const char *state = view->rows[index].state;
	if (column != 1)
		return "";
	return strcmp(state, "active") == 0   ? "\033[32m"
	       : strcmp(state, "failed") == 0 ? "\033[31m"
					      : "";
}

static void print_list(const struct view *view)
{
	static const char *const titles[] = {
		"NAME", "STATE", "SPEC", "BRIDGE", "ADDRESSES", "TAPS", "LEASES"};
	const struct table table = {
		.titles = titles,
		.columns = ARRAY_SIZE(titles),
		.rows = view->count,
		.cell = write_cell,
		.colour = choose_colour,
		.context = view,
	};
	table_print(&table);
}

static void print_leases(const struct network_row *row)
{
	if (row->lease_error == -EACCES)
		puts("leases     only root may read them");
	for (size_t i = 0; i < row->lease_count; i++) {
		const struct held_lease *lease = &row->leases[i];
		uint64_t now_sec = clock_usec(CLOCK_REALTIME) / USEC_SECOND;
		printf("%s  %-15s  %s  %s", i ? "         " : "leases   ", lease->address,
			lease->mac, lease->name ? lease->name : "-");
		if (!lease->expires_sec)
			puts("  for ever");
		else if (lease->expires_sec > now_sec)
			printf("  for %" PRIu64 " min\n", (lease->expires_sec - now_sec) / 60);
		else
			puts("  expired");
	}
}

static void print_one(const struct network_row *row)
{
	const struct document *document = row->member->document;
	const struct network *network = document->network;
	struct buf addresses CLEANUP(buf_done) = {0};
	join(&row->addresses, &addresses);
	printf("network    %s\n", document->name);
	if (network && network->description)
		printf("           %s\n", network->description);
	printf("spec       %s (%s)\n", document->source->file, row->spec);
	printf("state      %s\n", row->state);
	if (network && (network->dhcp || network->dns))
		printf("server     %s\n", row->server);
	if (network)
		printf("bridge     %s%s\n", network->bridge,
			row->bridge_is_there ? "" : " (not there)");
	if (row->bridge_is_there)
		printf("mtu        %u\n", row->bridge.mtu);
	if (network && network->uplink)
		printf("uplink     %s\n", network->uplink);
	if (addresses.length)
		printf("addresses  %s\n", buf_text(&addresses));
	for (size_t i = 0; i < row->tap_count; i++) {
		const struct plan_nic *nic = row->taps[i].nic;
		printf("%s  %-15s", i ? "         " : "taps     ", row->taps[i].name);
		if (nic)
			printf("  %s %s  %s", nic->vm, nic->nic->part.name, nic->mac);
		putchar('\n');
	}
	print_leases(row);
}

int verb_network(const struct log *log, int argc, char **argv)
{
	bool json = argc > 2 && strcmp(argv[argc - 1], "--json") == 0;
	int count = argc - json;
	bool list = count == 2 && strcmp(argv[1], "list") == 0;
	bool show = count == 3 && strcmp(argv[1], "show") == 0;
	if (!list && !show)
		return VERB_USAGE;
	const char *name = show ? argv[2] : NULL;
	struct collection collection CLEANUP(collection_done);
	int r = collect_directories(&collection);
	if (r < 0) {
		log_line(log, LOG_LEVEL_ERROR, "cannot read the specs: %s", strerror(-r));
		return 1;
	}
	struct view view = {0};
	int code = 0;
	look(log, &collection.set, name, &view);
	if (view.failed) {
		code = 1;
	} else if (show && !view.count) {
		struct buf text CLEANUP(buf_done) = {0};
		report_write_unknown(&collection.documents, KIND_NETWORK, name, &text);
		log_line(log, LOG_LEVEL_ERROR, "%s", buf_text(&text));
		code = 1;
	} else if (json) {
		code = print_json(&view, show);
	} else if (show) {
		print_one(&view.rows[0]);
	} else {
		print_list(&view);
	}
	arena_done(&view.arena);
	return code;
}
