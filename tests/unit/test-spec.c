/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys and rules: what a spec says, what it gets by default, and what is refused. */
#include "test.h"

#include "spec/encode.h"
#include "spec/node.h"

static void defaults(void **state)
{
	(void)state;
	struct fixture fixture = {0};
	const struct vm *vm = fixture_vm(&fixture, "description: x\n");
	assert_string_equal(vm->name, "web");
	assert_int_equal(vm->cpus.count, 1);
	assert_true(vm->memory_bytes == UINT64_C(1) << 30);
	assert_int_equal(vm->machine, MACHINE_Q35);
	assert_int_equal(vm->accel, ACCEL_KVM);
	assert_int_equal(vm->restart, RESTART_ON_FAILURE);
	assert_true(vm->restart_delay_usec == 5000000);
	assert_true(vm->stop_timeout_usec == 90000000);
	assert_true(vm->console.serial);
	assert_false(vm->autostart);
	fixture_done(&fixture);
}

static void short_forms(void **state)
{
	(void)state;
	struct fixture fixture = {0};
	const struct vm *vm =
		fixture_vm(&fixture, "cpus: 3\ndisks: {a: 2GiB}\nnics: {lan: br0}\nrestart: no\n");
	assert_int_equal(fixture.diags.count, 0);
	assert_int_equal(vm->cpus.count, 3);
	assert_true(vm_disk(vm, 0)->size_bytes == UINT64_C(2) << 30);
	assert_int_equal(vm_disk(vm, 0)->format, DISK_QCOW2);
	assert_string_equal(vm_nic(vm, 0)->bridge, "br0");
	assert_int_equal(vm->restart, RESTART_NO);
	fixture_done(&fixture);
}

static void a_word_is_what_is_due(void **state)
{
	(void)state;
	struct fixture fixture = {0};
	const struct vm *vm = fixture_vm(&fixture,
		"name: no\ndescription: 010\nautostart: \"yes\"\n"
		"nics: {lan: {bridge: on, mac: 52:54:00:12:34:56}}\n"
		"service: {CPUWeight: 200, Nice: -5, Delegate: yes, Environment: [A=1, B=2]}\n");
	assert_int_equal(fixture.diags.count, 0);
	assert_string_equal(vm->name, "no");
	assert_string_equal(vm->description, "010");
	assert_true(vm->autostart);
	assert_string_equal(vm_nic(vm, 0)->bridge, "on");
	assert_int_equal(vm->service.count, 5);
	assert_string_equal(vm->service.items[4].name, "Environment");
	assert_string_equal(vm->service.items[4].value, "B=2");
	fixture_done(&fixture);
}

static void values_that_are_refused(void **state)
{
	(void)state;
	assert_refused("memroy: 1GiB\n", "unknown-key", 1, 1);
	assert_refused("disks: {a: {sise: 1GiB}}\n", "unknown-key", 1, 13);
	assert_refused("memory: 1024\n", "bad-value", 1, 9);
	assert_refused("memory: 010M\n", "bad-value", 1, 9);
	assert_refused("memory: 1K\n", "out-of-bounds", 1, 9);
	assert_refused("memory: 17TiB\n", "out-of-bounds", 1, 9);
	assert_refused("memory: 99999999999999TiB\n", "out-of-bounds", 1, 9);
	assert_refused("memory: [1GiB]\n", "wrong-type", 1, 9);
	assert_refused("memory:\n", "no-value", 1, 1);
	assert_refused("memory: ~\n", "no-value", 1, 1);
	assert_refused("disks:\n", "no-value", 1, 1);
	assert_refused("disks: {a: }\n", "no-value", 1, 9);
	assert_refused("cpus: 0\n", "out-of-bounds", 1, 7);
	assert_refused("cpus: 256\n", "out-of-bounds", 1, 7);
	assert_refused("cpus: \"2\"\n", "bad-value", 1, 7);
	assert_refused("cpus: two\n", "bad-value", 1, 7);
	assert_refused("cpus: {model: \"a b\"}\n", "bad-value", 1, 15);
	assert_refused("autostart: \"true\"\n", "bad-value", 1, 12);
	assert_refused("autostart: Yes\n", "bad-value", 1, 12);
	assert_refused("name: true\n", "bad-value", 1, 7);
	assert_refused("nics: {n: 100}\n", "bad-value", 1, 11);
	assert_refused("cpus: {model: 486}\n", "bad-value", 1, 15);
	assert_refused("autostart: maybe\n", "bad-value", 1, 12);
	assert_refused("machine: i440\n", "bad-value", 1, 10);
	assert_refused("kind: netwrok\n", "bad-value", 1, 7);
	assert_refused("kind: network\n", "missing-key", 1, 1);
	assert_refused("name: Web\n", "bad-value", 1, 7);
	assert_refused("name: ../x\n", "bad-value", 1, 7);
	assert_refused("name: a/b\n", "bad-value", 1, 7);
	assert_refused("name: -x\n", "bad-value", 1, 7);
	assert_refused("name: .\n", "bad-value", 1, 7);
	assert_refused(
		"name: a23456789-123456789-123456789-123456789-123456789\n", "bad-value", 1, 7);
	assert_refused("description: \"a\\nb\"\n", "bad-value", 1, 14);
	assert_refused("description: |\n  a\n", "bad-value", 1, 14);
	assert_refused("description: \"a\\u0085b\"\n", "bad-value", 1, 14);
	assert_refused("description: \"a\\ufdd0b\"\n", "bad-value", 1, 14);
	assert_refused("unit: {X-Note: \"\\U0010ffff\"}\n", "bad-value", 1, 16);
	assert_refused("restart-delay: 1.5\n", "bad-value", 1, 16);
	assert_refused("stop-timeout: 0\n", "out-of-bounds", 1, 15);
	assert_refused("stop-timeout: soon\n", "bad-value", 1, 15);
	assert_refused("boot: {kernel: vmlinuz}\n", "bad-value", 1, 16);
	assert_refused("boot: {kernel: /a/../b}\n", "bad-value", 1, 16);
	assert_refused("boot: yes\n", "wrong-type", 1, 7);
	assert_refused("boot: {order: root}\n", "wrong-type", 1, 15);
	assert_refused("boot: {order: [{a: b}]}\n", "wrong-type", 1, 16);
	assert_refused("disks: [1GiB]\n", "wrong-type", 1, 8);
	assert_refused("disks: {A: 1GiB}\n", "bad-name", 1, 9);
	assert_refused("disks: {a23456789-123456789-1: 1GiB}\n", "bad-name", 1, 9);
	assert_refused("disks: {a: {size: 1GiB, serial: \"a,b\"}}\n", "bad-value", 1, 33);
	assert_refused("nics: {a: {bridge: br0, mac: 53:54:00:12:34:56}}\n", "bad-value", 1, 30);
	assert_refused("nics: {a: {bridge: 0123456789abcdef}}\n", "bad-value", 1, 20);
	assert_refused("service: {cpuWeight: 1}\n", "bad-name", 1, 11);
	assert_refused("service: {\"A=1\\nB\": 1}\n", "bad-name", 1, 11);
	assert_refused("service: {Nice: \"1\\nUser=root\"}\n", "bad-value", 1, 17);
	assert_refused("service: {Nice: 'a\\'}\n", "bad-value", 1, 17);
	assert_refused("service: {Nice: {a: b}}\n", "wrong-type", 1, 17);
	assert_refused("unit: [After]\n", "wrong-type", 1, 7);
	assert_refused("qemu-args: [\"a\\nb\"]\n", "bad-value", 1, 13);
	assert_refused("cloud-init: {user-data: [a]}\n", "wrong-type", 1, 25);
}

static void rules_between_keys(void **state)
{
	(void)state;
	assert_refused("disks: {a: {format: raw}}\n", "disk-empty", 1, 9);
	assert_refused("disks: {a: {cdrom: /a.iso, size: 1GiB}}\n", "cdrom-size", 1, 28);
	assert_refused("disks: {a: {cdrom: /a.iso, image: x}}\n", "cdrom-image", 1, 28);
	assert_refused("machine: microvm\ndisks: {a: {cdrom: /a.iso}}\n", "cdrom-microvm", 2, 13);
	assert_refused("disks: {a: {image: x, format: raw}}\n", "image-raw", 1, 23);
	assert_refused("boot: {initrd: /i}\n", "needs-kernel", 1, 8);
	assert_refused("boot: {cmdline: x}\n", "needs-kernel", 1, 8);
	assert_refused("disks: {a: 1GiB}\nboot: {kernel: /k, order: [a]}\n", "order-kernel", 2, 20);
	assert_refused("boot: {order: [a]}\n", "unknown-part", 1, 16);
	assert_refused("disks: {a: 1GiB}\nboot: {order: [a, a]}\n", "duplicate-part", 2, 19);
	assert_refused("cpus: {count: 4, topology: {sockets: 2}}\n", "missing-key", 1, 18);
	assert_refused("cpus: {count: 4, topology: {sockets: 2, cores: 1, threads: 1}}\n",
		"topology-count", 1, 18);
	assert_refused("accel: tcg\ncpus: {model: host}\n", "host-tcg", 2, 8);
	assert_refused("nics: {a: {model: e1000}}\n", "nic-unattached", 1, 8);
	assert_refused(
		"machine: microvm\nnics: {a: {bridge: br0, model: e1000}}\n", "nic-microvm", 2, 25);
	assert_refused("disks: {a: 1GiB}\nnics: {a: br0}\n", "part-name", 2, 8);
	assert_refused(
		"nics: {a: {bridge: br0}}\ndisks: {b: {size: 1GiB}}\nboot: {order: [a, b, c]}\n",
		"unknown-part", 3, 22);
	assert_accepted("cpus: {count: 4, topology: {sockets: 1, cores: 2, threads: 2}}\n");
	assert_accepted(
		"disks: {a: 1GiB, b: {cdrom: /b.iso}}\nnics: {n: br0}\nboot: {order: [n, b, a]}\n");
}

static void all_mistakes_are_told(void **state)
{
	(void)state;
	struct fixture fixture = {0};
	fixture_vm(&fixture, "memroy: 1\ncpus: 0\ndisks: {A: 1GiB, b: x}\nfirmware: uefi\n");
	assert_int_equal(fixture.diags.errors, 5);
	for (size_t i = 1; i < fixture.diags.count; i++)
		assert_true(
			fixture.diags.items[i].place.line >= fixture.diags.items[i - 1].place.line);
	assert_string_equal(fixture.diags.items[0].hint, "did you mean 'memory'?");
	assert_non_null(strstr(fixture.diags.items[4].hint, "known here: kind, name"));
	fixture_done(&fixture);
}

/* A list of one name, many times over, is told as such and not once for each pair. */
static void a_long_boot_order_is_told_in_short(void **state)
{
	(void)state;
	static const char *const items[] = {"a,", "b,"};
	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		struct fixture fixture = {0};
		struct buf text = {0};
		buf_puts(&text, "disks: {a: 1GiB}\nboot: {order: [");
		for (int j = 0; j < 19000; j++)
			buf_puts(&text, items[i]);
		buf_puts(&text, "]}\n");
		fixture_vm(&fixture, buf_text(&text));
		assert_in_range(fixture.diags.errors, 1, SPEC_ERRORS_MAX);
		fixture_done(&fixture);
		buf_done(&text);
	}
}

/* A few lines that take up a large profile many times over end soon, and concern no other file. */
static void profiles_are_bounded(void **state)
{
	(void)state;
	struct fixture fixture = {0};
	struct buf text = {0};
	buf_puts(&text, "kind: profile\nname: p\nservice:\n");
	for (int i = 0; i < 1000; i++)
		buf_printf(&text, "  X%d: a\n", i);
	for (int i = 0; i < 500; i++)
		buf_printf(&text, "---\nname: v%d\nprofiles: [p, p, p, p, p, p, p, p]\n", i);
	fixture_add(&fixture, "many", text.data, text.length);
	static const char other[] = "name: z\nprofiles: [p]\n";
	fixture_add(&fixture, "other", other, sizeof(other) - 1);
	fixture_check(&fixture);
	assert_in_range(fixture.diags.errors, 1, 500);
	assert_string_equal(fixture.diags.items[0].code, "too-large");
	assert_false(set_find(&fixture.set, "z")->document->broken);
	fixture_done(&fixture);
	buf_done(&text);
}

/* systemd reads lines of up to 1 MiB, and Linux arguments of up to 128 KiB. */
static void the_command_line_stays_short_enough(void **state)
{
	(void)state;
	struct buf text = {0};
	static char argument[1024];
	memset(argument, '%', sizeof(argument) - 1);
	buf_puts(&text, "qemu-args:\n");
	for (int i = 0; i < 128; i++)
		buf_printf(&text, "- \"%s\"\n", argument);
	assert_accepted(buf_text(&text));
	buf_puts(&text, "- x\n");
	assert_refused(buf_text(&text), "qemu-args-long", 1, 1);
	buf_done(&text);
}

static void encode(const struct vm *vm, struct buf *buf)
{
	buf_reset(buf);
	encode_mapping(&vm_table, vm, NULL, buf);
	assert_int_equal(buf_error(buf), 0);
}

/* What was written reads back as the same, with the same text. */
static void assert_round_trip(const char *text, const char *user_data)
{
	struct fixture before = {0};
	struct fixture after = {0};
	struct buf first = {0};
	struct buf second = {0};
	const struct vm *vm = fixture_vm(&before, text);
	if (before.diags.count)
		fail_msg("refused: %s", before.diags.items[0].message);
	encode(vm, &first);
	const struct vm *again = fixture_vm(&after, buf_text(&first));
	if (after.diags.count)
		fail_msg("refused: %s in %s", after.diags.items[0].message, buf_text(&first));
	encode(again, &second);
	assert_string_equal(buf_text(&first), buf_text(&second));
	if (user_data)
		assert_string_equal(again->cloud_init.user_data, user_data);
	buf_done(&first);
	buf_done(&second);
	fixture_done(&before);
	fixture_done(&after);
}

static void what_is_encoded_decodes_to_the_same(void **state)
{
	(void)state;
	assert_round_trip("name: no\n", NULL);
	assert_round_trip("description: \"100% \\\"x\\\" \\\\ $HOME # : - ' \\xe9\"\n"
			  "cpus: {count: 4, model: 'qemu64,+ssse3', topology: {sockets: 1, cores: "
			  "2, threads: 2}}\n"
			  "disks: {a: {size: 1GiB, read-only: yes, serial: x-1, cache: none, "
			  "discard: ignore},"
			  " b: {cdrom: '/a,b \\c.iso'}, c: {size: 1MiB, format: raw}}\n"
			  "nics: {n: {bridge: br0, model: e1000e, mac: 52-54-00-12-34-AB}}\n"
			  "boot: {order: [a, n]}\nconsole: {serial: no}\nrestart-delay: "
			  "0\nstop-timeout: 1500ms\n"
			  "service: {Nice: 5, Environment: ['A=1', 'B=\"x y\"'], ExecPaths: ''}\n"
			  "qemu-args: ['', ' ', '-x', \"\\\"\", '# no comment']\n",
		NULL);
	static const char *const texts[] = {"", "a", "a\n", "a\n\n", "\n", "\na\n", " a\n",
		"a\n b\n", "a\n\nb\n", "a \nb\n", "\ta\n", "a\tb\n", "a: b\n# c\n", "\xc3\xa9\n",
		"a\xc2\x85"
		"b\n",
		"a\xe2\x80\xa8"
		"b\n",
		"a\xef\xbb\xbf"
		"b\n",
		"a\rb\n", "a\x7f\x01\x1b\n", "'\"\\%$\n", "--- a\n...\n", "  \n", "a\n  \n",
		"\xf0\x9f\x98\x80\n"};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct fixture fixture = {0};
		struct buf spec = {0};
		struct vm *vm = arena_alloc(&fixture.arena, sizeof(*vm));
		*vm = *fixture_vm(&fixture, "name: web\n");
		vm->cloud_init.user_data = texts[i];
		encode(vm, &spec);
		assert_round_trip(buf_text(&spec), texts[i]);
		buf_done(&spec);
		fixture_done(&fixture);
	}
}

static void add_character(struct buf *buf, uint32_t character)
{
	if (character < 0x80) {
		buf_putc(buf, (char)character);
		return;
	}
	if (character < 0x800) {
		buf_putc(buf, (char)(0xc0 | character >> 6));
	} else {
		if (character < 0x10000) {
			buf_putc(buf, (char)(0xe0 | character >> 12));
		} else {
			buf_putc(buf, (char)(0xf0 | character >> 18));
			buf_putc(buf, (char)(0x80 | (character >> 12 & 0x3f)));
		}
		buf_putc(buf, (char)(0x80 | (character >> 6 & 0x3f)));
	}
	buf_putc(buf, (char)(0x80 | (character & 0x3f)));
}

/* Each character there is, as one of a text that is quoted and of one that is a block. */
static void every_character_is_encoded(void **state)
{
	(void)state;
	for (uint32_t first = 1; first < 0x110000; first += 0x400) {
		/* Beyond the first plane, the ends of the planes are what may be special. */
		if (first > 0x10000 && (first & 0xffff) < 0xfc00)
			continue;
		struct fixture fixture = {0};
		struct buf text = {0};
		struct buf spec = {0};
		struct vm *vm = arena_alloc(&fixture.arena, sizeof(*vm));
		for (uint32_t i = first; i < first + 0x400 && i < 0x110000; i++)
			if (i < 0xd800 || i > 0xdfff)
				add_character(&text, i);
		buf_puts(&text, "a\n");
		*vm = *fixture_vm(&fixture, "name: web\n");
		vm->cloud_init.user_data = buf_text(&text);
		encode(vm, &spec);
		assert_round_trip(buf_text(&spec), buf_text(&text));
		buf_done(&spec);
		buf_done(&text);
		fixture_done(&fixture);
	}
}

static void every_row_is_documented(const struct key_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct key *key = &table->keys[i];
		assert_non_null(key->summary);
		assert_int_equal(key->summary[strlen(key->summary) - 1], '.');
		assert_non_null(key->example);
		assert_true(key_find(table, key->name) == key);
		assert_true(key->offset < table->struct_size);
		assert_true((key->type == KEY_CHOICE) == (key->choices != NULL));
		if (key->scalar_for)
			assert_non_null(key_find(key->below, key->scalar_for));
		if (key->below)
			every_row_is_documented(key->below);
	}
	assert_true(table->count <= 64);
}

static void rows(void **state)
{
	(void)state;
	every_row_is_documented(&vm_table);
	every_row_is_documented(&network_table);
	every_row_is_documented(&image_table);
	/* The example of each top-level key is one that the parser takes. */
	static const char others[] = "---\nname: db\n---\n{kind: profile, name: small}\n---\n"
				     "{kind: profile, name: lan}\n";
	for (size_t i = 0; i < vm_table.count; i++) {
		struct buf text = {0};
		const struct key *key = &vm_table.keys[i];
		buf_printf(&text, "%s: %s\n%s%s", key->name, key->example,
			strcmp(key->name, "boot") == 0 ? "disks: {root: 1GiB}\n" : "", others);
		assert_accepted(buf_text(&text));
		buf_done(&text);
	}
}

static void near_misses(void **state)
{
	(void)state;
	assert_string_equal(key_nearest(&vm_table, "memroy"), "memory");
	assert_string_equal(key_nearest(&vm_table, "cpu"), "cpus");
	assert_string_equal(key_nearest(&vm_table, "cloud_init"), "cloud-init");
	assert_string_equal(key_nearest(&vm_table, "Restart"), "restart");
	assert_null(key_nearest(&vm_table, "firmware"));
	assert_null(key_nearest(&vm_table, "a-key-of-far-more-than-thirty-two-characters"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(short_forms),
		cmocka_unit_test(a_word_is_what_is_due),
		cmocka_unit_test(values_that_are_refused),
		cmocka_unit_test(rules_between_keys),
		cmocka_unit_test(all_mistakes_are_told),
		cmocka_unit_test(a_long_boot_order_is_told_in_short),
		cmocka_unit_test(profiles_are_bounded),
		cmocka_unit_test(the_command_line_stays_short_enough),
		cmocka_unit_test(what_is_encoded_decodes_to_the_same),
		cmocka_unit_test(every_character_is_encoded),
		cmocka_unit_test(rows),
		cmocka_unit_test(near_misses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
