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
	struct arena scratch;
	struct diags diags;
	struct set set;
};

/* Adds a file's text. It, and the name, must outlive the fixture. */
static inline struct loaded fixture_load(
	struct fixture *fixture, const char *name, const char *text, size_t length)
{
	struct source *source = arena_alloc(&fixture->arena, sizeof(*source));
	struct loaded loaded = {0};
	assert_non_null(source);
	*source = (struct source){name, text, length};
	assert_int_equal(load_source(&fixture->arena, &fixture->scratch, source, name,
				 &fixture->diags, &loaded),
		0);
	assert_int_equal(set_add(&fixture->arena, &fixture->set, source, &loaded), 0);
	return loaded;
}

/* Loads one file named "web" and returns its first VM. */
static inline const struct vm *fixture_vm(struct fixture *fixture, const char *text)
{
	return &fixture_load(fixture, "web", text, strlen(text)).items[0].vm;
}

static inline void fixture_check(struct fixture *fixture)
{
	assert_int_equal(set_check(&fixture->arena, &fixture->set, &fixture->diags), 0);
}

static inline void fixture_done(struct fixture *fixture)
{
	diags_done(&fixture->diags);
	arena_done(&fixture->scratch);
	arena_done(&fixture->arena);
}

/* Whether the text is refused with that code at that place, as its first error. */
static inline void assert_refused_bytes(
	const char *text, size_t length, const char *code, uint32_t line, uint32_t column)
{
	struct fixture fixture = {0};
	fixture_load(&fixture, "web", text, length);
	if (!fixture.diags.errors)
		fail_msg("accepted: %s", text);
	const struct diag *diag = &fixture.diags.items[0];
	assert_string_equal(diag->code, code);
	assert_int_equal(diag->place.line, line);
	assert_int_equal(diag->place.column, column);
	assert_true(fixture.set.items[0].loaded->broken);
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
