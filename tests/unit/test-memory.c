/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory that is short: each allocation on the way from text to units fails once, libyaml's
 * included, and the end is always an error that says so, with everything given back. The arena is
 * built here so that each of its objects is an allocation of its own. As this interposes malloc(3),
 * like ASan, it is not built with that: it counts leaks by itself.
 */
#define ARENA_CHUNK_BYTES ((size_t)1)
#define ARENA_CHUNK_BYTES_MAX ARENA_CHUNK_BYTES
#include "../../src/base/arena.c"

#include "test.h"

#include "emit/dropin.h"
#include "emit/network.h"
#include "plan/warnings.h"
#include "spec/resolved.h"

/* glibc's own, below the interposed ones. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *pointer, size_t size);
extern void __libc_free(void *pointer);

static struct {
	bool counting;
	long made;
	long failing; /* the one that fails, from 0; -1 for none */
	long live;
} memory;

static __attribute__((noinline)) bool fails(void)
{
	return memory.counting && memory.made++ == memory.failing;
}

static void *counted(void *pointer)
{
	memory.live += memory.counting && pointer;
	return pointer;
}

void *malloc(size_t size)
{
	return fails() ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : counted(__libc_calloc(count, size));
}

void *realloc(void *pointer, size_t size)
{
	if (fails())
		return NULL;
	return pointer ? __libc_realloc(pointer, size) : counted(__libc_realloc(NULL, size));
}

void free(void *pointer)
{
	memory.live -= memory.counting && pointer;
	__libc_free(pointer);
}

static bool no_file(const char *path)
{
	(void)path;
	return false;
}

/* Everything that a program does with specs. Returns 0, or -ENOMEM when anyone said so. */
static int do_all(const char *text, size_t *ret_errors)
{
	struct fixture fixture = {0};
	struct buf buf = {0};
	const struct source source = {"web", text, strlen(text), 0};
	const struct host_facts facts = {.memory_bytes = 1, .cpu_count = 1, .file_exists = no_file};
	int r = documents_read(&fixture.arena, &source, "web", &fixture.diags, &fixture.documents);
	if (r == 0)
		r = documents_check(&fixture.arena, &fixture.documents, &fixture.diags);
	if (r == 0)
		r = set_check(&fixture.arena, &fixture.documents, &fixture.diags, &fixture.set);
	for (size_t i = 0; r == 0 && i < fixture.set.count; i++) {
		const struct member *member = &fixture.set.items[i];
		r = warnings_check(member, &facts, &fixture.diags);
		if (r < 0 || member->document->broken)
			continue;
		r = dropin_emit(&member->plan, "web", "/run", &fixture.arena, &buf);
		resolved_write(&fixture.documents, member->document, true, &buf);
	}
	for (size_t i = 0; r == 0 && i < fixture.set.network_count; i++) {
		const struct network_member *member = &fixture.set.networks[i];
		if (member->document->broken)
			continue;
		r = network_emit_dropin(member, &fixture.documents, &buf);
		if (r == 0)
			r = network_emit_server(member, &buf);
		network_emit_resolve(member, &buf);
	}
	const struct diag **ordered = diags_in_order(&fixture.diags, &fixture.arena);
	for (size_t i = 0; ordered && i < fixture.diags.count; i++)
		diag_write_full(ordered[i], true, &buf);
	if (r == 0 && (!ordered || buf_error(&buf) < 0 || fixture.diags.out_of_memory))
		r = -ENOMEM;
	*ret_errors = fixture.diags.errors;
	buf_done(&buf);
	fixture_done(&fixture);
	return r;
}

static void fail_each(const char *text, size_t errors)
{
	for (long failing = -1;; failing++) {
		size_t found = 0;
		memory.made = 0;
		memory.live = 0;
		memory.failing = failing;
		memory.counting = true;
		int r = do_all(text, &found);
		memory.counting = false;
		if (memory.live != 0)
			fail_msg("%ld leaked when allocation %ld failed", memory.live, failing);
		if (failing < 0 || memory.made <= failing) {
			assert_int_equal(r, 0);
			assert_int_equal(found, errors);
		} else if (r != -ENOMEM) {
			fail_msg("allocation %ld failed, and the end was %d", failing, r);
		}
		if (failing >= 0 && memory.made <= failing)
			return;
	}
}

static void good_specs(void **state)
{
	(void)state;
	fail_each("profiles: [small]\n"
		  "description: \"a%\"\n"
		  "disks: {root: {image: debian}, data: 1GiB, cd: {cdrom: \"/a,b.iso\"}}\n"
		  "nics: {lan: {network: lan, address: 10.1.0.5, trunk: []}, u: {user: {forwards: "
		  "{tcp/22: 22}}}, a-very-long-name: {bridge: br0, mac: "
		  "52-54-00-00-00-01}}\n"
		  "boot: {order: [root, lan]}\n"
		  "cloud-init: {user-data: \"x\\ny\\n\"}\n"
		  "service: {CPUWeight: 1, Environment: [A=1, B=2]}\n"
		  "depends-on: [db]\n"
		  "qemu-args: [-device, \"a b\"]\n"
		  "---\nname: db\n"
		  "---\nkind: profile\nname: small\ncpus: 2\ndisks: {root: 1GiB}\nprofiles: "
		  "[default]\n"
		  "---\nkind: profile\nname: default\nservice: {Nice: 1}\n"
		  "---\nkind: network\nname: lan\nbridge: br-lan\naddresses: "
		  "[10.1.0.1/24, fd00::1/64]\nnat: yes\ndhcp: yes\ndns: yes\n"
		  "ports: {tcp/80: web:80, tcp/81: nope:81}\n"
		  "---\nkind: image\nname: debian\npath: /d.qcow2\n",
		0);
}

static void bad_specs(void **state)
{
	(void)state;
	fail_each("memroy: 1GiB\nmemory: 5\ncpus: {count: 0, topology: {sockets: 1}}\n"
		  "machine: pcx\nname: 1\nfirmware: uefi\nservice: {a: 1}\nqemu-args: [[a]]\n"
		  "---\nname: a\ndepends-on: [b]\n---\nname: b\ndepends-on: [a, c]\n"
		  "---\nname: b\n---\nname: d\nprofiles: [p, q]\n"
		  "---\nkind: profile\nname: p\nprofiles: [p]\n"
		  "---\nname: e\nnics: {a: {network: n}, c: {bridge: x, mac: 52:54:00:00:00:01}}\n"
		  "---\nname: f\nnics: {c: {bridge: x, mac: 52:54:00:00:00:01}}\n"
		  "---\nname: g\nnics: {c: {bridge: x, mac: 52:54:00:00:00:01}}\n"
		  "---\nname: h\ndisks: {a: {cdrom: /x, size: 1GiB}, b: 1GiB}\nnics: {b: br0}\n"
		  "boot: {order: [z, b, b]}\ncpus: {count: 3, topology: {sockets: 1, cores: 1, "
		  "threads: 1}}\n"
		  "---\nmemory: 1GiB\n"
		  "---\nkind: network\nname: i\nbridge: b\nisolated: yes\nuplink: c\n"
		  "---\nkind: network\nname: j\nbridge: c\naddresses: 10.1.0.1/24\n"
		  "---\nkind: network\nname: k\nbridge: d\naddresses: 10.1.0.2/8\n"
		  "---\nname: l\nnics: {a: {network: j, address: 10.2.0.1, vlan: 5}}\n",
		26);
}

static void texts_that_are_not_yaml(void **state)
{
	(void)state;
	fail_each("memory: \"open\n", 1);
	fail_each("a: &b c\n", 1);
	fail_each("a: 1\na: 1\n", 1);
	fail_each("\xff", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_specs),
		cmocka_unit_test(bad_specs),
		cmocka_unit_test(texts_that_are_not_yaml),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
