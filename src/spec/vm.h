/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A virtual machine as its spec says it: kind vm, every default filled in. */
#pragma once

#include "spec/kind.h"

#define DISKS_MAX 16
#define NICS_MAX 8
#define QUEUES_MAX 8
#define DISK_QUEUES_MAX 64
#define TRUNK_MAX 64
#define PROFILES_MAX 16
#define SSH_KEYS_MAX 64
#define CREDENTIALS_MAX 32
#define DEPENDENCIES_MAX 32

enum machine {
	MACHINE_Q35,
	MACHINE_PC,
	MACHINE_MICROVM,
	MACHINE_COUNT,
};

enum accel {
	ACCEL_KVM,
	ACCEL_TCG,
	ACCEL_AUTO,
	ACCEL_COUNT,
};

enum disk_format {
	DISK_QCOW2,
	DISK_RAW,
	DISK_FORMAT_COUNT,
};

enum cache {
	CACHE_WRITEBACK,
	CACHE_NONE,
	CACHE_WRITETHROUGH,
	CACHE_DIRECTSYNC,
	CACHE_UNSAFE,
	CACHE_COUNT,
};

enum discard {
	DISCARD_UNMAP,
	DISCARD_IGNORE,
	DISCARD_COUNT,
};

/* How a guest sees a disk. */
enum disk_bus {
	BUS_AUTO, /* virtio; of a CD-ROM sata */
	BUS_VIRTIO,
	BUS_SCSI,
	BUS_SATA,
	BUS_NVME,
	DISK_BUS_COUNT,
};

/* QEMU, qapi/block-core.json: BlockdevAioOptions. */
enum aio {
	AIO_AUTO, /* io_uring where the kernel has it, else threads */
	AIO_IO_URING,
	AIO_NATIVE,
	AIO_THREADS,
	AIO_COUNT,
};

enum detect_zeroes {
	DETECT_ZEROES_OFF,
	DETECT_ZEROES_ON,
	DETECT_ZEROES_UNMAP,
	DETECT_ZEROES_COUNT,
};

/* What the guest's reads and writes that fail do: qemu(1), -drive werror=. */
enum on_error {
	ON_ERROR_ENOSPC,
	ON_ERROR_STOP,
	ON_ERROR_REPORT,
	ON_ERROR_IGNORE,
	ON_ERROR_COUNT,
};

/* How a new disk takes its space: qemu-img(1), preallocation. */
enum preallocation {
	PREALLOCATION_OFF,
	PREALLOCATION_METADATA,
	PREALLOCATION_FALLOC,
	PREALLOCATION_FULL,
	PREALLOCATION_COUNT,
};

/* Of a qcow2 file's compressed clusters. */
enum compression {
	COMPRESSION_ZLIB,
	COMPRESSION_ZSTD,
	COMPRESSION_COUNT,
};

enum nic_model {
	NIC_VIRTIO,
	NIC_E1000,
	NIC_E1000E,
	NIC_MODEL_COUNT,
};

enum macvtap_mode {
	MACVTAP_BRIDGE,
	MACVTAP_VEPA,
	MACVTAP_PRIVATE,
	MACVTAP_PASSTHRU,
	MACVTAP_MODE_COUNT,
};

/* What vmlet decides where the spec does not. */
enum automatic {
	AUTOMATIC,
	AUTOMATIC_YES,
	AUTOMATIC_NO,
	AUTOMATIC_COUNT,
};

/* Who speaks for a guest without a tap. */
enum user_backend {
	USER_BACKEND_QEMU,
	USER_BACKEND_PASST,
	USER_BACKEND_COUNT,
};

enum link_state {
	LINK_UP,
	LINK_DOWN,
	LINK_STATE_COUNT,
};

/* systemd.service(5), Restart=; the names are systemd's. */
enum restart {
	RESTART_NO,
	RESTART_ON_SUCCESS,
	RESTART_ON_FAILURE,
	RESTART_ON_ABNORMAL,
	RESTART_ON_WATCHDOG,
	RESTART_ON_ABORT,
	RESTART_ALWAYS,
	RESTART_COUNT,
};

/* What 'vmlet apply' brings a VM to. */
enum vm_state {
	STATE_AUTO, /* running with 'autostart', else as it is */
	STATE_RUNNING,
	STATE_STOPPED,
	STATE_PRESENT, /* as it is */
	STATE_COUNT,
};

/* What it does when a running VM's spec has changed. */
enum on_change {
	ON_CHANGE_LIVE, /* what can be done while the guest runs; the rest is pending */
	ON_CHANGE_RESTART,
	ON_CHANGE_NONE,
	ON_CHANGE_COUNT,
};

/* What it does when a running VM's spec has gone. */
enum on_remove {
	ON_REMOVE_STOP,
	ON_REMOVE_KEEP,
	ON_REMOVE_COUNT,
};

/* What becomes of the guest when the host shuts down. */
enum host_shutdown {
	HOST_SHUTDOWN_STOP,
	HOST_SHUTDOWN_SUSPEND,
	HOST_SHUTDOWN_COUNT,
};

extern const struct choices machine_names;
extern const struct choices accel_names;
extern const struct choices disk_format_names;
extern const struct choices cache_names;
extern const struct choices discard_names;
extern const struct choices disk_bus_names;
extern const struct choices aio_names;
extern const struct choices detect_zeroes_names;
extern const struct choices on_error_names;
extern const struct choices preallocation_names;
extern const struct choices compression_names;
extern const struct choices nic_model_names;
extern const struct choices macvtap_mode_names;
extern const struct choices automatic_names;
extern const struct choices user_backend_names;
extern const struct choices link_state_names;
extern const struct choices restart_names;
extern const struct choices host_shutdown_names;
extern const struct choices state_names;
extern const struct choices on_change_names;
extern const struct choices on_remove_names;
extern const struct choices ready_when_names;
extern const struct choices liveness_names;
extern const struct choices watchdog_model_names;
extern const struct choices watchdog_action_names;

struct topology {
	uint64_t sockets; /* all three 0 when not given */
	uint64_t cores;
	uint64_t threads;
};

struct cpus {
	uint64_t count;
	uint64_t max;	   /* 0: none can be added while it runs */
	const char *model; /* NULL: the accelerator's best */
	struct topology topology;
};

/* A CD-ROM drive, and what is in it. */
struct cdrom {
	bool given;
	const char *path; /* NULL: it is empty */
};

/* Where the key of an encrypted disk is from: one of the two. */
struct encrypt {
	const char *credential;
	const char *encrypted_credential;
};

/* Requests and bytes a second; 0 for no limit. */
struct throttle {
	uint64_t iops;
	uint64_t iops_read;
	uint64_t iops_write;
	uint64_t bandwidth;
	uint64_t bandwidth_read;
	uint64_t bandwidth_write;
};

struct disk {
	struct part part;
	/* A file of the VM's own where none of the next four is given. */
	uint64_t size_bytes; /* 0 when not given */
	const char *image;
	const char *path;
	const char *device;
	const char *uri;
	struct cdrom cdrom;
	int format; /* enum disk_format */
	bool read_only;
	bool shareable;
	int bus;	    /* enum disk_bus */
	const char *serial; /* NULL: the disk's name */
	uint64_t boot_index;
	int cache;	   /* enum cache */
	int aio;	   /* enum aio */
	int discard;	   /* enum discard */
	int detect_zeroes; /* enum detect_zeroes */
	int on_error;	   /* enum on_error */
	bool iothread;
	uint64_t queues; /* 0: QEMU's choice */
	struct throttle throttle;
	struct encrypt encrypt;
	/* of a new one */
	int preallocation;	/* enum preallocation */
	uint64_t cluster_bytes; /* 0: QEMU's choice */
	int compression;	/* enum compression */
	bool lazy_refcounts;
};

struct macvtap {
	const char *link; /* NULL: no macvtap */
	int mode;	  /* enum macvtap_mode */
};

struct user_network {
	bool given;
	int backend; /* enum user_backend */
	struct settings forwards;
};

/* Bits a second; 0 for no limit. Inbound is what the guest receives. */
struct rate {
	uint64_t inbound;
	uint64_t outbound;
};

struct nic {
	struct part part;
	/* exactly one of these four is given */
	const char *network;
	const char *bridge;
	struct macvtap macvtap;
	struct user_network user;
	const char *mac;     /* NULL: derived from the names */
	const char *address; /* NULL: none of its own */
	int model;	     /* enum nic_model */
	uint64_t mtu;	     /* 0: the network's */
	uint64_t queues;     /* 0: one */
	int vhost;	     /* enum automatic */
	uint64_t vlan;	     /* 0: none */
	struct strings trunk;
	struct rate rate;
	int mac_filter; /* enum automatic */
	int ip_filter;	/* enum automatic */
	int link;	/* enum link_state */
};

struct boot {
	struct strings order;
	const char *kernel;
	const char *initrd;
	const char *cmdline;
};

/* Each text is given here, or as a file. */
struct cloud_init {
	const char *user_data;
	const char *user_data_file;
	const char *meta_data;
	const char *meta_data_file;
	const char *network_config;
	const char *network_config_file;
	const char *vendor_data;
	const char *vendor_data_file;
	uint64_t reprovision; /* 0: never */
};

struct ignition {
	const char *config;
	const char *config_file;
};

/* A credential of the guest's systemd: one of the three. */
struct guest_credential {
	struct part part;
	const char *value;
	const char *credential;
	const char *encrypted_credential;
};

struct console {
	bool serial;
	bool journal;
};

/* When the VM counts as started. */
enum ready_when {
	READY_STARTED,	   /* QEMU runs its CPUs */
	READY_GUEST_AGENT, /* the guest agent answers */
	READY_NOTIFY,	   /* the guest's own systemd says so */
	READY_WHEN_COUNT,
};

struct ready {
	int when; /* enum ready_when; started where one of the others is given */
	uint64_t tcp;
	const char *address; /* of 'tcp' */
	const char *serial;  /* an extended regular expression */
};

/* What is asked whether the VM lives. */
enum liveness_check {
	LIVENESS_QEMU,
	LIVENESS_GUEST_AGENT,
	LIVENESS_WATCHDOG, /* the guest's own driver of 'watchdog' */
	LIVENESS_NONE,
	LIVENESS_COUNT,
};

struct liveness {
	int check; /* enum liveness_check */
	uint64_t timeout_usec;
};

enum watchdog_model {
	WATCHDOG_I6300ESB,
	WATCHDOG_IB700,
	WATCHDOG_MODEL_COUNT,
};

enum watchdog_action {
	WATCHDOG_RESET,
	WATCHDOG_POWEROFF,
	WATCHDOG_RESTART, /* the VM has failed, and systemd does what 'restart' says */
	WATCHDOG_ACTION_COUNT,
};

struct watchdog {
	bool given;
	int model;  /* enum watchdog_model */
	int action; /* enum watchdog_action */
};

struct vsock {
	bool given;
	uint64_t cid; /* 0: derived from the name */
};

struct vm {
	int kind; /* enum kind */
	const char *name;
	const char *description;
	bool autostart;
	uint64_t start_delay_usec; /* 0 for none */
	struct strings profiles;
	struct strings depends_on;
	struct cpus cpus;
	uint64_t memory_bytes;
	uint64_t memory_max_bytes; /* 0: it stays what it is while it runs */
	int machine;		   /* enum machine */
	int accel;		   /* enum accel */
	struct parts disks;
	struct parts nics;
	struct boot boot;
	struct cloud_init cloud_init;
	struct strings ssh_keys;
	struct ignition ignition;
	struct parts credentials;
	struct console console;
	struct ready ready;
	uint64_t ready_timeout_usec;
	struct liveness liveness;
	struct watchdog watchdog;
	struct vsock vsock;
	int restart; /* enum restart */
	uint64_t restart_delay_usec;
	uint64_t stop_timeout_usec;
	int on_host_shutdown; /* enum host_shutdown */
	int state;	      /* enum vm_state */
	int on_change;	      /* enum on_change */
	int on_remove;	      /* enum on_remove */
	bool protected;
	struct settings service;
	struct settings unit;
	struct strings qemu_args;
};

extern const struct key_table vm_table;
extern const struct key_table disk_table;
extern const struct key_table nic_table;

static inline const struct disk *vm_disk(const struct vm *vm, size_t index)
{
	return &((const struct disk *)vm->disks.items)[index];
}

static inline const struct nic *vm_nic(const struct vm *vm, size_t index)
{
	return &((const struct nic *)vm->nics.items)[index];
}

static inline const struct guest_credential *vm_credential(const struct vm *vm, size_t index)
{
	return &((const struct guest_credential *)vm->credentials.items)[index];
}

/* Whether the disk is a file in the VM's state directory. */
static inline bool disk_is_own(const struct disk *disk)
{
	return !disk->cdrom.given && !disk->path && !disk->device && !disk->uri;
}

static inline bool disk_is_encrypted(const struct disk *disk)
{
	return disk->encrypt.credential || disk->encrypt.encrypted_credential;
}

/* Whether the guest may write to it. */
static inline bool disk_is_writable(const struct disk *disk)
{
	return !disk->read_only && !disk->cdrom.given;
}

/* Whether the VM gets a cloud-init seed. */
bool vm_has_seed(const struct vm *vm);
