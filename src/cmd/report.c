/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/report.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cmd/verbs.h"

static json_t *diag_json(const struct diag *diag)
{
	const struct place *place = &diag->place;
	/* A file's name may hold any bytes; JSON is UTF-8. */
	json_t *file = place->source ? json_string(place->source->file) : json_null();
	json_t *message = json_string(diag->message);
	return json_pack("{s:o, s:i, s:i, s:i, s:s, s:s, s:o, s:s?}", "file",
		file ? file : json_null(), "line", (int)place->line, "column", (int)place->column,
		"end-column", (int)place->end_column, "severity", severity_name(diag->severity),
		"code", diag->code, "message", message ? message : json_string("(not UTF-8)"),
		"hint", diag->hint);
}

static void print_text(const struct diag *diag)
{
	struct buf text CLEANUP(buf_done) = {0};
	diag_write_full(diag, wants_colour(STDERR_FILENO), &text);
	fputs(buf_text(&text), stderr);
}

static int print_json(json_t *list)
{
	char *text AUTO_FREE = json_dumps(list, JSON_INDENT(2));
	json_decref(list);
	if (!text)
		return -ENOMEM;
	puts(text);
	return 0;
}

/* Whether a diagnostic is of one of these VMs. */
static bool is_of(const struct set *set, char *const *names, size_t count, size_t diag)
{
	for (size_t i = 0; i < count; i++) {
		const struct member *member = set_find(set, names[i]);
		if (member && diag >= member->document->first_diag &&
			diag < member->document->end_diag)
			return true;
	}
	return false;
}

int report_diags(const struct report *report, struct collection *collection, char *const *names,
	size_t count)
{
	const struct diags *diags = &collection->diags;
	const struct diag **ordered = diags_in_order(diags, &collection->arena);
	json_t *list = report->json ? json_array() : NULL;
	int errors = 0;
	if (!ordered)
		return -ENOMEM;
	for (size_t i = 0; i < diags->count; i++) {
		struct diag diag = *ordered[i];
		size_t index = (size_t)(ordered[i] - diags->items);
		if (count && diag.severity != SEVERITY_WARNING &&
			!is_of(&collection->set, names, count, index))
			continue;
		if (report->strict && diag.severity == SEVERITY_WARNING)
			diag.severity = SEVERITY_ERROR;
		errors += diag.severity == SEVERITY_ERROR;
		if (report->json)
			json_array_append_new(list, diag_json(&diag));
		else
			print_text(&diag);
	}
	if (report->json && print_json(list) < 0)
		return -ENOMEM;
	return errors;
}

void report_write_unknown(
	const struct documents *documents, enum kind kind, const char *name, struct buf *buf)
{
	const char *separator = "";
	const char *what = kind == KIND_VM ? "spec" : choice_name(&kind_names, (int)kind);
	buf_printf(buf, "no %s named %s; known: ", what, name);
	for (size_t i = 0; i < documents->count; i++) {
		const struct document *other = documents->items[i];
		if (other->kind != kind || !other->name)
			continue;
		buf_printf(buf, "%s%s", separator, other->name);
		separator = ", ";
	}
	if (!*separator)
		buf_puts(buf, "none");
}
