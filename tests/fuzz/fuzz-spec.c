/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any bytes as a spec, all the way to the drop-in. What is accepted must resolve to a spec that is
 * accepted and resolves to itself, its drop-in must hold only the directives that are due, and
 * QEMU's command line, read by systemd's rules, must be the arguments that were meant.
 */
#include <stdint.h>
#include <string.h>

#include "base/install.h"
#include "base/macros.h"
#include "emit/dropin.h"
#include "emit/network.h"
#include "emit/qemu.h"
#include "plan/set.h"
#include "spec/resolved.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
	struct arena arena;
	struct arena scratch;
	struct diags diags;
	struct documents documents;
	struct set set;
	struct source source;
};

static void load(struct world *world, const char *text, size_t size)
{
	*world = (struct world){.source = {"fuzz", text, size, 0}};
	if (documents_read(
		    &world->arena, &world->source, "fuzz", &world->diags, &world->documents) ||
		documents_check(&world->arena, &world->documents, &world->diags))
		abort();
}

static void load_set(struct world *world, const char *text, size_t size)
{
	load(world, text, size);
	if (set_check(&world->arena, &world->documents, &world->diags, &world->set))
		abort();
}

static void done(struct world *world)
{
	diags_done(&world->diags);
	arena_done(&world->scratch);
	arena_done(&world->arena);
}

static void check_resolved(const struct documents *documents, const struct document *document)
{
	struct buf first CLEANUP(buf_done) = {0};
	struct buf second CLEANUP(buf_done) = {0};
	struct world world;
	resolved_write(documents, document, false, &first);
	load(&world, first.data, first.length);
	const struct document *again = documents_find(&world.documents, KIND_VM, document->name);
	if (world.diags.errors || !again)
		abort();
	resolved_write(&world.documents, again, false, &second);
	if (strcmp(first.data, second.data) != 0)
		abort();
	done(&world);
}

/* A line that is neither continued nor a comment is "Name=value" or a section of ours. */
static void check_lines(const char *text)
{
	size_t sections = 0;
	for (bool continued = false; *text;) {
		size_t length = strcspn(text, "\n");
		if (text[length] != '\n')
			abort();
		bool backslash = length > 0 && text[length - 1] == '\\';
		bool section = !continued && text[0] == '[';
		if (section && strncmp(text, "[Unit]\n", 7) != 0 &&
			strncmp(text, "[Service]\n", 10) != 0)
			abort();
		if (!continued && length && !section && *text != '#' &&
			(*text < 'A' || *text > 'Z'))
			abort();
		sections += section;
		continued = backslash;
		text += length + 1;
	}
	if (sections != 2)
		abort();
}

/* Reads one argument of a command line as systemd.service(5), "Command lines" has it: quotes and
 * C-style escapes, then "%%", then "$$". Anything else that systemd would expand is a failure.
 * Returns what stands behind it; NULL at the line's end. */
static const char *read_argument(const char *at, struct buf *argument)
{
	buf_reset(argument);
	while (*at == ' ' || (at[0] == '\\' && at[1] == '\n'))
		at += *at == ' ' ? 1 : 2;
	if (*at == '\n')
		return NULL;
	char quote = '\0';
	for (; quote || (*at != ' ' && *at != '\n'); at++) {
		if (*at == '\n' || !*at)
			abort();
		if (*at == quote) {
			quote = '\0';
			continue;
		}
		if (!quote && (*at == '"' || *at == '\'')) {
			quote = *at;
			continue;
		}
		if (*at == ';' && !quote)
			abort();
		if (*at == '\\') {
			at++;
			if (*at != '"' && *at != '\\')
				abort();
		} else if (*at == '%' || *at == '$') {
			if (at[1] != *at)
				abort();
			at++;
		}
		buf_putc(argument, *at);
	}
	return at;
}

static const char *expect(const char *at, const char *meant, struct buf *argument)
{
	at = read_argument(at, argument);
	if (!at || strcmp(buf_text(argument), meant) != 0)
		abort();
	return at;
}

static void check_command(const struct plan *plan, const char *text)
{
	struct arena arena CLEANUP(arena_done) = {0};
	struct buf argument CLEANUP(buf_done) = {0};
	struct options options = {.arena = &arena};
	qemu_emit(plan, &options);
	const char *at = strstr(text, "\nExecStart=\nExecStart=");
	if (!at)
		abort();
	at = strstr(at, "/vmlet-run ") + strlen("/vmlet-run ");
	at = expect(at, plan->vm->name, &argument);
	at = expect(at, "--", &argument);
	at = expect(at, INSTALL_QEMU, &argument);
	for (size_t i = 0; i < options.count; i++) {
		at = expect(at, options.items[i].flag, &argument);
		if (options.items[i].value)
			at = expect(at, options.items[i].value, &argument);
	}
	if (read_argument(at, &argument))
		abort();
}

/* All arguments of all commands, of which one is as given (NULL: none in particular). */
static void check_commands(const char *text, const char *meant)
{
	struct buf argument CLEANUP(buf_done) = {0};
	bool found = !meant;
	for (const char *at; (at = strstr(text, "\nExecStart=/"));) {
		text = at + strlen("\nExecStart=");
		while ((at = read_argument(text, &argument))) {
			found |= meant && strcmp(buf_text(&argument), meant) == 0;
			text = at;
		}
	}
	if (!found)
		abort();
}

static void check_network(const struct world *world, const struct network_member *member)
{
	const struct network *network = member->document->network;
	struct buf text CLEANUP(buf_done) = {0};
	struct buf word CLEANUP(buf_done) = {0};
	if (network_emit_dropin(member, &world->documents, &text) < 0)
		abort();
	check_lines(text.data);
	buf_printf(&word, "bridge=%s", network->bridge);
	check_commands(text.data, buf_text(&word));
	buf_reset(&text);
	if (network_emit_server(member, &text) < 0)
		abort();
	check_lines(text.data);
	buf_reset(&word);
	buf_printf(&word, "--interface=%s", network->bridge);
	check_commands(text.data, buf_text(&word));
	buf_reset(&text);
	network_emit_resolve(member, &text);
	check_lines(text.data);
	check_commands(text.data, network->bridge);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world world;
	struct buf text CLEANUP(buf_done) = {0};
	load_set(&world, (const char *)data, size);
	for (size_t i = 0; i < world.diags.count; i++) {
		diag_write_line(&world.diags.items[i], &text);
		diag_write_full(&world.diags.items[i], true, &text);
	}
	for (size_t i = 0; i < world.set.count; i++) {
		const struct member *member = &world.set.items[i];
		if (member->document->broken)
			continue;
		arena_reset(&world.scratch);
		buf_reset(&text);
		if (dropin_emit(
			    &member->plan, "/etc/vmlet/fuzz.yaml", "/run", &world.scratch, &text))
			abort();
		check_lines(text.data);
		check_command(&member->plan, text.data);
		check_resolved(&world.documents, member->document);
	}
	for (size_t i = 0; i < world.set.network_count; i++)
		if (!world.set.networks[i].document->broken)
			check_network(&world, &world.set.networks[i]);
	done(&world);
	return 0;
}
