/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Spec files as documents, each judged: the way from text to VMs, networks and images. */
#pragma once

#include "spec/conf.h"
#include "spec/image.h"
#include "spec/kind.h"
#include "spec/network.h"
#include "spec/node.h"
#include "spec/vm.h"

/* One document of a spec file. */
struct document {
	const struct source *source;
	const struct node *tree;   /* as it stands in the file; NULL when it could not be read */
	const struct node *merged; /* with the keys of its profiles; NULL until composed */
	const struct node *shared; /* of a profile: what others take up of that; NULL until then */
	enum kind kind;
	const char *name;     /* NULL when it cannot be told */
	struct place place;   /* of its name, or of its first line */
	size_t index;	      /* among the documents, once sorted */
	bool broken;	      /* has errors: nothing below may be used */
	size_t *merge_budget; /* how many values the documents of its file may merge yet */
	bool visited;	      /* while profiles are followed */
	size_t first_diag;    /* its diagnostics: the first, and the one behind the last */
	size_t end_diag;
	/* one of these, by its kind; a profile's is as far as it goes */
	struct vm *vm;
	struct network *network;
	struct image *image;
};

/* All documents of a host, and what is true of all its VMs. */
struct documents {
	struct conf conf;
	struct document **items; /* once checked: by kind, then by name, unnamed ones last */
	size_t count;
};

/* Reads every document of a source and adds it. default_name is the first document's name when it
 * gives none (the file's name without ".yaml"). All is kept in the arena; the source must outlive
 * it. Mistakes in the YAML, and in what a document says of itself, go to diags. Returns -ENOMEM
 * when memory is short, else 0. */
int documents_read(struct arena *arena, const struct source *source, const char *default_name,
	struct diags *diags, struct documents *documents);

/* Adds a document of which no more is known than the file's name, for the diagnostic at that index.
 * Returns -ENOMEM when memory is short, else 0. */
int documents_add_unread(struct arena *arena, const struct source *source, const char *base_name,
	size_t diag, struct documents *documents);

/* Judges all documents that were added: sorts them, refuses the later of two of one kind and name,
 * lays VMs over their profiles, decodes, checks the rules. Returns -ENOMEM when memory is short,
 * else 0. */
int documents_check(struct arena *arena, struct documents *documents, struct diags *diags);

/* The document of that kind and name, whole or not; of several the first. NULL when there is none.
 */
struct document *documents_find(
	const struct documents *documents, enum kind kind, const char *name);

/* The name of a document of that kind that a mistyped one may have meant; NULL when none is near.
 */
const char *documents_nearest(const struct documents *documents, enum kind kind, const char *name);

/* Marks a document broken and adds the error that breaks it; what was told of it before stays told.
 */
void document_refuse(struct document *document, struct diags *diags, struct place place,
	const char *code, const char *hint, const char *format, ...) PRINTF_LIKE(6, 7);
