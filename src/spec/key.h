/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The key table: each key of the language is one row, and a row is all that anything generic
 * (decoding, checking, defaults, encoding, documentation) knows of it. This header gives the shape
 * of a row and what values look like in memory.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/choice.h"
#include "base/diag.h"

enum key_type {
	/* scalars                   in memory */
	KEY_BOOL,	/*            bool */
	KEY_COUNT,	/*            uint64_t */
	KEY_SIZE,	/*            uint64_t, bytes */
	KEY_SPAN,	/*            uint64_t, microseconds; SPAN_INFINITE */
	KEY_CHOICE,	/*            int, an index into the row's choices */
	KEY_NAME,	/*            const char *; of a VM, an image, a part */
	KEY_LINE,	/*            const char *; one line of text */
	KEY_TEXT,	/*            const char *; any text */
	KEY_PATH,	/*            const char *; absolute */
	KEY_MAC,	/*            const char *; normalised */
	KEY_INTERFACE,	/*            const char *; of a network interface */
	KEY_CPU_MODEL,	/*            const char *; QEMU's -cpu */
	KEY_RATE,	/*            uint64_t, bits a second */
	KEY_SUBNET,	/*            const char *; address and prefix */
	KEY_ADDRESS,	/*            const char *; IPv4 */
	KEY_ADDRESSES,	/*            const char *; from one IPv4 address to another */
	KEY_VLANS,	/*            const char *; a VLAN ID, or from one to another */
	KEY_ENDPOINT,	/*            const char *; a VM's port */
	KEY_URI,	/*            const char *; a disk on the network */
	KEY_CREDENTIAL, /*           const char *; a credential's name, or the path of its file */
	KEY_URL,	/*            const char *; https, http or file */
	KEY_DIGEST,	/*            const char *; as many hexadecimal digits as the row's max */
	/* collections */
	KEY_LIST,     /*             struct strings; each of the row's item type */
	KEY_SETTINGS, /*             struct settings; systemd directives */
	KEY_PORTS,    /*             struct settings; ports of the host, each to the row's item */
	KEY_GROUP,    /*             the struct of the row's keys, in place */
	KEY_PARTS,    /*             struct parts; a mapping by name */
	KEY_TYPE_COUNT,
};

/* What another value of a key means for a VM that runs. */
enum change_class {
	CHANGE_RESTART,	 /* it comes with the VM's next start */
	CHANGE_LIVE,	 /* it comes while the guest runs */
	CHANGE_GROW,	 /* so it does when it is more; less is forbidden */
	CHANGE_RECREATE, /* what is there stays as it is, and what is made anew has it */
	CHANGE_FORBIDDEN,
	CHANGE_CLASS_COUNT,
};

struct key;

/* The keys of one mapping and the struct that holds their values. */
struct key_table {
	const struct key *keys;
	size_t count;
	size_t struct_size;
};

struct key {
	const char *name;
	enum key_type type;
	size_t offset;	     /* in the struct of the table the row stands in */
	const char *summary; /* one sentence */
	const char *example;
	const char
		*fallback; /* the value when the key is absent, as YAML writes it; NULL for none */
	uint64_t min;	   /* of a number; 0 for none */
	uint64_t max;	   /* of a number, of a text's characters, of how many items or parts */
	const struct choices *choices;
	enum key_type item;	       /* what a list holds, or what ports lead to */
	const struct key_table *below; /* the keys of a group or of each part */
	const char *scalar_for;	  /* the key below that a plain scalar stands for; NULL for none */
	enum key_type names;	  /* of parts: KEY_NAME (also 0), or KEY_CREDENTIAL */
	enum change_class change; /* of a value; of parts, when one comes or goes */
	bool required;		  /* where its mapping stands, it must, too */
	bool composing; /* says how documents are put together: not part of a resolved spec */
	bool single;	/* a plain value is a list of one */
	bool empty;	/* a group that says something without keys: its struct begins with a bool
			   that is true where it is given */
};

struct strings {
	const char **items;
	size_t count;
};

/* A systemd directive, of which one that is given as a list stands several times; or a port. */
struct setting {
	const char *name;
	const char *value;
};

struct settings {
	struct setting *items;
	size_t count;
};

/* What each part (a disk, a nic) begins with. */
struct part {
	const char *name;
	struct place place;
};

struct parts {
	void *items; /* an array of structs that begin with struct part, in the order of the file */
	size_t count;
};

/* What a value of that type is, for "takes ...". */
const char *key_type_expects(enum key_type type);

/* The row with that name, or NULL. */
const struct key *key_find(const struct key_table *table, const char *name);

/* How many edits (insert, delete, replace, swap neighbours) make one word of the other; SIZE_MAX
 * for words that are too long to be typed wrongly. */
size_t key_distance(const char *a, const char *b);

/* The name in the table nearest to a mistyped one, or NULL when none is near. */
const char *key_nearest(const struct key_table *table, const char *name);

/* The part at an index. */
static inline void *part_at(const struct parts *parts, const struct key_table *below, size_t index)
{
	return (char *)parts->items + index * below->struct_size;
}
