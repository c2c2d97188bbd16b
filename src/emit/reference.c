/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "emit/reference.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "spec/scalar.h"

#define PATH_BYTES 128

/* --- walking ------------------------------------------------------------------------------- */

struct walk {
	struct buf *buf;
	void (*visit)(struct walk *walk, const char *path, const struct key *key);
};

static void walk_table(struct walk *walk, const struct key_table *table, const char *above)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct key *key = &table->keys[i];
		char path[PATH_BYTES];
		snprintf(path, sizeof(path), "%s%s", above, key->name);
		walk->visit(walk, path, key);
		if (!key->below)
			continue;
		strncat(path, key->type == KEY_PARTS ? ".*." : ".",
			sizeof(path) - strlen(path) - 1);
		walk_table(walk, key->below, path);
	}
}

static void walk_kind(enum kind kind, struct buf *buf,
	void (*visit)(struct walk *walk, const char *path, const struct key *key))
{
	struct walk walk = {.buf = buf, .visit = visit};
	walk_table(&walk, kind_table(kind), "");
}

/* --- in words ------------------------------------------------------------------------------ */

static void write_bound(const struct key *key, uint64_t value, struct buf *buf)
{
	if (key->type == KEY_SIZE)
		scalar_write_size(value, buf);
	else if (key->type == KEY_SPAN)
		scalar_write_span(value, buf);
	else
		buf_printf(buf, "%" PRIu64, value);
}

static void write_choices(
	const struct choices *choices, const char *before, const char *behind, struct buf *buf)
{
	for (size_t i = 0; i < choices->count; i++)
		buf_printf(buf, "%s%s%s%s", i ? ", " : "", before, choices->names[i], behind);
}

static void write_bounds(const struct key *key, struct buf *buf)
{
	bool number = key->type == KEY_COUNT || key->type == KEY_SIZE || key->type == KEY_SPAN;
	if (key->type == KEY_LIST)
		buf_printf(buf, "%s of %s", key->single ? ", or one," : "",
			key_type_expects(key->item));
	if (key->type == KEY_PORTS)
		buf_printf(buf, ", each with %s", key_type_expects(key->item));
	if (number && key->min && key->max) {
		buf_puts(buf, "; from ");
		write_bound(key, key->min, buf);
		buf_puts(buf, " to ");
		write_bound(key, key->max, buf);
	} else if (number && key->min) {
		buf_puts(buf, "; not 0");
	} else if (key->max) {
		bool many =
			key->type == KEY_LIST || key->type == KEY_PARTS || key->type == KEY_PORTS;
		buf_printf(
			buf, "; at most %" PRIu64 " %s", key->max, many ? "of them" : "characters");
	}
	if (key->scalar_for)
		buf_printf(buf, "; a plain value is its %s", key->scalar_for);
}

/* What a key takes, choices set between two texts. */
static void write_type(
	const struct key *key, const char *before, const char *behind, struct buf *buf)
{
	if (key->choices)
		write_choices(key->choices, before, behind, buf);
	else
		buf_puts(buf, key_type_expects(key->type));
	write_bounds(key, buf);
}

/* --- lists --------------------------------------------------------------------------------- */

static void visit_path(struct walk *walk, const char *path, const struct key *key)
{
	(void)key;
	buf_printf(walk->buf, "%s\n", path);
}

void reference_write_paths(enum kind kind, struct buf *buf)
{
	walk_kind(kind, buf, visit_path);
}

static void visit_line(struct walk *walk, const char *path, const struct key *key)
{
	buf_printf(walk->buf, "%-24s %s\n", path, key->summary);
}

void reference_write_list(enum kind kind, struct buf *buf)
{
	buf_printf(
		buf, "kind: %s\n%s\n\n", choice_name(&kind_names, (int)kind), kind_summary(kind));
	walk_kind(kind, buf, visit_line);
}

/* --- one key ------------------------------------------------------------------------------- */

struct sought {
	const struct key *key;
	const struct key_table *table; /* where the word was not found */
	char path[PATH_BYTES];
	char word[PATH_BYTES];
};

static bool find_row(enum kind kind, const char *path, struct sought *sought)
{
	const struct key_table *table = kind_table(kind);
	bool part = false;
	*sought = (struct sought){.table = table};
	while (*path) {
		size_t length = strcspn(path, ".");
		snprintf(sought->word, sizeof(sought->word), "%.*s", (int)length, path);
		path += length + (path[length] == '.');
		size_t used = strlen(sought->path);
		snprintf(sought->path + used, sizeof(sought->path) - used, "%s%s", used ? "." : "",
			part ? "*" : sought->word);
		if (part) {
			part = false;
			continue;
		}
		sought->table = table;
		sought->key = table ? key_find(table, sought->word) : NULL;
		if (!sought->key)
			return false;
		table = sought->key->below;
		part = sought->key->type == KEY_PARTS;
	}
	return sought->key != NULL;
}

int reference_write_key(enum kind kind, const char *path, struct buf *buf)
{
	struct sought sought;
	if (!find_row(kind, path, &sought)) {
		const char *near = sought.table ? key_nearest(sought.table, sought.word) : NULL;
		if (near)
			buf_printf(buf, "did you mean '%s'?", near);
		return -ENOENT;
	}
	const struct key *key = sought.key;
	buf_printf(buf, "%s\n  %s\n\n  takes    ", sought.path, key->summary);
	write_type(key, "", "", buf);
	buf_printf(buf, "\n  default  %s\n  example  %s: %s\n",
		key->fallback ? key->fallback : "none", key->name, key->example);
	if (key->required)
		buf_puts(buf, "  It must be given where its mapping is.\n");
	if (key->below) {
		buf_puts(buf, "\n");
		struct walk walk = {.buf = buf, .visit = visit_line};
		char above[PATH_BYTES + 4];
		snprintf(above, sizeof(above), "%s%s", sought.path,
			key->type == KEY_PARTS ? ".*." : ".");
		walk_table(&walk, key->below, above);
	}
	return 0;
}

/* --- Markdown ------------------------------------------------------------------------------ */

static void visit_markdown(struct walk *walk, const char *path, const struct key *key)
{
	buf_printf(walk->buf, "| `%s` | ", path);
	write_type(key, "`", "`", walk->buf);
	if (key->required)
		buf_puts(walk->buf, "; must be given");
	buf_puts(walk->buf, " | ");
	if (key->fallback)
		buf_printf(walk->buf, "`%s`", key->fallback);
	buf_printf(walk->buf, " | `%s` | %s |\n", key->example, key->summary);
}

void reference_write_markdown(struct buf *buf)
{
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		buf_printf(buf, "### `kind: %s`\n\n%s\n", choice_name(&kind_names, kind),
			kind_summary((enum kind)kind));
		if (kind == KIND_PROFILE) {
			buf_puts(buf, "It has the keys of a VM.\n\n");
			continue;
		}
		buf_puts(buf,
			"\n| key | takes | default | example | |\n| --- | --- | --- | --- | --- "
			"|\n");
		walk_kind((enum kind)kind, buf, visit_markdown);
		buf_putc(buf, '\n');
	}
}

/* --- mdoc ---------------------------------------------------------------------------------- */

/* Text that no macro or escape is seen in (mdoc(7), "Language syntax"). */
static void write_roff(const char *text, struct buf *buf)
{
	if (*text == '.' || *text == '\'')
		buf_puts(buf, "\\&");
	for (; *text; text++)
		if (*text == '\\')
			buf_puts(buf, "\\e");
		else
			buf_putc(buf, *text);
}

static void visit_mdoc(struct walk *walk, const char *path, const struct key *key)
{
	struct buf type CLEANUP(buf_done) = {0};
	write_type(key, "", "", &type);
	buf_printf(walk->buf, ".It Sy %s\n", path);
	write_roff(key->summary, walk->buf);
	buf_puts(walk->buf, "\n.br\nTakes ");
	write_roff(buf_text(&type), walk->buf);
	if (key->required)
		buf_puts(walk->buf, "; must be given");
	buf_putc(walk->buf, '.');
	if (key->fallback)
		buf_printf(walk->buf, "\nDefault: %s.", key->fallback);
	buf_puts(walk->buf, "\n.br\nExample:\n.Ql \"");
	for (const char *at = key->example; *at; at++)
		if (*at == '"')
			buf_puts(walk->buf, "\\(dq");
		else if (*at == '\\')
			buf_puts(walk->buf, "\\e");
		else
			buf_putc(walk->buf, *at);
	buf_puts(walk->buf, "\"\n");
}

void reference_write_mdoc(struct buf *buf)
{
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		buf_printf(buf, ".Ss kind: %s\n", choice_name(&kind_names, kind));
		write_roff(kind_summary((enum kind)kind), buf);
		if (kind == KIND_PROFILE) {
			buf_puts(buf, "\nIt has the keys of a VM.\n");
			continue;
		}
		buf_puts(buf, "\n.Bl -tag -width Ds\n");
		walk_kind((enum kind)kind, buf, visit_mdoc);
		buf_puts(buf, ".El\n");
	}
}
