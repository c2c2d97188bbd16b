/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of rules: to add a rule, add a row here and a spec that breaks it to the tests. */
#include "spec/rules.h"

#include "base/macros.h"

/* clang-format off */
static const struct rule vm_rows[] = {
	{
		.code = "disk-empty", .at = "disks.*", .fillable = true,
		.conditions = {{"disks.*.size", TEST_ABSENT, NULL}, {"disks.*.image", TEST_ABSENT, NULL},
			{"disks.*.cdrom", TEST_ABSENT, NULL}, {"disks.*.path", TEST_ABSENT, NULL},
			{"disks.*.device", TEST_ABSENT, NULL}, {"disks.*.uri", TEST_ABSENT, NULL}},
		.message = "a disk needs 'size', 'image', 'path', 'device', 'uri' or 'cdrom'",
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
		.code = "disk-twice", .at = "disks.*.size",
		.conditions = {{"disks.*.path", TEST_GIVEN, NULL}, {"disks.*.size", TEST_GIVEN, NULL}},
		.message = "'path' and 'size' exclude each other",
		.hint = "it is as large as it is",
	}, {
		.code = "disk-twice", .at = "disks.*.image",
		.conditions = {{"disks.*.path", TEST_GIVEN, NULL}, {"disks.*.image", TEST_GIVEN, NULL}},
		.message = "'path' and 'image' exclude each other",
		.hint = "'image' is for a new disk",
	}, {
		.code = "disk-twice", .at = "disks.*.path",
		.conditions = {{"disks.*.path", TEST_GIVEN, NULL}, {"disks.*.cdrom", TEST_GIVEN, NULL}},
		.message = "'path' and 'cdrom' exclude each other",
		.hint = "cdrom: FILE is an ISO image",
	}, {
		.code = "disk-twice", .at = "disks.*.path",
		.conditions = {{"disks.*.path", TEST_GIVEN, NULL}, {"disks.*.device", TEST_GIVEN, NULL}},
		.message = "'path' and 'device' exclude each other",
		.hint = "keep one of them",
	}, {
		.code = "disk-twice", .at = "disks.*.path",
		.conditions = {{"disks.*.path", TEST_GIVEN, NULL}, {"disks.*.uri", TEST_GIVEN, NULL}},
		.message = "'path' and 'uri' exclude each other",
		.hint = "keep one of them",
	}, {
		.code = "disk-twice", .at = "disks.*.size",
		.conditions = {{"disks.*.device", TEST_GIVEN, NULL}, {"disks.*.size", TEST_GIVEN, NULL}},
		.message = "'device' and 'size' exclude each other",
		.hint = "it is as large as it is",
	}, {
		.code = "disk-twice", .at = "disks.*.image",
		.conditions = {{"disks.*.device", TEST_GIVEN, NULL}, {"disks.*.image", TEST_GIVEN, NULL}},
		.message = "'device' and 'image' exclude each other",
		.hint = "'image' is for a new disk",
	}, {
		.code = "disk-twice", .at = "disks.*.device",
		.conditions = {{"disks.*.device", TEST_GIVEN, NULL}, {"disks.*.cdrom", TEST_GIVEN, NULL}},
		.message = "'device' and 'cdrom' exclude each other",
		.hint = "cdrom: FILE is an ISO image",
	}, {
		.code = "disk-twice", .at = "disks.*.device",
		.conditions = {{"disks.*.device", TEST_GIVEN, NULL}, {"disks.*.uri", TEST_GIVEN, NULL}},
		.message = "'device' and 'uri' exclude each other",
		.hint = "keep one of them",
	}, {
		.code = "disk-twice", .at = "disks.*.size",
		.conditions = {{"disks.*.uri", TEST_GIVEN, NULL}, {"disks.*.size", TEST_GIVEN, NULL}},
		.message = "'uri' and 'size' exclude each other",
		.hint = "it is as large as it is",
	}, {
		.code = "disk-twice", .at = "disks.*.image",
		.conditions = {{"disks.*.uri", TEST_GIVEN, NULL}, {"disks.*.image", TEST_GIVEN, NULL}},
		.message = "'uri' and 'image' exclude each other",
		.hint = "'image' is for a new disk",
	}, {
		.code = "disk-twice", .at = "disks.*.uri",
		.conditions = {{"disks.*.uri", TEST_GIVEN, NULL}, {"disks.*.cdrom", TEST_GIVEN, NULL}},
		.message = "'uri' and 'cdrom' exclude each other",
		.hint = "cdrom: FILE is an ISO image",
	}, {
		.code = "format-missing", .at = "disks.*.path", .fillable = true,
		.conditions = {{"disks.*.path", TEST_GIVEN, NULL}, {"disks.*.format", TEST_ABSENT, NULL}},
		.message = "'path' needs 'format'",
		.hint = "format: raw or qcow2; it is never guessed, as guests write what it would be guessed from",
	}, {
		.code = "format-missing", .at = "disks.*.device", .fillable = true,
		.conditions = {{"disks.*.device", TEST_GIVEN, NULL}, {"disks.*.format", TEST_ABSENT, NULL}},
		.message = "'device' needs 'format'",
		.hint = "format: raw or qcow2; it is never guessed, as guests write what it would be guessed from",
	}, {
		.code = "format-missing", .at = "disks.*.uri", .fillable = true,
		.conditions = {{"disks.*.uri", TEST_GIVEN, NULL}, {"disks.*.format", TEST_ABSENT, NULL}},
		.message = "'uri' needs 'format'",
		.hint = "format: raw or qcow2; it is never guessed, as guests write what it would be guessed from",
	}, {
		.code = "image-raw", .at = "disks.*.format",
		.conditions = {{"disks.*.image", TEST_GIVEN, NULL}, {"disks.*.format", TEST_IS, "raw"}},
		.message = "a disk over an 'image' is qcow2",
		.hint = "only qcow2 has copy-on-write; remove 'format'",
	}, {
		.code = "not-new", .at = "disks.*.cluster-size", .fillable = true,
		.conditions = {{"disks.*.cluster-size", TEST_GIVEN, NULL}, {"disks.*.size", TEST_ABSENT, NULL},
			{"disks.*.image", TEST_ABSENT, NULL}},
		.message = "'cluster-size' is of a new disk: it needs 'size' or 'image'",
		.hint = "remove 'cluster-size'",
	}, {
		.code = "not-new", .at = "disks.*.compression", .fillable = true,
		.conditions = {{"disks.*.compression", TEST_GIVEN, NULL}, {"disks.*.compression", TEST_IS, "zstd"}, {"disks.*.size", TEST_ABSENT, NULL},
			{"disks.*.image", TEST_ABSENT, NULL}},
		.message = "'compression' is of a new disk: it needs 'size' or 'image'",
		.hint = "remove 'compression'",
	}, {
		.code = "not-new", .at = "disks.*.lazy-refcounts", .fillable = true,
		.conditions = {{"disks.*.lazy-refcounts", TEST_GIVEN, NULL}, {"disks.*.lazy-refcounts", TEST_ON, NULL}, {"disks.*.size", TEST_ABSENT, NULL},
			{"disks.*.image", TEST_ABSENT, NULL}},
		.message = "'lazy-refcounts' is of a new disk: it needs 'size' or 'image'",
		.hint = "remove 'lazy-refcounts'",
	}, {
		.code = "not-new", .at = "disks.*.preallocation", .fillable = true,
		.conditions = {{"disks.*.preallocation", TEST_GIVEN, NULL}, {"disks.*.preallocation", TEST_IS_NOT, "off"},
			{"disks.*.size", TEST_ABSENT, NULL}, {"disks.*.image", TEST_ABSENT, NULL}},
		.message = "'preallocation' is of a new disk: it needs 'size' or 'image'",
		.hint = "remove 'preallocation'",
	}, {
		.code = "needs-qcow2", .at = "disks.*.cluster-size",
		.conditions = {{"disks.*.cluster-size", TEST_GIVEN, NULL}, {"disks.*.format", TEST_IS, "raw"}},
		.message = "'cluster-size' needs format 'qcow2'",
		.hint = "a raw file has no such thing",
	}, {
		.code = "needs-qcow2", .at = "disks.*.compression",
		.conditions = {{"disks.*.compression", TEST_GIVEN, NULL}, {"disks.*.compression", TEST_IS, "zstd"}, {"disks.*.format", TEST_IS, "raw"}},
		.message = "'compression' needs format 'qcow2'",
		.hint = "a raw file has no such thing",
	}, {
		.code = "needs-qcow2", .at = "disks.*.lazy-refcounts",
		.conditions = {{"disks.*.lazy-refcounts", TEST_GIVEN, NULL}, {"disks.*.lazy-refcounts", TEST_ON, NULL}, {"disks.*.format", TEST_IS, "raw"}},
		.message = "'lazy-refcounts' needs format 'qcow2'",
		.hint = "a raw file has no such thing",
	}, {
		.code = "needs-qcow2", .at = "disks.*.encrypt",
		.conditions = {{"disks.*.encrypt", TEST_GIVEN, NULL}, {"disks.*.format", TEST_IS, "raw"}},
		.message = "'encrypt' needs format 'qcow2'",
		.hint = "a raw file has no such thing",
	}, {
		.code = "needs-qcow2", .at = "disks.*.preallocation",
		.conditions = {{"disks.*.preallocation", TEST_GIVEN, NULL}, {"disks.*.preallocation", TEST_IS, "metadata"},
			{"disks.*.format", TEST_IS, "raw"}},
		.message = "'preallocation: metadata' needs format 'qcow2'",
		.hint = "use falloc or full",
	}, {
		.code = "image-preallocation", .at = "disks.*.preallocation",
		.conditions = {{"disks.*.image", TEST_GIVEN, NULL},
			{"disks.*.preallocation", TEST_IS_NOT, "off"}},
		.message = "'image' and 'preallocation' exclude each other",
		.hint = "what is in the image takes no space",
	}, {
		.code = "shareable-raw", .at = "disks.*.shareable",
		.conditions = {{"disks.*.shareable", TEST_GIVEN, NULL}, {"disks.*.shareable", TEST_ON, NULL}, {"disks.*.format", TEST_IS_NOT, "raw"}},
		.message = "'shareable' needs format 'raw'",
		.hint = "several writers would destroy a qcow2 file",
	}, {
		.code = "cdrom-disk", .at = "disks.*.shareable",
		.conditions = {{"disks.*.shareable", TEST_GIVEN, NULL}, {"disks.*.shareable", TEST_ON, NULL}, {"disks.*.cdrom", TEST_GIVEN, NULL}},
		.message = "a CD-ROM drive has no 'shareable'",
		.hint = "remove 'shareable'",
	}, {
		.code = "cdrom-disk", .at = "disks.*.encrypt",
		.conditions = {{"disks.*.encrypt", TEST_GIVEN, NULL}, {"disks.*.cdrom", TEST_GIVEN, NULL}},
		.message = "a CD-ROM drive has no 'encrypt'",
		.hint = "remove 'encrypt'",
	}, {
		.code = "cdrom-disk", .at = "disks.*.iothread",
		.conditions = {{"disks.*.iothread", TEST_GIVEN, NULL}, {"disks.*.iothread", TEST_ON, NULL}, {"disks.*.cdrom", TEST_GIVEN, NULL}},
		.message = "a CD-ROM drive has no 'iothread'",
		.hint = "remove 'iothread'",
	}, {
		.code = "cdrom-disk", .at = "disks.*.queues",
		.conditions = {{"disks.*.queues", TEST_GIVEN, NULL}, {"disks.*.cdrom", TEST_GIVEN, NULL}},
		.message = "a CD-ROM drive has no 'queues'",
		.hint = "remove 'queues'",
	}, {
		.code = "encrypt-key", .at = "disks.*.encrypt", .fillable = true,
		.conditions = {{"disks.*.encrypt", TEST_GIVEN, NULL},
			{"disks.*.encrypt.credential", TEST_ABSENT, NULL},
			{"disks.*.encrypt.encrypted-credential", TEST_ABSENT, NULL}},
		.message = "'encrypt' needs 'credential' or 'encrypted-credential'",
		.hint = "such as credential: /etc/vmlet/keys/web",
	}, {
		.code = "encrypt-key", .at = "disks.*.encrypt.encrypted-credential",
		.conditions = {{"disks.*.encrypt.credential", TEST_GIVEN, NULL},
			{"disks.*.encrypt.encrypted-credential", TEST_GIVEN, NULL}},
		.message = "'credential' and 'encrypted-credential' exclude each other",
		.hint = "keep one of them",
	}, {
		.code = "disk-virtio", .at = "disks.*.queues",
		.conditions = {{"disks.*.queues", TEST_GIVEN, NULL}, {"disks.*.bus", TEST_IS_NOT, "auto"},
			{"disks.*.bus", TEST_IS_NOT, "virtio"}},
		.message = "'queues' needs bus 'virtio'",
		.hint = "remove 'bus'",
	}, {
		.code = "disk-virtio", .at = "disks.*.iothread",
		.conditions = {{"disks.*.iothread", TEST_GIVEN, NULL}, {"disks.*.iothread", TEST_ON, NULL}, {"disks.*.bus", TEST_IS_NOT, "auto"},
			{"disks.*.bus", TEST_IS_NOT, "virtio"}},
		.message = "'iothread' needs bus 'virtio'",
		.hint = "remove 'bus'",
	}, {
		.code = "cdrom-bus", .at = "disks.*.bus",
		.conditions = {{"disks.*.bus", TEST_GIVEN, NULL}, {"disks.*.bus", TEST_IS, "virtio"}, {"disks.*.cdrom", TEST_GIVEN, NULL}},
		.message = "a CD-ROM drive is not on bus 'virtio'",
		.hint = "use sata or scsi",
	}, {
		.code = "cdrom-bus", .at = "disks.*.bus",
		.conditions = {{"disks.*.bus", TEST_GIVEN, NULL}, {"disks.*.bus", TEST_IS, "nvme"}, {"disks.*.cdrom", TEST_GIVEN, NULL}},
		.message = "a CD-ROM drive is not on bus 'nvme'",
		.hint = "use sata or scsi",
	}, {
		.code = "bus-machine", .at = "disks.*.bus",
		.conditions = {{"disks.*.bus", TEST_GIVEN, NULL}, {"disks.*.bus", TEST_IS, "sata"}, {"machine", TEST_IS, "microvm"}},
		.message = "machine 'microvm' has no bus 'sata'",
		.hint = "use virtio or scsi",
	}, {
		.code = "bus-machine", .at = "disks.*.bus",
		.conditions = {{"disks.*.bus", TEST_GIVEN, NULL}, {"disks.*.bus", TEST_IS, "nvme"}, {"machine", TEST_IS, "microvm"}},
		.message = "machine 'microvm' has no bus 'nvme'",
		.hint = "use virtio or scsi",
	}, {
		.code = "bus-machine", .at = "disks.*.bus",
		.conditions = {{"disks.*.bus", TEST_GIVEN, NULL}, {"disks.*.bus", TEST_IS, "sata"}, {"disks.*.cdrom", TEST_ABSENT, NULL},
			{"machine", TEST_IS, "pc"}},
		.message = "machine 'pc' has no bus 'sata'",
		.hint = "use machine: q35, or virtio or scsi",
	}, {
		.code = "nvme-on-error", .at = "disks.*.on-error",
		.conditions = {{"disks.*.bus", TEST_GIVEN, NULL}, {"disks.*.bus", TEST_IS, "nvme"}, {"disks.*.on-error", TEST_IS_NOT, "enospc"}},
		.message = "bus 'nvme' has no 'on-error'",
		.hint = "remove 'on-error'",
	}, {
		.code = "native-cache", .at = "disks.*.aio",
		.conditions = {{"disks.*.aio", TEST_GIVEN, NULL}, {"disks.*.aio", TEST_IS, "native"}, {"disks.*.cache", TEST_IS_NOT, "none"},
			{"disks.*.cache", TEST_IS_NOT, "directsync"}},
		.message = "'aio: native' needs 'cache' none or directsync",
		.hint = "it cannot use the host's cache",
	}, {
		.code = "uri-aio", .at = "disks.*.aio",
		.conditions = {{"disks.*.uri", TEST_GIVEN, NULL}, {"disks.*.aio", TEST_IS_NOT, "auto"}},
		.message = "'aio' is of files and devices of the host",
		.hint = "remove 'aio'",
	}, {
		.code = "order-index", .at = "disks.*.boot-index",
		.conditions = {{"disks.*.boot-index", TEST_GIVEN, NULL}, {"boot.order", TEST_GIVEN, NULL}},
		.message = "'boot-index' and 'boot.order' exclude each other",
		.hint = "keep one of them",
	}, {
		.code = "throttle-twice", .at = "disks.*.throttle.iops-read",
		.conditions = {{"disks.*.throttle.iops-read", TEST_GIVEN, NULL},
			{"disks.*.throttle.iops", TEST_GIVEN, NULL}},
		.message = "'iops' and 'iops-read' exclude each other",
		.hint = "'iops' is of both together",
	}, {
		.code = "throttle-twice", .at = "disks.*.throttle.iops-write",
		.conditions = {{"disks.*.throttle.iops-write", TEST_GIVEN, NULL},
			{"disks.*.throttle.iops", TEST_GIVEN, NULL}},
		.message = "'iops' and 'iops-write' exclude each other",
		.hint = "'iops' is of both together",
	}, {
		.code = "throttle-twice", .at = "disks.*.throttle.bandwidth-read",
		.conditions = {{"disks.*.throttle.bandwidth-read", TEST_GIVEN, NULL},
			{"disks.*.throttle.bandwidth", TEST_GIVEN, NULL}},
		.message = "'bandwidth' and 'bandwidth-read' exclude each other",
		.hint = "'bandwidth' is of both together",
	}, {
		.code = "throttle-twice", .at = "disks.*.throttle.bandwidth-write",
		.conditions = {{"disks.*.throttle.bandwidth-write", TEST_GIVEN, NULL},
			{"disks.*.throttle.bandwidth", TEST_GIVEN, NULL}},
		.message = "'bandwidth' and 'bandwidth-write' exclude each other",
		.hint = "'bandwidth' is of both together",
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
		.code = "given-twice", .at = "cloud-init.user-data-file",
		.conditions = {{"cloud-init.user-data-file", TEST_GIVEN, NULL}, {"cloud-init.user-data", TEST_GIVEN, NULL}},
		.message = "'user-data' and 'user-data-file' exclude each other",
		.hint = "keep one of them",
	}, {
		.code = "given-twice", .at = "cloud-init.meta-data-file",
		.conditions = {{"cloud-init.meta-data-file", TEST_GIVEN, NULL}, {"cloud-init.meta-data", TEST_GIVEN, NULL}},
		.message = "'meta-data' and 'meta-data-file' exclude each other",
		.hint = "keep one of them",
	}, {
		.code = "given-twice", .at = "cloud-init.network-config-file",
		.conditions = {{"cloud-init.network-config-file", TEST_GIVEN, NULL}, {"cloud-init.network-config", TEST_GIVEN, NULL}},
		.message = "'network-config' and 'network-config-file' exclude each other",
		.hint = "keep one of them",
	}, {
		.code = "given-twice", .at = "cloud-init.vendor-data-file",
		.conditions = {{"cloud-init.vendor-data-file", TEST_GIVEN, NULL}, {"cloud-init.vendor-data", TEST_GIVEN, NULL}},
		.message = "'vendor-data' and 'vendor-data-file' exclude each other",
		.hint = "keep one of them",
	}, {
		.code = "given-twice", .at = "ssh-keys",
		.conditions = {{"ssh-keys", TEST_GIVEN, NULL}, {"cloud-init.meta-data", TEST_GIVEN, NULL}},
		.message = "'ssh-keys' and 'meta-data' exclude each other",
		.hint = "keys are part of the meta-data: add 'public-keys' there",
	}, {
		.code = "given-twice", .at = "cloud-init.reprovision",
		.conditions = {{"cloud-init.reprovision", TEST_GIVEN, NULL}, {"cloud-init.meta-data", TEST_GIVEN, NULL}},
		.message = "'reprovision' and 'meta-data' exclude each other",
		.hint = "change 'instance-id' in the meta-data",
	}, {
		.code = "given-twice", .at = "ssh-keys",
		.conditions = {{"ssh-keys", TEST_GIVEN, NULL}, {"cloud-init.meta-data-file", TEST_GIVEN, NULL}},
		.message = "'ssh-keys' and 'meta-data-file' exclude each other",
		.hint = "keys are part of the meta-data: add 'public-keys' there",
	}, {
		.code = "given-twice", .at = "cloud-init.reprovision",
		.conditions = {{"cloud-init.reprovision", TEST_GIVEN, NULL}, {"cloud-init.meta-data-file", TEST_GIVEN, NULL}},
		.message = "'reprovision' and 'meta-data-file' exclude each other",
		.hint = "change 'instance-id' in the meta-data",
	}, {
		.code = "ignition-config", .at = "ignition", .fillable = true,
		.conditions = {{"ignition", TEST_GIVEN, NULL}, {"ignition.config", TEST_ABSENT, NULL},
			{"ignition.config-file", TEST_ABSENT, NULL}},
		.message = "'ignition' needs 'config' or 'config-file'",
	}, {
		.code = "given-twice", .at = "ignition.config-file",
		.conditions = {{"ignition.config-file", TEST_GIVEN, NULL}, {"ignition.config", TEST_GIVEN, NULL}},
		.message = "'config' and 'config-file' exclude each other",
		.hint = "keep one of them",
	}, {
		.code = "credential-value", .at = "credentials.*", .fillable = true,
		.conditions = {{"credentials.*.value", TEST_ABSENT, NULL}, {"credentials.*.credential", TEST_ABSENT, NULL},
			{"credentials.*.encrypted-credential", TEST_ABSENT, NULL}},
		.message = "a credential needs 'value', 'credential' or 'encrypted-credential'",
	}, {
		.code = "given-twice", .at = "credentials.*.credential",
		.conditions = {{"credentials.*.credential", TEST_GIVEN, NULL}, {"credentials.*.value", TEST_GIVEN, NULL}},
		.message = "'value' and 'credential' exclude each other",
		.hint = "keep one of them",
	}, {
		.code = "given-twice", .at = "credentials.*.encrypted-credential",
		.conditions = {{"credentials.*.encrypted-credential", TEST_GIVEN, NULL}, {"credentials.*.value", TEST_GIVEN, NULL}},
		.message = "'value' and 'encrypted-credential' exclude each other",
		.hint = "keep one of them",
	}, {
		.code = "given-twice", .at = "credentials.*.encrypted-credential",
		.conditions = {{"credentials.*.encrypted-credential", TEST_GIVEN, NULL}, {"credentials.*.credential", TEST_GIVEN, NULL}},
		.message = "'credential' and 'encrypted-credential' exclude each other",
		.hint = "keep one of them",
	}, {
		.code = "credentials-microvm", .at = "credentials",
		.conditions = {{"credentials", TEST_GIVEN, NULL}, {"machine", TEST_IS, "microvm"}},
		.message = "machine 'microvm' has no SMBIOS for 'credentials'",
		.hint = "use machine: q35",
	}, {
		.code = "ready-twice", .at = "ready.tcp",
		.conditions = {{"ready.tcp", TEST_GIVEN, NULL}, {"ready.when", TEST_IS_NOT, "started"}},
		.message = "'when' and 'tcp' exclude each other",
		.hint = "keep one of them",
	}, {
		.code = "ready-twice", .at = "ready.serial",
		.conditions = {{"ready.serial", TEST_GIVEN, NULL}, {"ready.when", TEST_IS_NOT, "started"}},
		.message = "'when' and 'serial' exclude each other",
		.hint = "keep one of them",
	}, {
		.code = "ready-twice", .at = "ready.serial",
		.conditions = {{"ready.serial", TEST_GIVEN, NULL}, {"ready.tcp", TEST_GIVEN, NULL}},
		.message = "'tcp' and 'serial' exclude each other",
		.hint = "keep one of them",
	}, {
		.code = "ready-tcp", .at = "ready.address", .fillable = true,
		.conditions = {{"ready.address", TEST_GIVEN, NULL}, {"ready.tcp", TEST_ABSENT, NULL}},
		.message = "'address' needs 'tcp'",
		.hint = "say which port: {tcp: 5432, address: 10.1.0.5}",
	}, {
		.code = "ready-serial", .at = "ready.serial",
		.conditions = {{"ready.serial", TEST_GIVEN, NULL}, {"console.serial", TEST_OFF, NULL}},
		.message = "'ready.serial' needs the serial port that 'console.serial: no' takes away",
		.hint = "remove one of them",
	}, {
		.code = "journal-serial", .at = "console.journal",
		.conditions = {{"console.journal", TEST_ON, NULL}, {"console.serial", TEST_OFF, NULL}},
		.message = "'console.journal' needs the serial port that 'console.serial: no' takes away",
		.hint = "remove one of them",
	}, {
		.code = "ready-microvm", .at = "ready.when",
		.conditions = {{"ready.when", TEST_IS, "notify"}, {"machine", TEST_IS, "microvm"}},
		.message = "machine 'microvm' has no SMBIOS to tell the guest's systemd whom to notify",
		.hint = "use machine: q35, or another 'ready'",
	}, {
		.code = "liveness-watchdog", .at = "liveness.check", .fillable = true,
		.conditions = {{"liveness.check", TEST_IS, "watchdog"}, {"watchdog", TEST_ABSENT, NULL}},
		.message = "liveness 'watchdog' needs watchdog: {action: restart}",
		.hint = "the guest's driver then shows that the guest lives",
	}, {
		.code = "liveness-watchdog", .at = "liveness.check", .fillable = true,
		.conditions = {{"watchdog", TEST_GIVEN, NULL}, {"liveness.check", TEST_IS, "watchdog"}, {"watchdog.action", TEST_IS_NOT, "restart"}},
		.message = "liveness 'watchdog' needs watchdog: {action: restart}",
		.hint = "the guest's driver then shows that the guest lives",
	}, {
		.code = "watchdog-microvm", .at = "watchdog",
		.conditions = {{"watchdog", TEST_GIVEN, NULL}, {"machine", TEST_IS, "microvm"}},
		.message = "machine 'microvm' has no bus for a watchdog device",
		.hint = "use machine: q35, or liveness: guest-agent",
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

static const struct rule image_rows[] = {
	{
		.code = "image-source", .at = "",
		.conditions = {{"url", TEST_ABSENT, NULL}, {"path", TEST_ABSENT, NULL}},
		.message = "an image needs 'url' or 'path'",
		.hint = "path: /srv/images/debian-12.qcow2",
	}, {
		.code = "image-source", .at = "path",
		.conditions = {{"path", TEST_GIVEN, NULL}, {"url", TEST_GIVEN, NULL}},
		.message = "'url' and 'path' exclude each other",
		.hint = "keep one of them",
	}, {
		.code = "http-checksum", .at = "url",
		.conditions = {{"url", TEST_BEGINS, "http://"}, {"sha256", TEST_ABSENT, NULL},
			{"sha512", TEST_ABSENT, NULL}},
		.message = "a download by plain http needs 'sha256' or 'sha512'",
		.hint = "anyone on the way could send another file; or use https",
	},
};
/* clang-format on */

const struct rules *rules_of(enum kind kind)
{
	static const struct rules vm_rules = {vm_rows, ARRAY_SIZE(vm_rows)};
	static const struct rules network_rules = {network_rows, ARRAY_SIZE(network_rows)};
	static const struct rules image_rules = {image_rows, ARRAY_SIZE(image_rows)};
	static const struct rules none = {NULL, 0};
	switch (kind) {
	case KIND_VM:
	case KIND_PROFILE:
		return &vm_rules;
	case KIND_NETWORK:
		return &network_rules;
	case KIND_IMAGE:
		return &image_rules;
	case KIND_COUNT:
		break;
	}
	return &none;
}
