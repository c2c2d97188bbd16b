/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/rules.h"

#include <inttypes.h>
#include <string.h>

#include "base/macros.h"
#include "spec/address.h"
#include "spec/scalar.h"

#define QEMU_ARGS_BYTES_MAX ((size_t)128 * 1024)
#define PATH_WORD_BYTES 32

/* clang-format off */
static const struct rule vm_rows[] = {
	{
		.code = "disk-empty", .at = "disks.*", .fillable = true,
		.conditions = {{"disks.*.size", TEST_ABSENT, NULL}, {"disks.*.image", TEST_ABSENT, NULL},
			{"disks.*.cdrom", TEST_ABSENT, NULL}},
		.message = "a disk needs 'size', 'image' or 'cdrom'",
		.hint = "size: 20GiB makes a new one",
	}, {
		.code = "cdrom-size", .at = "disks.*.size",
		.conditions = {{"disks.*.cdrom", TEST_GIVEN, NULL}, {"disks.*.size", TEST_GIVEN, NULL}},
		.message = "'cdrom' and 'size' exclude each other",
		.hint = "a CD-ROM is as large as its image",
	}, {
		.code = "cdrom-image", .at = "disks.*.image",
		.conditions = {{"disks.*.cdrom", TEST_GIVEN, NULL}, {"disks.*.image", TEST_GIVEN, NULL}},
		.message = "'cdrom' and 'image' exclude each other",
		.hint = "'image' is for a disk that the guest writes",
	}, {
		.code = "cdrom-microvm", .at = "disks.*.cdrom",
		.conditions = {{"disks.*.cdrom", TEST_GIVEN, NULL}, {"machine", TEST_IS, "microvm"}},
		.message = "machine 'microvm' has no CD-ROM drive",
		.hint = "use machine: q35",
	}, {
		.code = "image-raw", .at = "disks.*.format",
		.conditions = {{"disks.*.image", TEST_GIVEN, NULL}, {"disks.*.format", TEST_IS, "raw"}},
		.message = "a disk over an 'image' is qcow2",
		.hint = "only qcow2 has copy-on-write; remove 'format'",
	}, {
		.code = "nic-unattached", .at = "nics.*", .fillable = true,
		.conditions = {{"nics.*.bridge", TEST_ABSENT, NULL}, {"nics.*.network", TEST_ABSENT, NULL},
			{"nics.*.macvtap", TEST_ABSENT, NULL}, {"nics.*.user", TEST_ABSENT, NULL}},
		.message = "an interface needs 'network', 'bridge', 'macvtap' or 'user'",
		.hint = "bridge: br0 attaches it to that bridge",
	}, {
		.code = "nic-attached-twice", .at = "nics.*.bridge",
		.conditions = {{"nics.*.bridge", TEST_GIVEN, NULL}, {"nics.*.network", TEST_GIVEN, NULL}},
		.message = "'network' and 'bridge' exclude each other",
		.hint = "the network's document says its bridge",
	}, {
		.code = "nic-attached-twice", .at = "nics.*.macvtap",
		.conditions = {{"nics.*.macvtap", TEST_GIVEN, NULL}, {"nics.*.network", TEST_GIVEN, NULL}},
		.message = "'network' and 'macvtap' exclude each other",
		.hint = "keep one of them",
	}, {
		.code = "nic-attached-twice", .at = "nics.*.user",
		.conditions = {{"nics.*.user", TEST_GIVEN, NULL}, {"nics.*.network", TEST_GIVEN, NULL}},
		.message = "'network' and 'user' exclude each other",
		.hint = "keep one of them",
	}, {
		.code = "nic-attached-twice", .at = "nics.*.macvtap",
		.conditions = {{"nics.*.macvtap", TEST_GIVEN, NULL}, {"nics.*.bridge", TEST_GIVEN, NULL}},
		.message = "'bridge' and 'macvtap' exclude each other",
		.hint = "keep one of them",
	}, {
		.code = "nic-attached-twice", .at = "nics.*.user",
		.conditions = {{"nics.*.user", TEST_GIVEN, NULL}, {"nics.*.bridge", TEST_GIVEN, NULL}},
		.message = "'bridge' and 'user' exclude each other",
		.hint = "keep one of them",
	}, {
		.code = "nic-attached-twice", .at = "nics.*.user",
		.conditions = {{"nics.*.user", TEST_GIVEN, NULL}, {"nics.*.macvtap", TEST_GIVEN, NULL}},
		.message = "'macvtap' and 'user' exclude each other",
		.hint = "keep one of them",
	}, {
		.code = "nic-needs-bridge", .at = "nics.*.vlan", .fillable = true,
		.conditions = {{"nics.*.vlan", TEST_GIVEN, NULL}, {"nics.*.network", TEST_ABSENT, NULL}, {"nics.*.bridge", TEST_ABSENT, NULL}},
		.message = "'vlan' needs 'network' or 'bridge'",
		.hint = "only ports of a bridge have it",
	}, {
		.code = "nic-needs-bridge", .at = "nics.*.trunk", .fillable = true,
		.conditions = {{"nics.*.trunk", TEST_GIVEN, NULL}, {"nics.*.network", TEST_ABSENT, NULL}, {"nics.*.bridge", TEST_ABSENT, NULL}},
		.message = "'trunk' needs 'network' or 'bridge'",
		.hint = "only ports of a bridge have it",
	}, {
		.code = "nic-needs-bridge", .at = "nics.*.mac-filter", .fillable = true,
		.conditions = {{"nics.*.bridge", TEST_ABSENT, NULL}, {"nics.*.network", TEST_ABSENT, NULL}, {"nics.*.mac-filter", TEST_IS_NOT, "auto"}},
		.message = "'mac-filter' needs 'network' or 'bridge'",
		.hint = "only ports of a bridge have it",
	}, {
		.code = "nic-needs-bridge", .at = "nics.*.ip-filter", .fillable = true,
		.conditions = {{"nics.*.bridge", TEST_ABSENT, NULL}, {"nics.*.network", TEST_ABSENT, NULL}, {"nics.*.ip-filter", TEST_IS_NOT, "auto"}},
		.message = "'ip-filter' needs 'network' or 'bridge'",
		.hint = "only ports of a bridge have it",
	}, {
		.code = "nic-needs-network", .at = "nics.*.address", .fillable = true,
		.conditions = {{"nics.*.address", TEST_GIVEN, NULL}, {"nics.*.network", TEST_ABSENT, NULL}},
		.message = "'address' needs 'network'",
		.hint = "the network's DHCP gives it",
	}, {
		.code = "nic-user", .at = "nics.*.queues",
		.conditions = {{"nics.*.queues", TEST_GIVEN, NULL}, {"nics.*.user", TEST_GIVEN, NULL}},
		.message = "user networking has no 'queues'",
		.hint = "remove 'queues'",
	}, {
		.code = "nic-user", .at = "nics.*.vhost",
		.conditions = {{"nics.*.user", TEST_GIVEN, NULL}, {"nics.*.vhost", TEST_IS_NOT, "auto"}},
		.message = "user networking has no 'vhost'",
		.hint = "remove 'vhost'",
	}, {
		.code = "nic-user", .at = "nics.*.rate",
		.conditions = {{"nics.*.rate", TEST_GIVEN, NULL}, {"nics.*.user", TEST_GIVEN, NULL}},
		.message = "user networking has no 'rate'",
		.hint = "remove 'rate'",
	}, {
		.code = "nic-virtio", .at = "nics.*.queues",
		.conditions = {{"nics.*.queues", TEST_GIVEN, NULL}, {"nics.*.model", TEST_IS_NOT, "virtio"}},
		.message = "'queues' needs model 'virtio'",
		.hint = "remove 'model'",
	}, {
		.code = "nic-virtio", .at = "nics.*.vhost",
		.conditions = {{"nics.*.vhost", TEST_IS_NOT, "auto"}, {"nics.*.model", TEST_IS_NOT, "virtio"}},
		.message = "'vhost' needs model 'virtio'",
		.hint = "remove 'model'",
	}, {
		.code = "nic-virtio", .at = "nics.*.mtu",
		.conditions = {{"nics.*.mtu", TEST_GIVEN, NULL}, {"nics.*.model", TEST_IS_NOT, "virtio"}},
		.message = "'mtu' needs model 'virtio'",
		.hint = "remove 'model'",
	}, {
		.code = "nic-microvm", .at = "nics.*.model",
		.conditions = {{"nics.*.model", TEST_IS_NOT, "virtio"}, {"machine", TEST_IS, "microvm"}},
		.message = "machine 'microvm' has virtio interfaces only",
		.hint = "remove 'model'",
	}, {
		.code = "needs-kernel", .at = "boot.initrd", .fillable = true,
		.conditions = {{"boot.initrd", TEST_GIVEN, NULL}, {"boot.kernel", TEST_ABSENT, NULL}},
		.message = "'initrd' needs 'kernel'",
	}, {
		.code = "needs-kernel", .at = "boot.cmdline", .fillable = true,
		.conditions = {{"boot.cmdline", TEST_GIVEN, NULL}, {"boot.kernel", TEST_ABSENT, NULL}},
		.message = "'cmdline' needs 'kernel'",
	}, {
		.code = "order-kernel", .at = "boot.order",
		.conditions = {{"boot.order", TEST_GIVEN, NULL}, {"boot.kernel", TEST_GIVEN, NULL}},
		.message = "'order' and 'kernel' exclude each other",
		.hint = "a kernel is booted without a boot device",
	}, {
		.code = "host-tcg", .at = "cpus.model",
		.conditions = {{"cpus.model", TEST_BEGINS, "host"}, {"accel", TEST_IS, "tcg"}},
		.message = "CPU model 'host' needs KVM",
		.hint = "use max, or remove 'model'",
	},
};

static const struct rule network_rows[] = {
	{
		.code = "isolated-uplink", .at = "uplink",
		.conditions = {{"uplink", TEST_GIVEN, NULL}, {"isolated", TEST_ON, NULL}},
		.message = "'isolated' and 'uplink' exclude each other",
		.hint = "an isolated network leads nowhere",
	},
	{
		.code = "isolated-addresses", .at = "addresses",
		.conditions = {{"addresses", TEST_GIVEN, NULL}, {"isolated", TEST_ON, NULL}},
		.message = "'isolated' and 'addresses' exclude each other",
		.hint = "the host has no address on an isolated network",
	},
	{
		.code = "needs-addresses", .at = "nat",
		.conditions = {{"nat", TEST_ON, NULL}, {"addresses", TEST_ABSENT, NULL}},
		.message = "'nat' needs 'addresses'",
		.hint = "such as addresses: 10.1.0.1/24",
	},
	{
		.code = "needs-addresses", .at = "dhcp",
		.conditions = {{"dhcp", TEST_ON, NULL}, {"addresses", TEST_ABSENT, NULL}},
		.message = "'dhcp' needs 'addresses'",
		.hint = "such as addresses: 10.1.0.1/24",
	},
	{
		.code = "needs-addresses", .at = "dns",
		.conditions = {{"dns", TEST_ON, NULL}, {"addresses", TEST_ABSENT, NULL}},
		.message = "'dns' needs 'addresses'",
		.hint = "such as addresses: 10.1.0.1/24",
	},
	{
		.code = "nat-uplink", .at = "uplink",
		.conditions = {{"uplink", TEST_GIVEN, NULL}, {"nat", TEST_ON, NULL}},
		.message = "'nat' and 'uplink' exclude each other",
		.hint = "by 'nat' guests use the host's own routes; by 'uplink' they are on the network outside themselves",
	},
	{
		.code = "dhcp-uplink", .at = "uplink",
		.conditions = {{"uplink", TEST_GIVEN, NULL}, {"dhcp", TEST_ON, NULL}},
		.message = "'dhcp' and 'uplink' exclude each other",
		.hint = "it would answer to the network outside, too",
	},
	{
		.code = "ports-nat", .at = "ports",
		.conditions = {{"ports", TEST_GIVEN, NULL}, {"nat", TEST_OFF, NULL}},
		.message = "'ports' needs 'nat'",
		.hint = "add nat: yes",
	},
	{
		.code = "dhcp-off", .at = "dhcp-range",
		.conditions = {{"dhcp-range", TEST_GIVEN, NULL}, {"dhcp", TEST_OFF, NULL}},
		.message = "'dhcp-range' needs 'dhcp'",
		.hint = "add dhcp: yes",
	},
	{
		.code = "dhcp-off", .at = "dhcp-lease",
		.conditions = {{"dhcp-lease", TEST_GIVEN, NULL}, {"dhcp", TEST_OFF, NULL}},
		.message = "'dhcp-lease' needs 'dhcp'",
		.hint = "add dhcp: yes",
	},
	{
		.code = "delay-stp", .at = "forward-delay",
		.conditions = {{"forward-delay", TEST_GIVEN, NULL}, {"stp", TEST_OFF, NULL}},
		.message = "'forward-delay' needs 'stp'",
		.hint = "without STP a port forwards at once",
	},
	{
		.code = "default-uplink", .at = "allow-default-uplink",
		.conditions = {{"allow-default-uplink", TEST_ON, NULL}, {"uplink", TEST_ABSENT, NULL}},
		.message = "'allow-default-uplink' needs 'uplink'",
		.hint = "name the interface",
	},
};
/* clang-format on */

const struct rules *rules_of(enum kind kind)
{
	static const struct rules vm_rules = {vm_rows, ARRAY_SIZE(vm_rows)};
	static const struct rules network_rules = {network_rows, ARRAY_SIZE(network_rows)};
	static const struct rules none = {NULL, 0};
	switch (kind) {
	case KIND_VM:
	case KIND_PROFILE:
		return &vm_rules;
	case KIND_NETWORK:
		return &network_rules;
	case KIND_IMAGE:
	case KIND_COUNT:
		break;
	}
	return &none;
}

/* --- paths --------------------------------------------------------------------------------- */

struct place_in_tree {
	const struct node *node; /* NULL: not given */
	const struct node *last; /* the last node of the path that is there */
	const struct key *row;
};

/* Cuts the first word off a path. */
static const char *cut_word(const char *path, char word[PATH_WORD_BYTES])
{
	size_t length = strcspn(path, ".");
	size_t kept = length < PATH_WORD_BYTES ? length : PATH_WORD_BYTES - 1;
	memcpy(word, path, kept);
	word[kept] = '\0';
	return path + length + (path[length] == '.');
}

/* One step down: a plain value is its short form's key. */
static const struct node *step(const struct key *above, const struct node *node, const char *word)
{
	if (!node || node->kind == NODE_MAPPING)
		return node_get(node, word);
	bool stands_for = above && above->scalar_for && strcmp(above->scalar_for, word) == 0;
	return node->kind == NODE_SCALAR && stands_for ? node : NULL;
}

/* Goes down a path without "*" from a node of that row (NULL: the document, of that table). */
static struct place_in_tree walk_from(const struct node *node, const struct key_table *document,
	const struct key *row, const char *path)
{
	struct place_in_tree at = {.node = node, .last = node, .row = row};
	while (*path) {
		char word[PATH_WORD_BYTES];
		path = cut_word(path, word);
		const struct key_table *table = at.row ? at.row->below : document;
		at.node = step(at.row, at.node, word);
		at.row = key_find(table, word);
		if (at.node)
			at.last = at.node;
	}
	return at;
}

static struct place_in_tree walk(const struct node *document, const struct key_table *table,
	const char *path, const char *part)
{
	const char *star = strchr(path, '*');
	if (!star)
		return walk_from(document, table, NULL, path);
	char parts[PATH_WORD_BYTES];
	cut_word(path, parts);
	struct place_in_tree at = walk_from(document, table, NULL, parts);
	const struct node *node = node_get(at.node, part);
	struct place_in_tree below = walk_from(node, table, at.row, star[1] ? star + 2 : "");
	if (!below.last)
		below.last = at.last;
	return below;
}

const struct node *rules_look_up(const struct node *document, const char *path, const char *part)
{
	return walk(document, &vm_table, path, part).node;
}

/* --- rows ---------------------------------------------------------------------------------- */

/* What a rule is judged on: a document, and one of its parts. */
struct scope {
	const struct node *document;
	const struct key_table *table;
	const struct node *part; /* NULL when the rule is of none */
	const struct key *parts; /* the row that the part is of */
};

static bool holds(const struct condition *condition, const struct scope *scope)
{
	bool on;
	const char *star = scope->part ? strchr(condition->path, '*') : NULL;
	/* Most rules end here: what they are about is not there. */
	if (star && condition->test == TEST_GIVEN && !strchr(star + 2, '.'))
		return step(scope->parts, scope->part, star + 2) != NULL;
	struct place_in_tree at =
		star ? walk_from(scope->part, scope->table, scope->parts, star + 2)
		     : walk_from(scope->document, scope->table, NULL, condition->path);
	const char *value = at.node && at.node->kind == NODE_SCALAR ? at.node->text : NULL;
	if (!at.node && at.row)
		value = at.row->fallback;
	switch (condition->test) {
	case TEST_GIVEN:
		return at.node != NULL;
	case TEST_ABSENT:
		return at.node == NULL;
	case TEST_IS:
		return value && strcmp(value, condition->value) == 0;
	case TEST_IS_NOT:
		return value && strcmp(value, condition->value) != 0;
	case TEST_BEGINS:
		return at.node && value &&
		       strncmp(value, condition->value, strlen(condition->value)) == 0;
	case TEST_ON:
	case TEST_OFF:
		return value && scalar_parse_bool(value, true, &on) == 0 &&
		       on == (condition->test == TEST_ON);
	}
	return false;
}

static const char *last_word(const char *path)
{
	const char *dot = strrchr(path, '.');
	return dot ? dot + 1 : path;
}

/* Shows what else the rule is about, where it was given. */
static void note_others(const struct rule *rule, const struct scope *scope, const char *part,
	const struct place *shown, struct diags *diags)
{
	for (size_t i = 0; i < ARRAY_SIZE(rule->conditions) && rule->conditions[i].path; i++) {
		const struct node *node =
			walk(scope->document, scope->table, rule->conditions[i].path, part).node;
		struct place place = node ? node_key_place(node) : *shown;
		bool same = place.source == shown->source && place.line == shown->line &&
			    place.column == shown->column;
		if (!same)
			diag_add(diags, SEVERITY_NOTE, place, "", NULL, "'%s' is given here",
				last_word(rule->conditions[i].path));
	}
}

static void check_rule(const struct rule *rule, const struct scope *scope, struct diags *diags)
{
	for (size_t i = 0; i < ARRAY_SIZE(rule->conditions); i++)
		if (rule->conditions[i].path && !holds(&rule->conditions[i], scope))
			return;
	const char *part = scope->part ? scope->part->key->text : NULL;
	struct place place =
		node_key_place(walk(scope->document, scope->table, rule->at, part).last);
	diag_add(diags, SEVERITY_ERROR, place, rule->code, rule->hint, "%s", rule->message);
	note_others(rule, scope, part, &place, diags);
}

static void check_rows(enum kind kind, const struct node *document, struct diags *diags)
{
	const struct rules *rules = rules_of(kind);
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->rows[i];
		struct scope scope = {.document = document, .table = kind_table(kind)};
		if (!strchr(rule->at, '*')) {
			check_rule(rule, &scope, diags);
			continue;
		}
		char word[PATH_WORD_BYTES];
		cut_word(rule->at, word);
		const struct node *parts = node_get(document, word);
		scope.part = parts ? parts->first : NULL;
		scope.parts = key_find(&vm_table, word);
		for (; scope.part; scope.part = scope.part->next)
			check_rule(rule, &scope, diags);
	}
}

/* --- what is no row ------------------------------------------------------------------------ */

static struct place place_at(const struct node *document, const char *path, const char *part)
{
	return node_key_place(walk(document, &vm_table, path, part).last);
}

static void check_topology(const struct vm *vm, const struct node *document, struct diags *diags)
{
	const struct topology *topology = &vm->cpus.topology;
	uint64_t product = topology->sockets * topology->cores * topology->threads;
	if (product && product != vm->cpus.count)
		diag_add(diags, SEVERITY_ERROR, place_at(document, "cpus.topology", NULL),
			"topology-count", NULL,
			"sockets * cores * threads is %" PRIu64 ", and 'count' is %" PRIu64,
			product, vm->cpus.count);
}

/* systemd refuses lines of more than 1 MiB; escaped and with all else, twice this is far from it.
 * Linux refuses single arguments of more than this (MAX_ARG_STRLEN, execve(2)). */
static void check_qemu_args(const struct vm *vm, const struct node *document, struct diags *diags)
{
	size_t total = 0;
	for (size_t i = 0; i < vm->qemu_args.count; i++)
		total += strlen(vm->qemu_args.items[i]) + 1;
	if (total > QEMU_ARGS_BYTES_MAX)
		diag_add(diags, SEVERITY_ERROR, place_at(document, "qemu-args", NULL),
			"qemu-args-long", "systemd takes no longer lines",
			"'qemu-args' hold more than 128 KiB");
}

static void check_part_names(const struct node *document, struct diags *diags)
{
	const struct node *nics = node_get(document, "nics");
	const struct node *disks = node_get(document, "disks");
	for (const struct node *nic = nics ? nics->first : NULL; nic; nic = nic->next)
		if (node_get(disks, nic->key->text))
			diag_add(diags, SEVERITY_ERROR, nic->key->place, "part-name",
				"rename one: boot.order and QEMU's ids need one name each",
				"'%s' is the name of a disk, too", nic->key->text);
}

static bool stands_before(const struct node *first, const struct node *item)
{
	for (; first != item; first = first->next)
		if (strcmp(first->text, item->text) == 0)
			return true;
	return false;
}

static void check_order(const struct node *document, struct diags *diags)
{
	const struct node *order = rules_look_up(document, "boot.order", NULL);
	const struct node *disks = node_get(document, "disks");
	const struct node *nics = node_get(document, "nics");
	for (const struct node *item = order ? order->first : NULL; item; item = item->next) {
		if (!node_get(disks, item->text) && !node_get(nics, item->text))
			diag_add(diags, SEVERITY_ERROR, item->place, "unknown-part",
				"name one of 'disks' or 'nics'", "there is no '%s' to boot from",
				item->text);
		else if (stands_before(order->first, item))
			diag_add(diags, SEVERITY_ERROR, item->place, "duplicate-part",
				"keep one of the two", "'%s' is in the boot order twice",
				item->text);
	}
}

static void check_trunks(const struct vm *vm, const struct node *document, struct diags *diags)
{
	for (size_t i = 0; i < vm->nics.count; i++) {
		const struct nic *nic = vm_nic(vm, i);
		for (size_t j = 0; nic->vlan && j < nic->trunk.count; j++) {
			unsigned first;
			unsigned last;
			if (scalar_parse_vlans(nic->trunk.items[j], &first, &last) < 0 ||
				nic->vlan < first || nic->vlan > last)
				continue;
			diag_add(diags, SEVERITY_ERROR,
				place_at(document, "nics.*.trunk", nic->part.name), "trunk-vlan",
				"a VLAN is tagged or not: take it out of one",
				"'trunk' contains %" PRIu64 ", which 'vlan' says is untagged",
				nic->vlan);
		}
	}
}

void rules_check_vm(const struct vm *vm, const struct node *document, struct diags *diags)
{
	check_rows(KIND_VM, document, diags);
	check_trunks(vm, document, diags);
	check_part_names(document, diags);
	check_order(document, diags);
	check_topology(vm, document, diags);
	check_qemu_args(vm, document, diags);
}

/* --- networks ------------------------------------------------------------------------------ */

/* The node of an item of 'addresses', or of its plain value. */
static struct place item_place(const struct node *list, size_t index)
{
	const struct node *item = list->kind == NODE_SEQUENCE ? list->first : list;
	while (index-- > 0)
		item = item->next;
	return item->place;
}

static void check_addresses(
	const struct network *network, const struct node *document, struct diags *diags)
{
	const struct node *list = node_get(document, "addresses");
	struct subnet subnets[ADDRESSES_MAX];
	for (size_t i = 0; i < network->addresses.count; i++) {
		const char *text = network->addresses.items[i];
		struct subnet *subnet = &subnets[i];
		if (subnet_parse(text, subnet) < 0)
			return;
		struct address first = subnet_first(subnet);
		struct address last = subnet_last(subnet);
		bool ipv4 = first.family == AF_INET;
		bool wide = subnet->prefix < (ipv4 ? 31 : 127);
		if (wide && (address_compare(&first, &subnet->address) == 0 ||
				    (ipv4 && address_compare(&last, &subnet->address) == 0)))
			diag_add(diags, SEVERITY_ERROR, item_place(list, i), "not-host-address",
				"give the host's own address, such as the subnet's first",
				"%s is the address of the subnet itself, not of a host in it",
				text);
		for (size_t j = 0; j < i; j++)
			if (subnets_overlap(&subnets[j], subnet))
				diag_add(diags, SEVERITY_ERROR, item_place(list, i),
					"subnet-overlap", "one address of a subnet is enough",
					"%s overlaps %s", text, network->addresses.items[j]);
	}
}

/* The IPv4 subnet, which DHCP is for: the first. */
static const char *find_ipv4(const struct network *network, struct subnet *ret_subnet)
{
	for (size_t i = 0; i < network->addresses.count; i++)
		if (subnet_parse(network->addresses.items[i], ret_subnet) == 0 &&
			ret_subnet->address.family == AF_INET)
			return network->addresses.items[i];
	return NULL;
}

static void check_dhcp(
	const struct network *network, const struct node *document, struct diags *diags)
{
	struct subnet subnet;
	struct address_range range;
	const struct node *dhcp = node_get(document, "dhcp");
	const struct node *lease = node_get(document, "dhcp-lease");
	const char *address = find_ipv4(network, &subnet);
	if (network->dhcp && !address && network->addresses.count > 0)
		diag_add(diags, SEVERITY_ERROR, node_key_place(dhcp), "needs-ipv4",
			"add one such as 10.1.0.1/24",
			"'dhcp' needs an IPv4 address among 'addresses'");
	if (network->dhcp && address && subnet.prefix > 30)
		diag_add(diags, SEVERITY_ERROR, node_key_place(dhcp), "needs-ipv4",
			"use a prefix of at most 30", "no address is left for guests in %s",
			address);
	if (network->dhcp_lease_usec && network->dhcp_lease_usec < UINT64_C(120000000))
		diag_add(diags, SEVERITY_ERROR, lease->place, "out-of-bounds",
			"dnsmasq makes none shorter", "'dhcp-lease' is at least 2min");
	if (!network->dhcp_range || !address ||
		address_range_parse(network->dhcp_range, &range) < 0)
		return;
	const struct node *node = node_get(document, "dhcp-range");
	if (!subnet_contains(&subnet, &range.first) || !subnet_contains(&subnet, &range.last))
		diag_add(diags, SEVERITY_ERROR, node->place, "outside-subnet", NULL,
			"the range is not within the subnet of %s", address);
	else if (address_compare(&range.first, &range.last) > 0)
		diag_add(diags, SEVERITY_ERROR, node->place, "bad-value",
			"write the lower address first", "the range ends before it begins");
}

static void check_delay(
	const struct network *network, const struct node *document, struct diags *diags)
{
	uint64_t delay = network->forward_delay_usec;
	const struct node *node = node_get(document, "forward-delay");
	if (delay && (delay < UINT64_C(2000000) || delay > UINT64_C(30000000)))
		diag_add(diags, SEVERITY_ERROR, node->place, "out-of-bounds",
			"IEEE 802.1D allows no other", "'forward-delay' is from 2s to 30s");
}

void rules_check_network(
	const struct network *network, const struct node *document, struct diags *diags)
{
	check_rows(KIND_NETWORK, document, diags);
	check_addresses(network, document, diags);
	check_dhcp(network, document, diags);
	check_delay(network, document, diags);
	const struct node *uplink = node_get(document, "uplink");
	if (uplink && strcmp(network->uplink, network->bridge) == 0)
		diag_add(diags, SEVERITY_ERROR, uplink->place, "uplink-bridge", NULL,
			"the uplink cannot be the bridge itself");
}
