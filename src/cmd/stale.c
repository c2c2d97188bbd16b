/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/stale.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "emit/network.h"
#include "host/bus.h"

#define STARTED_ROOT "/run/vmlet/network"
#define UNIT_BYTES (NAME_LENGTH_MAX + sizeof("vm-network@.service"))
#define BYTES_MAX ((size_t)1024 * 1024)
/* "PROGRAM", "start", "NETWORK" */
#define WORDS_BEFORE 3

static int read_path(const char *path, struct buf *text)
{
	int fd AUTO_CLOSE = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : file_read_fd(fd, BYTES_MAX, text);
}

/* The words that are the network's own: interfaces have theirs from their VM's start, and
 * vmlet-network keeps one of its own. */
static void keep_own(const char *words, struct buf *own)
{
	while (*words) {
		size_t length = strcspn(words, "\n") + 1;
		bool other = strncmp(words, "nic=", 4) == 0 ||
			     strncmp(words, "uplink-was-down=", 16) == 0;
		if (!other)
			buf_add(own, words, length);
		words += length;
	}
}

static bool started_with(const char *network, const char *words)
{
	char path[sizeof(STARTED_ROOT) + NAME_LENGTH_MAX + sizeof("//started")];
	struct buf text CLEANUP(buf_done) = {0};
	struct buf started CLEANUP(buf_done) = {0};
	struct buf wanted CLEANUP(buf_done) = {0};
	snprintf(path, sizeof(path), STARTED_ROOT "/%s/started", network);
	if (read_path(path, &text) < 0)
		return false;
	keep_own(buf_text(&text), &started);
	keep_own(words, &wanted);
	return buf_error(&started) == 0 && buf_error(&wanted) == 0 &&
	       strcmp(buf_text(&started), buf_text(&wanted)) == 0;
}

/* A process that goes on as it was started. */
static bool runs_with(pid_t pid, const struct buf *command)
{
	char path[64];
	struct buf text CLEANUP(buf_done) = {0};
	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	if (read_path(path, &text) < 0 || !text.length || text.length != command->length)
		return false;
	for (size_t i = 0; i < text.length; i++)
		if (!text.data[i])
			text.data[i] = '\n';
	return memcmp(text.data, buf_text(command), text.length) == 0;
}

static const char *skip_words(const char *words)
{
	for (int i = 0; i < WORDS_BEFORE; i++) {
		const char *end = strchr(words, '\n');
		words = end ? end + 1 : words + strlen(words);
	}
	return words;
}

static int is_stale(
	struct sd_bus *bus, const char *unit, const char *network, bool server, struct error *error)
{
	struct buf command CLEANUP(buf_done) = {0};
	struct unit_state state;
	int r = bus_unit_state(bus, unit, &state, error);
	if (r < 0 || strcmp(state.active, "active") != 0)
		return r;
	r = bus_unit_command(bus, unit, &command, error);
	if (r < 0)
		return r;
	return server ? !runs_with(state.main_pid, &command)
		      : !started_with(network, skip_words(buf_text(&command)));
}

static int look_at(struct arena *arena, struct sd_bus *bus, const struct network *network,
	struct strings *units, struct error *error)
{
	static const char *const prefixes[] = {"vm-network", "vm-dhcp"};
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		char unit[UNIT_BYTES];
		bool server = i > 0;
		if (server && !network_has_server(network))
			continue;
		snprintf(unit, sizeof(unit), "%s@%s.service", prefixes[i], network->name);
		int r = is_stale(bus, unit, network->name, server, error);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		units->items = arena_grow(arena, units->items, units->count, sizeof(*units->items));
		const char *name = arena_dup(arena, unit, strlen(unit));
		if (!units->items || !name)
			return error_set(error, ENOMEM, "not enough memory");
		units->items[units->count++] = name;
	}
	return 0;
}

int stale_units(struct arena *arena, struct sd_bus *bus, const struct set *set,
	struct strings *ret_units, struct error *error)
{
	struct strings units = {0};
	int r = 0;
	for (size_t i = 0; r == 0 && i < set->network_count; i++) {
		const struct document *document = set->networks[i].document;
		if (!document->broken && document->name)
			r = look_at(arena, bus, document->network, &units, error);
	}
	*ret_units = units;
	return r;
}
