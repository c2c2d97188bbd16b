/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The key table of kind vm: to add a key, add a row here and use its value. */
#include "spec/vm.h"

#include "base/macros.h"
#include "spec/network.h"
#include "spec/scalar.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define TIB (KIB * KIB * MIB)

/* QEMU, include/qemu/throttle.h: THROTTLE_VALUE_MAX is 10^15; this is enough. */
#define THROTTLE_MAX 1000000000

#define TABLE(table, rows, type) \
	const struct key_table table = {rows, ARRAY_SIZE(rows), sizeof(type)}

DEFINE_CHOICES(machine_names,
	MACHINE_COUNT, [MACHINE_Q35] = "q35", [MACHINE_PC] = "pc", [MACHINE_MICROVM] = "microvm");

DEFINE_CHOICES(
	accel_names, ACCEL_COUNT, [ACCEL_KVM] = "kvm", [ACCEL_TCG] = "tcg", [ACCEL_AUTO] = "auto");

DEFINE_CHOICES(disk_format_names, DISK_FORMAT_COUNT, [DISK_QCOW2] = "qcow2", [DISK_RAW] = "raw");

DEFINE_CHOICES(cache_names, CACHE_COUNT, [CACHE_WRITEBACK] = "writeback", [CACHE_NONE] = "none",
	[CACHE_WRITETHROUGH] = "writethrough", [CACHE_DIRECTSYNC] = "directsync",
	[CACHE_UNSAFE] = "unsafe");

DEFINE_CHOICES(
	discard_names, DISCARD_COUNT, [DISCARD_UNMAP] = "unmap", [DISCARD_IGNORE] = "ignore");

DEFINE_CHOICES(disk_bus_names, DISK_BUS_COUNT, [BUS_AUTO] = "auto", [BUS_VIRTIO] = "virtio",
	[BUS_SCSI] = "scsi", [BUS_SATA] = "sata", [BUS_NVME] = "nvme");

DEFINE_CHOICES(aio_names, AIO_COUNT, [AIO_AUTO] = "auto", [AIO_IO_URING] = "io_uring",
	[AIO_NATIVE] = "native", [AIO_THREADS] = "threads");

DEFINE_CHOICES(detect_zeroes_names, DETECT_ZEROES_COUNT, [DETECT_ZEROES_OFF] = "off",
	[DETECT_ZEROES_ON] = "on", [DETECT_ZEROES_UNMAP] = "unmap");

DEFINE_CHOICES(on_error_names, ON_ERROR_COUNT, [ON_ERROR_ENOSPC] = "enospc",
	[ON_ERROR_STOP] = "stop", [ON_ERROR_REPORT] = "report", [ON_ERROR_IGNORE] = "ignore");

DEFINE_CHOICES(preallocation_names,
	PREALLOCATION_COUNT, [PREALLOCATION_OFF] = "off", [PREALLOCATION_METADATA] = "metadata",
	[PREALLOCATION_FALLOC] = "falloc", [PREALLOCATION_FULL] = "full");

DEFINE_CHOICES(compression_names,
	COMPRESSION_COUNT, [COMPRESSION_ZLIB] = "zlib", [COMPRESSION_ZSTD] = "zstd");

DEFINE_CHOICES(nic_model_names,
	NIC_MODEL_COUNT, [NIC_VIRTIO] = "virtio", [NIC_E1000] = "e1000", [NIC_E1000E] = "e1000e");

DEFINE_CHOICES(macvtap_mode_names, MACVTAP_MODE_COUNT, [MACVTAP_BRIDGE] = "bridge",
	[MACVTAP_VEPA] = "vepa", [MACVTAP_PRIVATE] = "private", [MACVTAP_PASSTHRU] = "passthru");

DEFINE_CHOICES(automatic_names,
	AUTOMATIC_COUNT, [AUTOMATIC] = "auto", [AUTOMATIC_YES] = "yes", [AUTOMATIC_NO] = "no");

DEFINE_CHOICES(user_backend_names,
	USER_BACKEND_COUNT, [USER_BACKEND_QEMU] = "qemu", [USER_BACKEND_PASST] = "passt");

DEFINE_CHOICES(link_state_names, LINK_STATE_COUNT, [LINK_UP] = "up", [LINK_DOWN] = "down");

DEFINE_CHOICES(restart_names, RESTART_COUNT, [RESTART_NO] = "no",
	[RESTART_ON_SUCCESS] = "on-success", [RESTART_ON_FAILURE] = "on-failure",
	[RESTART_ON_ABNORMAL] = "on-abnormal", [RESTART_ON_WATCHDOG] = "on-watchdog",
	[RESTART_ON_ABORT] = "on-abort", [RESTART_ALWAYS] = "always");

DEFINE_CHOICES(host_shutdown_names,
	HOST_SHUTDOWN_COUNT, [HOST_SHUTDOWN_STOP] = "stop", [HOST_SHUTDOWN_SUSPEND] = "suspend");

DEFINE_CHOICES(state_names, STATE_COUNT, [STATE_AUTO] = "auto", [STATE_RUNNING] = "running",
	[STATE_STOPPED] = "stopped", [STATE_PRESENT] = "present");

DEFINE_CHOICES(on_change_names, ON_CHANGE_COUNT, [ON_CHANGE_LIVE] = "live",
	[ON_CHANGE_RESTART] = "restart", [ON_CHANGE_NONE] = "none");

DEFINE_CHOICES(
	on_remove_names, ON_REMOVE_COUNT, [ON_REMOVE_STOP] = "stop", [ON_REMOVE_KEEP] = "keep");

DEFINE_CHOICES(ready_when_names, READY_WHEN_COUNT, [READY_STARTED] = "started",
	[READY_GUEST_AGENT] = "guest-agent", [READY_NOTIFY] = "notify");

DEFINE_CHOICES(liveness_names,
	LIVENESS_COUNT, [LIVENESS_QEMU] = "qemu", [LIVENESS_GUEST_AGENT] = "guest-agent",
	[LIVENESS_WATCHDOG] = "watchdog", [LIVENESS_NONE] = "none");

DEFINE_CHOICES(watchdog_model_names,
	WATCHDOG_MODEL_COUNT, [WATCHDOG_I6300ESB] = "i6300esb", [WATCHDOG_IB700] = "ib700");

DEFINE_CHOICES(watchdog_action_names, WATCHDOG_ACTION_COUNT, [WATCHDOG_RESET] = "reset",
	[WATCHDOG_POWEROFF] = "poweroff", [WATCHDOG_RESTART] = "restart");

/* clang-format off */
static const struct key topology_keys[] = {
	{
		.name = "sockets", .type = KEY_COUNT, .offset = offsetof(struct topology, sockets),
		.required = true, .min = 1, .max = 255, .example = "1",
		.summary = "How many CPU sockets the guest sees.",
	}, {
		.name = "cores", .type = KEY_COUNT, .offset = offsetof(struct topology, cores),
		.required = true, .min = 1, .max = 255, .example = "2",
		.summary = "How many cores each socket has.",
	}, {
		.name = "threads", .type = KEY_COUNT, .offset = offsetof(struct topology, threads),
		.required = true, .min = 1, .max = 255, .example = "1",
		.summary = "How many threads each core has.",
	},
};
static TABLE(topology_table, topology_keys, struct topology);

static const struct key cpus_keys[] = {
	{
		.name = "count", .change = CHANGE_LIVE, .type = KEY_COUNT,
		.offset = offsetof(struct cpus, count),
		.fallback = "1", .min = 1, .max = 255, .example = "2",
		.summary = "How many virtual CPUs the guest has.",
	}, {
		.name = "max", .type = KEY_COUNT, .offset = offsetof(struct cpus, max),
		.min = 1, .max = 255, .example = "8",
		.summary = "How many it may have while it runs: up to here vmlet apply adds CPUs "
			   "to a running guest.",
	}, {
		.name = "model", .type = KEY_CPU_MODEL, .offset = offsetof(struct cpus, model),
		.example = "host", .max = 1024,
		.summary = "The CPU model, as QEMU's -cpu takes it; by default host under KVM, else max.",
	}, {
		.name = "topology", .type = KEY_GROUP, .offset = offsetof(struct cpus, topology),
		.below = &topology_table, .example = "{sockets: 1, cores: 2, threads: 1}",
		.summary = "How the CPUs are arranged; the product is the count, or 'max'.",
	},
};
static TABLE(cpus_table, cpus_keys, struct cpus);

static const struct key cdrom_keys[] = {
	{
		.name = "path", .change = CHANGE_LIVE, .type = KEY_PATH,
		.offset = offsetof(struct cdrom, path),
		.example = "/srv/iso/debian.iso",
		.summary = "The ISO image in the drive; without it the drive is empty.",
	},
};
static TABLE(cdrom_table, cdrom_keys, struct cdrom);

static const struct key throttle_keys[] = {
	{
		.name = "iops", .type = KEY_COUNT, .offset = offsetof(struct throttle, iops),
		.min = 1, .max = THROTTLE_MAX, .example = "1000",
		.summary = "The most requests a second.",
	}, {
		.name = "iops-read", .type = KEY_COUNT, .offset = offsetof(struct throttle, iops_read),
		.min = 1, .max = THROTTLE_MAX, .example = "1000",
		.summary = "The most reads a second.",
	}, {
		.name = "iops-write", .type = KEY_COUNT,
		.offset = offsetof(struct throttle, iops_write),
		.min = 1, .max = THROTTLE_MAX, .example = "500",
		.summary = "The most writes a second.",
	}, {
		.name = "bandwidth", .type = KEY_SIZE, .offset = offsetof(struct throttle, bandwidth),
		.min = KIB, .max = TIB, .example = "100MiB",
		.summary = "The most that is read and written in a second.",
	}, {
		.name = "bandwidth-read", .type = KEY_SIZE,
		.offset = offsetof(struct throttle, bandwidth_read),
		.min = KIB, .max = TIB, .example = "100MiB",
		.summary = "The most that is read in a second.",
	}, {
		.name = "bandwidth-write", .type = KEY_SIZE,
		.offset = offsetof(struct throttle, bandwidth_write),
		.min = KIB, .max = TIB, .example = "50MiB",
		.summary = "The most that is written in a second.",
	},
};
static TABLE(throttle_table, throttle_keys, struct throttle);

static const struct key encrypt_keys[] = {
	{
		.name = "credential", .type = KEY_CREDENTIAL,
		.offset = offsetof(struct encrypt, credential), .example = "/etc/vmlet/keys/web",
		.summary = "The file that holds the key, or the name of a credential of the host "
			   "(/etc/credstore/NAME): LoadCredential= of systemd.exec(5).",
	}, {
		.name = "encrypted-credential", .type = KEY_CREDENTIAL,
		.offset = offsetof(struct encrypt, encrypted_credential), .example = "web-disk",
		.summary = "The same of a credential that systemd-creds(1) encrypted: "
			   "LoadCredentialEncrypted=.",
	},
};
static TABLE(encrypt_table, encrypt_keys, struct encrypt);

static const struct key disk_keys[] = {
	{
		.name = "size", .change = CHANGE_GROW, .type = KEY_SIZE, .offset = offsetof(struct disk, size_bytes),
		.min = MIB, .max = 64 * TIB, .example = "20GiB",
		.summary = "The size that the guest sees; a disk grows when it grows, and never shrinks.",
	}, {
		.name = "image", .change = CHANGE_RECREATE, .type = KEY_NAME, .offset = offsetof(struct disk, image),
		.example = "debian-12",
		.summary = "The base image, /var/lib/vmlet/images/NAME.qcow2, that the disk is a "
			   "copy-on-write layer over.",
	}, {
		.name = "format", .change = CHANGE_RECREATE, .type = KEY_CHOICE, .offset = offsetof(struct disk, format),
		.choices = &disk_format_names, .fallback = "qcow2", .example = "raw",
		.summary = "The format of the disk's file.",
	}, {
		.name = "path", .type = KEY_PATH, .offset = offsetof(struct disk, path),
		.example = "/srv/vm/data.raw",
		.summary = "An existing file that is the disk, in format 'format', which is never guessed; "
			   "group kvm must be able to read and write it.",
	}, {
		.name = "device", .type = KEY_PATH, .offset = offsetof(struct disk, device),
		.example = "/dev/disk/by-id/wwn-0x5000c500a1b2c3d4",
		.summary = "A block device of the host, by a name that stays the same.",
	}, {
		.name = "uri", .type = KEY_URI, .offset = offsetof(struct disk, uri),
		.example = "nbd://storage.example/web",
		.summary = "A disk on the network: nbd://HOST[:PORT]/EXPORT, "
			   "nbd+unix:///EXPORT?socket=PATH, iscsi://HOST[:PORT]/TARGET/LUN, "
			   "nfs://HOST/PATH, rbd://POOL/IMAGE.",
	}, {
		.name = "cdrom", .type = KEY_GROUP, .offset = offsetof(struct disk, cdrom),
		.below = &cdrom_table, .scalar_for = "path", .empty = true,
		.example = "/srv/iso/debian.iso",
		.summary = "A CD-ROM drive with an ISO image in it; {} is an empty one.",
	}, {
		.name = "read-only", .type = KEY_BOOL, .offset = offsetof(struct disk, read_only),
		.fallback = "no", .example = "yes",
		.summary = "The guest cannot write to the disk.",
	}, {
		.name = "shareable", .type = KEY_BOOL, .offset = offsetof(struct disk, shareable),
		.fallback = "no", .example = "yes",
		.summary = "Several VMs may write to the disk at once; their guests must be made for it.",
	}, {
		.name = "bus", .type = KEY_CHOICE, .offset = offsetof(struct disk, bus),
		.choices = &disk_bus_names, .fallback = "auto", .example = "scsi",
		.summary = "How the guest sees it; by default virtio, and of a CD-ROM sata.",
	}, {
		.name = "serial", .type = KEY_NAME, .offset = offsetof(struct disk, serial),
		.max = PART_NAME_LENGTH_MAX, .example = "data-1",
		.summary = "The serial number (/dev/disk/by-id/virtio-SERIAL); by default the disk's name.",
	}, {
		.name = "boot-index", .type = KEY_COUNT, .offset = offsetof(struct disk, boot_index),
		.min = 1, .max = 255, .example = "1",
		.summary = "The firmware tries the disk with the lowest first; 'boot.order' says the same "
			   "in one place.",
	}, {
		.name = "cache", .type = KEY_CHOICE, .offset = offsetof(struct disk, cache),
		.choices = &cache_names, .fallback = "writeback", .example = "none",
		.summary = "The cache mode, as QEMU names them (qemu-block-drivers(7)).",
	}, {
		.name = "discard", .type = KEY_CHOICE, .offset = offsetof(struct disk, discard),
		.choices = &discard_names, .fallback = "unmap", .example = "ignore",
		.summary = "Whether the guest's TRIM gives space back to the host.",
	}, {
		.name = "detect-zeroes", .type = KEY_CHOICE,
		.offset = offsetof(struct disk, detect_zeroes), .choices = &detect_zeroes_names,
		.fallback = "off", .example = "unmap",
		.summary = "Whether zeroes that the guest writes are kept as holes.",
	}, {
		.name = "aio", .type = KEY_CHOICE, .offset = offsetof(struct disk, aio),
		.choices = &aio_names, .fallback = "auto", .example = "native",
		.summary = "How QEMU reads and writes the file; by default io_uring where the kernel has "
			   "it, else threads.",
	}, {
		.name = "on-error", .type = KEY_CHOICE, .offset = offsetof(struct disk, on_error),
		.choices = &on_error_names, .fallback = "enospc", .example = "stop",
		.summary = "What an error of the disk does: stop the guest, report it to the guest, ignore "
			   "it; enospc stops when the host's disk is full and reports all else.",
	}, {
		.name = "iothread", .type = KEY_BOOL, .offset = offsetof(struct disk, iothread),
		.fallback = "no", .example = "yes",
		.summary = "A thread of its own does the disk's work.",
	}, {
		.name = "queues", .type = KEY_COUNT, .offset = offsetof(struct disk, queues),
		.min = 1, .max = DISK_QUEUES_MAX, .example = "4",
		.summary = "How many queues the disk has; by default one for each CPU.",
	}, {
		.name = "throttle", .type = KEY_GROUP, .offset = offsetof(struct disk, throttle),
		.below = &throttle_table, .example = "{iops: 1000, bandwidth: 100MiB}",
		.summary = "How much the guest may read and write.",
	}, {
		.name = "encrypt", .change = CHANGE_RECREATE, .type = KEY_GROUP, .offset = offsetof(struct disk, encrypt),
		.below = &encrypt_table, .scalar_for = "credential", .example = "/etc/vmlet/keys/web",
		.summary = "What is in the file is encrypted (LUKS) with this key.",
	}, {
		.name = "preallocation", .change = CHANGE_RECREATE, .type = KEY_CHOICE,
		.offset = offsetof(struct disk, preallocation), .choices = &preallocation_names,
		.fallback = "off", .example = "falloc",
		.summary = "What of a new disk's space is taken at once: qemu-img(1).",
	}, {
		.name = "cluster-size", .change = CHANGE_RECREATE, .type = KEY_SIZE,
		.offset = offsetof(struct disk, cluster_bytes), .min = 4 * KIB, .max = 2 * MIB,
		.example = "1MiB",
		.summary = "The unit in which a new disk's file grows: a power of two; by default 64KiB.",
	}, {
		.name = "compression", .change = CHANGE_RECREATE, .type = KEY_CHOICE,
		.offset = offsetof(struct disk, compression), .choices = &compression_names,
		.fallback = "zlib", .example = "zstd",
		.summary = "How a new disk keeps what 'vmlet disk compact' compresses.",
	}, {
		.name = "lazy-refcounts", .change = CHANGE_RECREATE, .type = KEY_BOOL,
		.offset = offsetof(struct disk, lazy_refcounts), .fallback = "no", .example = "yes",
		.summary = "A new disk writes less of its own book-keeping, and is repaired after a crash.",
	},
};
TABLE(disk_table, disk_keys, struct disk);

static const struct key macvtap_keys[] = {
	{
		.name = "link", .type = KEY_INTERFACE, .offset = offsetof(struct macvtap, link),
		.required = true, .example = "eth1",
		.summary = "The host's interface that the guest shares.",
	}, {
		.name = "mode", .type = KEY_CHOICE, .offset = offsetof(struct macvtap, mode),
		.choices = &macvtap_mode_names, .fallback = "bridge", .example = "vepa",
		.summary = "Whom guests on the same link reach: ip-link(8), macvtap.",
	},
};
static TABLE(macvtap_table, macvtap_keys, struct macvtap);

static const struct key user_keys[] = {
	{
		.name = "backend", .type = KEY_CHOICE, .offset = offsetof(struct user_network, backend),
		.choices = &user_backend_names, .fallback = "qemu", .example = "passt",
		.summary = "Who speaks for the guest: QEMU itself, or passt(1), which is faster and leaves "
			   "QEMU without network.",
	}, {
		.name = "forwards", .type = KEY_PORTS, .item = KEY_COUNT, .max = 64,
		.offset = offsetof(struct user_network, forwards), .example = "{tcp/8080: 80}",
		.summary = "Ports of the host that lead to the guest's.",
	},
};
static TABLE(user_table, user_keys, struct user_network);

static const struct key rate_keys[] = {
	{
		.name = "inbound", .change = CHANGE_LIVE, .type = KEY_RATE, .offset = offsetof(struct rate, inbound),
		.example = "100Mbit",
		.summary = "The most that the guest receives, in bits a second.",
	}, {
		.name = "outbound", .change = CHANGE_LIVE, .type = KEY_RATE, .offset = offsetof(struct rate, outbound),
		.example = "10Mbit",
		.summary = "The most that the guest sends, in bits a second.",
	},
};
static TABLE(rate_table, rate_keys, struct rate);

static const struct key nic_keys[] = {
	{
		.name = "network", .type = KEY_NAME, .offset = offsetof(struct nic, network),
		.example = "lan",
		.summary = "The network, by the name of its document, that the interface is attached to.",
	}, {
		.name = "bridge", .type = KEY_INTERFACE, .offset = offsetof(struct nic, bridge),
		.example = "br0",
		.summary = "The bridge that the interface is attached to, where no document describes "
			   "the network; one that does not exist is made.",
	}, {
		.name = "macvtap", .type = KEY_GROUP, .offset = offsetof(struct nic, macvtap),
		.below = &macvtap_table, .scalar_for = "link", .example = "{link: eth1, mode: bridge}",
		.summary = "An interface of the host that the guest shares, without a bridge.",
	}, {
		.name = "user", .type = KEY_GROUP, .offset = offsetof(struct nic, user),
		.below = &user_table, .empty = true, .example = "{forwards: {tcp/8080: 80}}",
		.summary = "User networking: the guest reaches what the host does, without any set-up; "
			   "slow.",
	}, {
		.name = "mac", .type = KEY_MAC, .offset = offsetof(struct nic, mac),
		.example = "52:54:00:12:34:56",
		.summary = "The MAC address; by default derived from the names of the VM and the interface.",
	}, {
		.name = "model", .type = KEY_CHOICE, .offset = offsetof(struct nic, model),
		.choices = &nic_model_names, .fallback = "virtio", .example = "e1000e",
		.summary = "The network card that the guest sees.",
	}, {
		.name = "address", .type = KEY_ADDRESS, .offset = offsetof(struct nic, address),
		.example = "10.1.0.5",
		.summary = "The address that the network's DHCP always gives to this interface.",
	}, {
		.name = "mtu", .type = KEY_COUNT, .offset = offsetof(struct nic, mtu),
		.min = MTU_MIN, .max = MTU_MAX, .example = "9000",
		.summary = "The largest packet in bytes, which the guest is told; by default the "
			   "network's.",
	}, {
		.name = "queues", .type = KEY_COUNT, .offset = offsetof(struct nic, queues),
		.min = 1, .max = QUEUES_MAX, .example = "4",
		.summary = "How many queues the card has, so that as many CPUs can use it at once; by "
			   "default 1.",
	}, {
		.name = "vhost", .type = KEY_CHOICE, .offset = offsetof(struct nic, vhost),
		.choices = &automatic_names, .fallback = "auto", .example = "no",
		.summary = "Whether the kernel moves packets instead of QEMU; by default where "
			   "/dev/vhost-net is there.",
	}, {
		.name = "vlan", .change = CHANGE_LIVE, .type = KEY_COUNT, .offset = offsetof(struct nic, vlan),
		.min = 1, .max = VLAN_MAX, .example = "30",
		.summary = "The VLAN that the guest is in, without knowing of it.",
	}, {
		.name = "trunk", .change = CHANGE_LIVE, .type = KEY_LIST, .item = KEY_VLANS, .max = TRUNK_MAX,
		.offset = offsetof(struct nic, trunk), .single = true, .example = "[10, 20-29]",
		.summary = "The VLANs that the guest sees as tagged frames.",
	}, {
		.name = "rate", .type = KEY_GROUP, .offset = offsetof(struct nic, rate),
		.below = &rate_table, .example = "{inbound: 100Mbit, outbound: 10Mbit}",
		.summary = "How fast the guest may receive and send.",
	}, {
		.name = "mac-filter", .type = KEY_CHOICE, .offset = offsetof(struct nic, mac_filter),
		.choices = &automatic_names, .fallback = "auto", .example = "yes",
		.summary = "Frames with another source MAC address are dropped; by default on networks "
			   "with 'nat'.",
	}, {
		.name = "ip-filter", .type = KEY_CHOICE, .offset = offsetof(struct nic, ip_filter),
		.choices = &automatic_names, .fallback = "auto", .example = "yes",
		.summary = "Packets from an IPv4 address that is not the interface's 'address' or lease "
			   "are dropped, and of IPv6 from outside the network's subnets; by default on "
			   "networks with 'nat' and 'dhcp'.",
	}, {
		.name = "link", .change = CHANGE_LIVE, .type = KEY_CHOICE, .offset = offsetof(struct nic, link),
		.choices = &link_state_names, .fallback = "up", .example = "down",
		.summary = "Whether the cable is plugged in when the guest starts.",
	},
};
TABLE(nic_table, nic_keys, struct nic);

static const struct key boot_keys[] = {
	{
		.name = "order", .type = KEY_LIST, .item = KEY_NAME, .max = DISKS_MAX + NICS_MAX,
		.offset = offsetof(struct boot, order), .example = "[root, install]",
		.summary = "The disks and interfaces to boot from, first to last.",
	}, {
		.name = "kernel", .type = KEY_PATH, .offset = offsetof(struct boot, kernel),
		.example = "/boot/vmlinuz",
		.summary = "A Linux kernel to boot directly, without firmware and boot loader.",
	}, {
		.name = "initrd", .type = KEY_PATH, .offset = offsetof(struct boot, initrd),
		.example = "/boot/initrd.img",
		.summary = "The initial RAM disk for that kernel.",
	}, {
		.name = "cmdline", .type = KEY_LINE, .offset = offsetof(struct boot, cmdline),
		.max = 2047, .example = "root=/dev/vda console=ttyS0",
		.summary = "The command line for that kernel.",
	},
};
static TABLE(boot_table, boot_keys, struct boot);

static const struct key cloud_init_keys[] = {
	{
		.name = "user-data", .type = KEY_TEXT,
		.offset = offsetof(struct cloud_init, user_data),
		.example = "\"#cloud-config\\n\"",
		.summary = "The user-data of cloud-init's NoCloud source.",
	}, {
		.name = "user-data-file", .type = KEY_PATH,
		.offset = offsetof(struct cloud_init, user_data_file), .example = "/etc/vmlet/web.user-data",
		.summary = "A file that holds it; only root need be able to read it.",
	}, {
		.name = "meta-data", .type = KEY_TEXT,
		.offset = offsetof(struct cloud_init, meta_data),
		.example = "\"instance-id: web-1\\n\"",
		.summary = "The meta-data; by default the VM's name as instance-id and local-hostname.",
	}, {
		.name = "meta-data-file", .type = KEY_PATH,
		.offset = offsetof(struct cloud_init, meta_data_file), .example = "/etc/vmlet/web.meta-data",
		.summary = "A file that holds it; only root need be able to read it.",
	}, {
		.name = "network-config", .type = KEY_TEXT,
		.offset = offsetof(struct cloud_init, network_config),
		.example = "\"version: 2\\n\"",
		.summary = "The network configuration.",
	}, {
		.name = "network-config-file", .type = KEY_PATH,
		.offset = offsetof(struct cloud_init, network_config_file), .example = "/etc/vmlet/web.network-config",
		.summary = "A file that holds it; only root need be able to read it.",
	}, {
		.name = "vendor-data", .type = KEY_TEXT,
		.offset = offsetof(struct cloud_init, vendor_data),
		.example = "\"#cloud-config\\n\"",
		.summary = "The vendor-data.",
	}, {
		.name = "vendor-data-file", .type = KEY_PATH,
		.offset = offsetof(struct cloud_init, vendor_data_file), .example = "/etc/vmlet/web.vendor-data",
		.summary = "A file that holds it; only root need be able to read it.",
	}, {
		.name = "reprovision", .type = KEY_COUNT,
		.offset = offsetof(struct cloud_init, reprovision), .min = 1, .max = 1000000000,
		.example = "2",
		.summary = "Another number makes another instance-id, for which cloud-init does everything "
			   "again that it does for a new instance.",
	},
};
static TABLE(cloud_init_table, cloud_init_keys, struct cloud_init);

static const struct key ignition_keys[] = {
	{
		.name = "config", .type = KEY_TEXT, .offset = offsetof(struct ignition, config),
		.example = "'{\"ignition\": {\"version\": \"3.0.0\"}}'",
		.summary = "The configuration itself, in JSON.",
	}, {
		.name = "config-file", .type = KEY_PATH,
		.offset = offsetof(struct ignition, config_file), .example = "/etc/vmlet/web.ign",
		.summary = "A file that holds it; only root need be able to read it.",
	},
};
static TABLE(ignition_table, ignition_keys, struct ignition);

static const struct key credential_keys[] = {
	{
		.name = "value", .type = KEY_TEXT, .offset = offsetof(struct guest_credential, value),
		.example = "\"secret\"",
		.summary = "What it holds.",
	}, {
		.name = "credential", .type = KEY_CREDENTIAL,
		.offset = offsetof(struct guest_credential, credential),
		.example = "/etc/vmlet/web.token",
		.summary = "The file that holds it, or the name of a credential of the host "
			   "(/etc/credstore/NAME).",
	}, {
		.name = "encrypted-credential", .type = KEY_CREDENTIAL,
		.offset = offsetof(struct guest_credential, encrypted_credential),
		.example = "web-token",
		.summary = "The same of a credential that systemd-creds(1) encrypted.",
	},
};
static TABLE(credential_table, credential_keys, struct guest_credential);

static const struct key console_keys[] = {
	{
		.name = "serial", .type = KEY_BOOL, .offset = offsetof(struct console, serial),
		.fallback = "yes", .example = "no",
		.summary = "A serial port, to which 'vmlet console' attaches.",
	}, {
		.name = "journal", .type = KEY_BOOL, .offset = offsetof(struct console, journal),
		.fallback = "no", .example = "yes",
		.summary = "What the guest prints on it goes to the journal too, as lines of the unit.",
	},
};
static TABLE(console_table, console_keys, struct console);

static const struct key ready_keys[] = {
	{
		.name = "when", .type = KEY_CHOICE, .offset = offsetof(struct ready, when),
		.choices = &ready_when_names, .fallback = "started", .example = "guest-agent",
		.summary = "When QEMU runs the guest, when the guest agent answers, or when the guest's "
			   "systemd says that it has started.",
	}, {
		.name = "tcp", .type = KEY_COUNT, .offset = offsetof(struct ready, tcp),
		.min = 1, .max = 65535, .example = "5432",
		.summary = "When the guest takes connections on this port.",
	}, {
		.name = "address", .type = KEY_ADDRESS, .offset = offsetof(struct ready, address),
		.example = "10.1.0.5",
		.summary = "The guest's address for 'tcp'; by default that of its first interface with "
			   "'address'.",
	}, {
		.name = "serial", .type = KEY_LINE, .offset = offsetof(struct ready, serial),
		.max = 256, .example = "\"login: $\"",
		.summary = "When the guest has printed a line on its serial port that this extended "
			   "regular expression (regex(7)) matches.",
	},
};
static TABLE(ready_table, ready_keys, struct ready);

static const struct key liveness_keys[] = {
	{
		.name = "check", .type = KEY_CHOICE, .offset = offsetof(struct liveness, check),
		.choices = &liveness_names, .fallback = "qemu", .example = "guest-agent",
		.summary = "Who must show that the VM lives: QEMU, by its answers; the guest agent too; "
			   "the guest's watchdog driver too; or nobody.",
	}, {
		.name = "timeout", .type = KEY_SPAN, .offset = offsetof(struct liveness, timeout_usec),
		.fallback = "1min", .min = 1, .example = "30s",
		.summary = "How long it may be silent before systemd ends the VM as failed: WatchdogSec= "
			   "of systemd.service(5).",
	},
};
static TABLE(liveness_table, liveness_keys, struct liveness);

static const struct key watchdog_keys[] = {
	{
		.name = "model", .type = KEY_CHOICE, .offset = offsetof(struct watchdog, model),
		.choices = &watchdog_model_names, .fallback = "i6300esb", .example = "ib700",
		.summary = "The watchdog device that the guest sees.",
	}, {
		.name = "action", .type = KEY_CHOICE, .offset = offsetof(struct watchdog, action),
		.choices = &watchdog_action_names, .fallback = "reset", .example = "restart",
		.summary = "What happens when the guest feeds it no more: the guest is reset, or powered "
			   "off, or the VM has failed and systemd does what 'restart' says.",
	},
};
static TABLE(watchdog_table, watchdog_keys, struct watchdog);

static const struct key vsock_keys[] = {
	{
		.name = "cid", .type = KEY_COUNT, .offset = offsetof(struct vsock, cid),
		.min = 3, .max = UINT32_MAX - 1, .example = "42",
		.summary = "The guest's address (vsock(7)); by default derived from the VM's name.",
	},
};
static TABLE(vsock_table, vsock_keys, struct vsock);

static const struct key vm_keys[] = {
	{
		.name = "kind", .type = KEY_CHOICE, .offset = offsetof(struct vm, kind),
		.choices = &kind_names, .fallback = "vm", .example = "vm",
		.summary = "What the document describes.",
	}, {
		.name = "name", .type = KEY_NAME, .offset = offsetof(struct vm, name),
		.example = "web",
		.summary = "The name: the VM is the unit vm@NAME.service; by default the file's name.",
	}, {
		.name = "description", .change = CHANGE_LIVE, .type = KEY_LINE, .offset = offsetof(struct vm, description),
		.max = 1024, .example = "Front-end web server",
		.summary = "One line that systemctl shows.",
	}, {
		.name = "autostart", .change = CHANGE_LIVE, .type = KEY_BOOL, .offset = offsetof(struct vm, autostart),
		.fallback = "no", .example = "yes",
		.summary = "Start the VM when the host boots.",
	}, {
		.name = "start-delay", .change = CHANGE_LIVE, .type = KEY_SPAN, .offset = offsetof(struct vm, start_delay_usec),
		.min = 1, .example = "30s",
		.summary = "How much later than the others 'autostart' starts it.",
	}, {
		.name = "profiles", .type = KEY_LIST, .item = KEY_NAME, .max = PROFILES_MAX,
		.offset = offsetof(struct vm, profiles), .composing = true, .example = "[small, lan]",
		.summary = "Documents of kind profile whose keys the VM takes up, a later one's first; the "
			   "VM's own keys win.",
	}, {
		.name = "depends-on", .change = CHANGE_LIVE, .type = KEY_LIST, .item = KEY_NAME, .max = DEPENDENCIES_MAX,
		.offset = offsetof(struct vm, depends_on), .example = "[db]",
		.summary = "VMs that this one needs: they are started with it and before it.",
	}, {
		.name = "cpus", .type = KEY_GROUP, .offset = offsetof(struct vm, cpus),
		.below = &cpus_table, .scalar_for = "count", .example = "2",
		.summary = "The virtual CPUs.",
	}, {
		.name = "memory", .change = CHANGE_LIVE, .type = KEY_SIZE,
		.offset = offsetof(struct vm, memory_bytes),
		.fallback = "1GiB", .min = MIB, .max = 16 * TIB, .example = "2GiB",
		.summary = "The guest's memory.",
	}, {
		.name = "memory-max", .type = KEY_SIZE,
		.offset = offsetof(struct vm, memory_max_bytes),
		.min = MIB, .max = 16 * TIB, .example = "8GiB",
		.summary = "The memory that the guest may have while it runs: up to here vmlet "
			   "apply changes 'memory' of a running guest, by a balloon.",
	}, {
		.name = "machine", .type = KEY_CHOICE, .offset = offsetof(struct vm, machine),
		.choices = &machine_names, .fallback = "q35", .example = "microvm",
		.summary = "The machine that QEMU emulates.",
	}, {
		.name = "accel", .type = KEY_CHOICE, .offset = offsetof(struct vm, accel),
		.choices = &accel_names, .fallback = "kvm", .example = "tcg",
		.summary = "What runs the guest's code: the processor (kvm), emulation (tcg, slow), or "
			   "whichever is there (auto).",
	}, {
		.name = "disks", .change = CHANGE_LIVE, .type = KEY_PARTS, .offset = offsetof(struct vm, disks),
		.below = &disk_table, .scalar_for = "size", .max = DISKS_MAX,
		.example = "{root: {size: 20GiB, image: debian-12}}",
		.summary = "The disks, by name.",
	}, {
		.name = "nics", .change = CHANGE_LIVE, .type = KEY_PARTS, .offset = offsetof(struct vm, nics),
		.below = &nic_table, .scalar_for = "bridge", .max = NICS_MAX,
		.example = "{lan: {bridge: br0}}",
		.summary = "The network interfaces, by name.",
	}, {
		.name = "boot", .type = KEY_GROUP, .offset = offsetof(struct vm, boot),
		.below = &boot_table, .example = "{order: [root]}",
		.summary = "What the guest boots.",
	}, {
		.name = "cloud-init", .type = KEY_GROUP, .offset = offsetof(struct vm, cloud_init),
		.below = &cloud_init_table, .example = "{user-data: \"#cloud-config\\n\"}",
		.summary = "What cloud-init finds in the guest (NoCloud).",
	}, {
		.name = "ssh-keys", .type = KEY_LIST, .item = KEY_LINE, .max = SSH_KEYS_MAX,
		.offset = offsetof(struct vm, ssh_keys), .single = true,
		.example = "[\"ssh-ed25519 AAAA... me@home\"]",
		.summary = "Public keys that cloud-init lets in as the image's default user.",
	}, {
		.name = "ignition", .type = KEY_GROUP, .offset = offsetof(struct vm, ignition),
		.below = &ignition_table, .scalar_for = "config-file", .example = "/etc/vmlet/web.ign",
		.summary = "What Ignition finds in the guest (Fedora CoreOS, Flatcar).",
	}, {
		.name = "credentials", .type = KEY_PARTS, .names = KEY_CREDENTIAL,
		.offset = offsetof(struct vm, credentials), .below = &credential_table,
		.scalar_for = "value", .max = CREDENTIALS_MAX,
		.example = "{passwd.hashed-password.root: {credential: /etc/vmlet/web.root}}",
		.summary = "Credentials of the guest's systemd, by name: systemd.system-credentials(7).",
	}, {
		.name = "console", .type = KEY_GROUP, .offset = offsetof(struct vm, console),
		.below = &console_table, .example = "{serial: yes}",
		.summary = "How people reach the guest.",
	}, {
		.name = "ready", .type = KEY_GROUP, .offset = offsetof(struct vm, ready),
		.below = &ready_table, .scalar_for = "when", .example = "guest-agent",
		.summary = "When the VM counts as started: 'systemctl start' returns then, and what "
			   "depends on it starts.",
	}, {
		.name = "ready-timeout", .type = KEY_SPAN,
		.offset = offsetof(struct vm, ready_timeout_usec),
		.fallback = "5min", .min = 1, .example = "2min",
		.summary = "How long it may take until then: TimeoutStartSec= of systemd.service(5).",
	}, {
		.name = "liveness", .type = KEY_GROUP, .offset = offsetof(struct vm, liveness),
		.below = &liveness_table, .scalar_for = "check", .example = "guest-agent",
		.summary = "What shows that the VM lives; when it does not, systemd ends it as failed.",
	}, {
		.name = "watchdog", .type = KEY_GROUP, .offset = offsetof(struct vm, watchdog),
		.below = &watchdog_table, .scalar_for = "model", .empty = true,
		.example = "{model: i6300esb, action: reset}",
		.summary = "A watchdog device for the guest.",
	}, {
		.name = "vsock", .type = KEY_GROUP, .offset = offsetof(struct vm, vsock),
		.below = &vsock_table, .scalar_for = "cid", .empty = true, .example = "{cid: 42}",
		.summary = "Sockets between host and guest without a network (vsock(7)); {} for any "
			   "address.",
	}, {
		.name = "restart", .change = CHANGE_LIVE, .type = KEY_CHOICE, .offset = offsetof(struct vm, restart),
		.choices = &restart_names, .fallback = "on-failure", .example = "always",
		.summary = "When systemd starts the VM again: Restart= of systemd.service(5).",
	}, {
		.name = "restart-delay", .change = CHANGE_LIVE, .type = KEY_SPAN,
		.offset = offsetof(struct vm, restart_delay_usec),
		.fallback = "5s", .example = "5s",
		.summary = "How long systemd waits before it does.",
	}, {
		.name = "stop-timeout", .change = CHANGE_LIVE, .type = KEY_SPAN,
		.offset = offsetof(struct vm, stop_timeout_usec),
		.fallback = "90s", .min = 1, .example = "3min",
		.summary = "How long the guest may take to power itself off when it is asked to.",
	}, {
		.name = "on-host-shutdown", .change = CHANGE_LIVE, .type = KEY_CHOICE,
		.offset = offsetof(struct vm, on_host_shutdown),
		.choices = &host_shutdown_names, .fallback = "stop", .example = "suspend",
		.summary = "What becomes of the guest when the host shuts down: it powers itself "
			   "off, or its state goes to disk, from where its next start takes it up.",
	}, {
		.name = "state", .change = CHANGE_LIVE, .type = KEY_CHOICE,
		.offset = offsetof(struct vm, state),
		.choices = &state_names, .fallback = "auto", .example = "running",
		.summary = "What vmlet apply brings the VM to; auto: running with 'autostart: "
			   "yes'; present: as it is.",
	}, {
		.name = "on-change", .change = CHANGE_LIVE, .type = KEY_CHOICE,
		.offset = offsetof(struct vm, on_change),
		.choices = &on_change_names, .fallback = "live", .example = "restart",
		.summary = "What vmlet apply does when the spec of the running VM has changed: "
			   "what can be done live, with the rest pending; a restart where that is "
			   "needed; nothing.",
	}, {
		.name = "on-remove", .change = CHANGE_LIVE, .type = KEY_CHOICE,
		.offset = offsetof(struct vm, on_remove),
		.choices = &on_remove_names, .fallback = "stop", .example = "keep",
		.summary = "What vmlet apply does when the spec of the running VM has gone; its "
			   "disks stay in any case.",
	}, {
		.name = "protected", .change = CHANGE_LIVE, .type = KEY_BOOL,
		.offset = offsetof(struct vm, protected), .fallback = "no", .example = "yes",
		.summary = "vmlet apply neither stops nor restarts the VM, and vmlet rm refuses.",
	}, {
		.name = "service", .change = CHANGE_LIVE, .type = KEY_SETTINGS, .offset = offsetof(struct vm, service),
		.example = "{CPUWeight: 200, MemoryHigh: 3G}",
		.summary = "Directives for the [Service] section of the unit, as they are.",
	}, {
		.name = "unit", .change = CHANGE_LIVE, .type = KEY_SETTINGS, .offset = offsetof(struct vm, unit),
		.example = "{After: [mnt-data.mount]}",
		.summary = "Directives for the [Unit] section of the unit, as they are.",
	}, {
		.name = "qemu-args", .type = KEY_LIST, .item = KEY_LINE,
		.offset = offsetof(struct vm, qemu_args), .example = "[-device, qemu-xhci]",
		.summary = "Arguments added to QEMU's command line, as they are.",
	},
};
TABLE(vm_table, vm_keys, struct vm);
/* clang-format on */

bool vm_has_seed(const struct vm *vm)
{
	const struct cloud_init *seed = &vm->cloud_init;
	return seed->user_data || seed->user_data_file || seed->meta_data || seed->meta_data_file ||
	       seed->network_config || seed->network_config_file || seed->vendor_data ||
	       seed->vendor_data_file || vm->ssh_keys.count;
}
