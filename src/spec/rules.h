/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rules between keys of one document, checked after decoding. A rule is a row of conditions: the
 * document breaks it where all of them hold. The JSON Schema is made of the same rows. What such
 * rows cannot say (sums, counts, names that must be there) is code, and the schema leaves it to
 * vmlet.
 */
#pragma once

#include "spec/network.h"
#include "spec/node.h"
#include "spec/vm.h"

enum test {
	TEST_GIVEN,
	TEST_ABSENT,
	TEST_IS,     /* has that value, by default or not */
	TEST_IS_NOT, /* has another */
	TEST_BEGINS, /* is given and begins with it */
	TEST_ON,     /* is a truth value that is yes, by default or not */
	TEST_OFF,    /* is one that is no */
};

struct condition {
	const char *path; /* as in the reference: "boot.kernel", "disks.*.size"; NULL for none */
	enum test test;
	const char *value;
};

/* All conditions with a "*" are of one part, and of one mapping of parts. */
struct rule {
	const char *code;
	struct condition conditions[6];
	const char *at; /* where the caret stands: this key, or what is there of its path */
	const char *message;
	const char *hint; /* or NULL */
	bool fillable;	  /* a profile may bring what is missing */
};

struct rules {
	const struct rule *rows;
	size_t count;
};

/* The rules of a kind. A profile has a VM's. */
const struct rules *rules_of(enum kind kind);

/* Adds a diagnostic for each row that a document of that kind breaks. */
void rules_check_rows(enum kind kind, const struct node *document, struct diags *diags);

/* Add a diagnostic for each rule, row or not, that the VM or the network breaks. */
void rules_check_vm(const struct vm *vm, const struct node *document, struct diags *diags);
void rules_check_network(
	const struct network *network, const struct node *document, struct diags *diags);

/* The value at a path of a VM's tree, "*" standing for the part; NULL when it is not given. */
const struct node *rules_look_up(const struct node *document, const char *path, const char *part);

/* Where the caret stands for it: the value, or what is there of its path. */
struct place rules_place(const struct node *document, const char *path, const char *part);
