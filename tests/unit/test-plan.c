/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is decided about one VM, and about all together. */
#include "test.h"

static const struct plan *plan_of(struct fixture *fixture, const char *text)
{
	fixture_vm(fixture, text);
	fixture_check(fixture);
	assert_int_equal(fixture->diags.count, 0);
	return &fixture->set.items[0].plan;
}

static void names_of_taps(void **state)
{
	(void)state;
	struct fixture fixture = {0};
	const struct plan *plan =
		plan_of(&fixture, "nics: {lan: br0, eightchr: br0, ninechars: br0, very-long-name: "
				  "br0, very-long-nama: br0}\n");
	assert_string_equal(plan->nics[0].tap, "vm-web_lan");
	assert_null(plan->nics[0].altname);
	assert_string_equal(plan->nics[1].tap, "vm-web_eightchr");
	assert_int_equal(strlen(plan->nics[1].tap), INTERFACE_LENGTH_MAX);
	assert_null(plan->nics[1].altname);
	assert_string_equal(plan->nics[2].altname, "vm-web_ninechars");
	for (int i = 2; i < 5; i++) {
		assert_int_equal(strlen(plan->nics[i].tap), INTERFACE_LENGTH_MAX);
		assert_true(scalar_is_interface(plan->nics[i].tap));
		assert_int_equal(plan->nics[i].fd, PLAN_FD_TAP + i);
	}
	assert_string_not_equal(plan->nics[3].tap, plan->nics[4].tap);
	fixture_done(&fixture);
}

static void addresses_come_from_names(void **state)
{
	(void)state;
	struct fixture fixture = {0};
	const struct plan *plan =
		plan_of(&fixture, "nics: {lan: br0, dmz: {bridge: br0, mac: 52:54:00:12:34:56}}\n");
	char mac[MAC_TEXT_BYTES];
	/* Leases and guests' configuration hang on it: it must not change between releases. */
	assert_string_equal(plan->nics[0].mac, "52:54:33:cc:b0:a9");
	assert_int_equal(scalar_parse_mac(plan->nics[0].mac, mac), 0);
	assert_string_equal(plan->nics[1].mac, "52:54:00:12:34:56");
	fixture_done(&fixture);
}

static void paths_and_order(void **state)
{
	(void)state;
	struct fixture fixture = {0};
	const struct plan *plan = plan_of(&fixture,
		"disks: {root: {image: debian-12}, data: {size: 1GiB, format: raw, serial: s},"
		" cd: {cdrom: /a.iso}}\nnics: {lan: br0}\nboot: {order: [lan, root]}\n");
	assert_string_equal(plan->disks[0].file, "/var/lib/vmlet/vm/web/root.qcow2");
	assert_string_equal(plan->disks[0].image_path, "/var/lib/vmlet/images/debian-12.qcow2");
	assert_string_equal(plan->disks[0].serial, "root");
	assert_string_equal(plan->disks[1].file_name, "data.raw");
	assert_string_equal(plan->disks[1].serial, "s");
	assert_string_equal(plan->disks[2].file, "/a.iso");
	assert_null(plan->disks[2].file_name);
	assert_int_equal(plan->disks[0].boot_index, 2);
	assert_int_equal(plan->disks[1].boot_index, 0);
	assert_int_equal(plan->nics[0].boot_index, 1);
	assert_string_equal(plan->cpu_model, "host");
	fixture_done(&fixture);
}

static void users(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t length;
	} cases[] = {
		{"name: a23456789-123456789-12345678\n", PLAN_USER_LENGTH_MAX},
		{"name: a23456789-123456789-123456789\n", INTERFACE_LENGTH_MAX},
		{"name: a23456789-123456789-123456789-123456789-12345678\n", INTERFACE_LENGTH_MAX},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture fixture = {0};
		const char *user = plan_of(&fixture, cases[i].text)->user;
		assert_int_equal(strlen(user), cases[i].length);
		fixture_done(&fixture);
	}
}

static void cpu_models(void **state)
{
	(void)state;
	static const char *const cases[][2] = {{"accel: kvm\n", "host"}, {"accel: tcg\n", "max"},
		{"accel: auto\n", "max"}, {"cpus: {model: EPYC}\n", "EPYC"}};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture fixture = {0};
		assert_string_equal(plan_of(&fixture, cases[i][0])->cpu_model, cases[i][1]);
		fixture_done(&fixture);
	}
}

static void load(struct fixture *fixture, const char *name, const char *text)
{
	fixture_add(fixture, name, text, strlen(text));
}

/* The file in which the VM that is refused stands. */
static const char *refused_file(const struct fixture *fixture)
{
	const char *file = NULL;
	for (size_t i = 0; i < fixture->set.count; i++)
		if (fixture->set.items[i].document->broken) {
			assert_null(file);
			file = fixture->set.items[i].document->source->file;
		}
	return file;
}

static void one_of_each(void **state)
{
	(void)state;
	static const struct {
		const char *first;
		const char *second;
		const char *refused;
	} cases[] = {
		{"name: same\n", "name: same\n", "b"},
		{"nics: {n: {bridge: x, mac: 52:54:00:00:00:01}}\n",
			"nics: {m: {bridge: y, mac: 52:54:00:00:00:01}}\n", "b"},
		{"name: z\nnics: {n: {bridge: x, mac: 52:54:00:00:00:01}}\n",
			"nics: {m: {bridge: y, mac: 52-54-00-00-00-01}}\n", "a"},
		{"nics: {n: br0}\n", "nics: {n: br0}\n", NULL},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (int swapped = 0; swapped < 2; swapped++) {
			struct fixture fixture = {0};
			fixture.files = (size_t)swapped;
			load(&fixture, swapped ? "b" : "a",
				swapped ? cases[i].second : cases[i].first);
			fixture.files = (size_t)!swapped;
			load(&fixture, swapped ? "a" : "b",
				swapped ? cases[i].first : cases[i].second);
			fixture_check(&fixture);
			const char *file = refused_file(&fixture);
			if (cases[i].refused)
				assert_string_equal(file, cases[i].refused);
			else
				assert_null(file);
			assert_int_equal(fixture.diags.count, cases[i].refused ? 2 : 0);
			fixture_done(&fixture);
		}
}

static void a_mac_twice_in_one_vm(void **state)
{
	(void)state;
	struct fixture fixture = {0};
	load(&fixture, "web",
		"nics:\n  a: {bridge: x, mac: 52:54:00:00:00:01}\n"
		"  b: {bridge: x, mac: 52:54:00:00:00:01}\n");
	fixture_check(&fixture);
	assert_int_equal(fixture.diags.errors, 1);
	assert_int_equal(fixture.diags.items[0].place.line, 3);
	fixture_done(&fixture);
}

static void a_broken_vm_keeps_its_name_and_nothing_else(void **state)
{
	(void)state;
	struct fixture fixture = {0};
	load(&fixture, "web", "memroy: 1\nnics: {n: {bridge: x, mac: 52:54:00:00:00:01}}\n");
	load(&fixture, "web-2", "name: web\n");
	load(&fixture, "app", "nics: {n: {bridge: x, mac: 52:54:00:00:00:01}}\n");
	fixture_check(&fixture);
	assert_false(set_find(&fixture.set, "app")->document->broken);
	assert_string_equal(set_find(&fixture.set, "web")->document->source->file, "web");
	assert_true(fixture.set.items[1].document->broken && fixture.set.items[2].document->broken);
	assert_null(set_find(&fixture.set, "none"));
	fixture_done(&fixture);
}

static void filters_follow_the_network(void **state)
{
	(void)state;
	static const struct {
		const char *nic, *network;
		bool mac_filter, ip_filter;
	} cases[] = {
		{"", "nat: yes\ndhcp: yes", true, true},
		{"", "nat: yes", true, false},
		{", address: 10.1.0.5", "nat: yes", true, true},
		{"", "dhcp: yes", false, false},
		{", mac-filter: yes, ip-filter: yes", "", true, true},
		{", mac-filter: no, ip-filter: no", "nat: yes\ndhcp: yes", false, false},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture fixture = {0};
		char spec[512];
		snprintf(spec, sizeof(spec),
			"nics: {a: {network: lan%s}}\n---\nkind: network\nname: lan\nbridge: b\n"
			"addresses: 10.1.0.1/24\n%s\n",
			cases[i].nic, cases[i].network);
		assert_non_null(fixture_vm(&fixture, spec));
		const struct plan_nic *nic = &set_find(&fixture.set, "web")->plan.nics[0];
		assert_true(nic->mac_filter == cases[i].mac_filter);
		assert_true(nic->ip_filter == cases[i].ip_filter);
		assert_true(set_find_network(&fixture.set, "lan")->nics[0] == nic);
		fixture_done(&fixture);
	}
}

static void queues_have_descriptors(void **state)
{
	(void)state;
	struct fixture fixture = {0};
	assert_non_null(
		fixture_vm(&fixture, "nics: {a: {bridge: b, queues: 8}, b: {user: {}}, c: {bridge: "
				     "b, queues: 2, mtu: 1400}}"));
	const struct plan *plan = &set_find(&fixture.set, "web")->plan;
	assert_int_equal(plan->nics[0].fd, PLAN_FD_TAP);
	assert_int_equal(plan->nics[2].fd, PLAN_FD_TAP + 9);
	assert_int_equal(plan->nics[2].vhost_fd, PLAN_FD_VHOST + 9);
	assert_int_equal(plan->nics[2].queues, 2);
	assert_int_equal(plan->nics[1].attachment, ATTACHMENT_USER);
	assert_true(PLAN_FD_VHOST - PLAN_FD_TAP >= NICS_MAX * QUEUES_MAX);
	fixture_done(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_taps),
		cmocka_unit_test(addresses_come_from_names),
		cmocka_unit_test(paths_and_order),
		cmocka_unit_test(users),
		cmocka_unit_test(cpu_models),
		cmocka_unit_test(one_of_each),
		cmocka_unit_test(filters_follow_the_network),
		cmocka_unit_test(queues_have_descriptors),
		cmocka_unit_test(a_mac_twice_in_one_vm),
		cmocka_unit_test(a_broken_vm_keeps_its_name_and_nothing_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
