/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every unit test needs: cmocka, and specs from text. */
#pragma once

/* cmocka.h wants these before it, in any order. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>

#include "plan/set.h"

/* Specs of one or more files, loaded and checked together. */
struct fixture {
	struct arena arena;
	struct diags diags;
	struct documents documents;
	struct set set;
	size_t files;
};

/* Adds a file's text. It, and the name, must outlive the fixture. */
static inline void fixture_add(
	struct fixture *fixture, const char *name, const char *text, size_t length)
{
	struct source *source = arena_alloc(&fixture->arena, sizeof(*source));
	assert_non_null(source);
	*source = (struct source){name, text, length, fixture->files++};
	assert_int_equal(
		documents_read(&fixture->arena, source, name, &fixture->diags, &fixture->documents),
		0);
}

/* Judges all files that were added. */
static inline void fixture_check(struct fixture *fixture)
{
	assert_int_equal(documents_check(&fixture->arena, &fixture->documents, &fixture->diags), 0);
	assert_int_equal(
		set_check(&fixture->arena, &fixture->documents, &fixture->diags, &fixture->set), 0);
}

/* Loads one file named "web" and returns its first VM; NULL when it is broken. */
static inline const struct vm *fixture_vm(struct fixture *fixture, const char *text)
{
	fixture_add(fixture, "web", text, strlen(text));
	fixture_check(fixture);
	assert_true(fixture->documents.count > 0);
	return fixture->documents.items[0]->broken ? NULL : fixture->documents.items[0]->vm;
}

static inline void fixture_done(struct fixture *fixture)
{
	diags_done(&fixture->diags);
	arena_done(&fixture->arena);
}

/* Whether the text is refused with that code at that place, as its first error. */
static inline void assert_refused_bytes(
	const char *text, size_t length, const char *code, uint32_t line, uint32_t column)
{
	struct fixture fixture = {0};
	fixture_add(&fixture, "web", text, length);
	fixture_check(&fixture);
	if (!fixture.diags.errors)
		fail_msg("accepted: %s", text);
	const struct diag *diag = &fixture.diags.items[0];
	assert_string_equal(diag->code, code);
	assert_int_equal(diag->place.line, line);
	assert_int_equal(diag->place.column, column);
	assert_true(fixture.documents.items[0]->broken);
	fixture_done(&fixture);
}

static inline void assert_refused(
	const char *text, const char *code, uint32_t line, uint32_t column)
{
	assert_refused_bytes(text, strlen(text), code, line, column);
}

static inline void assert_accepted(const char *text)
{
	struct fixture fixture = {0};
	fixture_vm(&fixture, text);
	if (fixture.diags.count)
		fail_msg("refused: %s: %s", text, fixture.diags.items[0].message);
	fixture_done(&fixture);
}
