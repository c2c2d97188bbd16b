/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of rules: to add a rule, add a row here and a spec that breaks it to the tests. */
#include "spec/rules.h"

#include "base/macros.h"

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
