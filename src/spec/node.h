/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * YAML text as an owned tree in which each value knows its place. The strict subset that specs are
 * written in: no anchors, aliases, merge keys or tags of one's own, scalar keys only, no key twice.
 */
#pragma once

#include "base/arena.h"
#include "base/diag.h"

#define SPEC_BYTES_MAX ((size_t)1024 * 1024)
#define SPEC_DEPTH_MAX 64
#define SPEC_NODES_MAX 20000
#define SPEC_KEYS_MAX 1024
#define SPEC_ERRORS_MAX 50

enum node_kind {
	NODE_SCALAR,
	NODE_SEQUENCE,
	NODE_MAPPING,
};

/* Small, as all specs of a host are in memory at once. */
struct node {
	struct place place;
	struct node *key;  /* the scalar that this value stands under in a mapping */
	struct node *next; /* in the same collection, or the next document */
	union {
		struct { /* a scalar's value: UTF-8 without NUL */
			const char *text;
			size_t length;
		};
		struct { /* a collection's values */
			struct node *first;
			struct node *last;
		};
	};
	uint32_t count; /* of those */
	uint8_t kind;	/* enum node_kind */
	bool plain;	/* a scalar without quotes */
};

/* The documents of one text (YAML 1.2, 9.2). */
struct stream {
	struct node *first;
	bool incomplete; /* the last document ends at an error */
};

/* Parses a text into documents that live in the arena; their places point into the source. What is
 * wrong with the text goes to diags; what was read before that is still returned. Returns -ENOMEM
 * when memory is short, else 0. */
int node_parse(struct arena *arena, const struct source *source, struct diags *diags,
	struct stream *ret_stream);

/* Puts a node, which is in none, at the end of a collection. */
void node_append(struct node *parent, struct node *node);

/* The value under a key of a mapping; NULL when there is none, or no mapping. */
const struct node *node_get(const struct node *mapping, const char *key);

/* Where the key of a value stands; the value's own place in a list. */
struct place node_key_place(const struct node *node);

/* Whether a scalar stands for "no value" in YAML's core schema (YAML 1.2, 10.3): empty, ~, null. */
bool node_is_null(const struct node *node);

/* Whether a scalar is one that YAML's core schema takes for a number or a truth value: other
 * readers of the file do not see a text there. */
bool node_is_number(const struct node *node);
bool node_is_bool(const struct node *node);
