/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Everything decided about one VM before anything is done: paths, interface names, addresses,
 * descriptor numbers. Pure: the same spec gives the same plan on every host. A plan lives in an
 * arena and borrows from its spec.
 */
#pragma once

#include "base/arena.h"
#include "spec/document.h"
#include "spec/scalar.h"

#define PLAN_STATE_ROOT "/var/lib/vmlet/vm"
/* Where systemd keeps them, as each is a dynamic user's; the other names are its links
 * (systemd.exec(5)). */
#define PLAN_PRIVATE_ROOT "/var/lib/private/vmlet/vm"
#define PLAN_RUNTIME_ROOT "/run/vmlet/vm"
#define PLAN_PASST_ROOT "/run/vmlet/passt"
#define PLAN_IMAGE_ROOT "/var/lib/vmlet/images"
#define PLAN_IMAGE_DIGITS 16 /* in the name of an image that a document describes */
#define PLAN_LAYER_ROOT "/var/lib/vmlet/layers" /* what linked clones share */

/* Descriptors that QEMU inherits. systemd passes its own from 3 on (sd_listen_fds(3)), at most
 * PLAN_FDS_MAX of them, so these never meet. */
#define PLAN_FDS_MAX (2 * NICS_MAX * QUEUES_MAX)
#define PLAN_FD_SUPERVISOR (3 + PLAN_FDS_MAX)
#define PLAN_FD_SERIAL (PLAN_FD_SUPERVISOR + 1)
#define PLAN_FD_VSOCK (PLAN_FD_SERIAL + 1)
#define PLAN_FD_STATE (PLAN_FD_VSOCK + 1) /* of a suspended guest */
#define PLAN_FD_TAP (PLAN_FD_STATE + 1)
#define PLAN_FD_VHOST (PLAN_FD_TAP + NICS_MAX * QUEUES_MAX)

/* How many disks and interfaces can be added to a running q35. */
#define PLAN_HOTPLUG_PORTS 4

/* Names of files in the state and runtime directories. */
#define PLAN_SEED_FILE "seed.iso"
#define PLAN_CREDENTIAL_DISK "disk-"	    /* and the disk's name */
#define PLAN_CREDENTIAL_CLOUD "cloud-init." /* and user-data, meta-data, ... */
#define PLAN_CREDENTIAL_IGNITION "ignition"
#define PLAN_CREDENTIAL_GUEST "guest." /* and the name that the guest knows it by */
#define PLAN_IGNITION_FILE "ignition"
#define PLAN_SMBIOS_FILE "smbios-" /* and a number */
#define PLAN_SPEC_FILE "spec.yaml"
#define PLAN_SUSPENDED_FILE \
	"suspended" /* what QEMU wrote of a guest, and the next: of what spec \
		     */
#define PLAN_SUSPENDED_SPEC_FILE "suspended.yaml"
#define PLAN_CONSOLE_FILE "console.log"
#define PLAN_CONSOLE_OLD_FILE "console.log.1"
#define PLAN_STOP_TIMEOUT_FILE "stop-timeout"
#define PLAN_SHUTDOWN_SUSPENDS_FILE "suspend-at-shutdown"
/* vmlet-shutdown.service makes it before VMs are stopped. */
#define PLAN_HOST_SHUTDOWN_FILE "/run/vmlet/host-shutdown"
#define PLAN_QMP_SOCKET "qmp.sock"
#define PLAN_STOP_SOCKET "stop.sock"
#define PLAN_SERIAL_SOCKET "serial.sock"
#define PLAN_AGENT_SOCKET "agent.sock"
#define PLAN_NOTIFY_SOCKET "notify.sock"

/* The device that is the guest agent's port, as QEMU's events name it. */
#define PLAN_AGENT_DEVICE "agent-port"

/* No disk or interface has a name with an underscore. */
#define PLAN_BALLOON_DEVICE "memory_balloon"

/* The virtio-serial port on which a guest says what sd_notify(3) says, a message a line. */
#define PLAN_NOTIFY_PORT "org.vmlet.notify.0"

struct plan_disk {
	const struct disk *disk;
	const char
		*file; /* the path of what holds it; NULL for one on the network, or an empty drive
			*/
	const char *file_name;	/* in the state directory; NULL for one that is not the VM's own */
	const char *image_path; /* NULL when there is none */
	/* The files that the disk stands on, from the top; a disk that is there may stand on others
	 * than a new one (an earlier image, what clones share): vmlet-run finds out. */
	const char **layers;
	size_t layer_count;
	bool image_is_unit;   /* the image has a document, and so a unit that makes it */
	const char *key_path; /* of the key of an encrypted disk, while the VM runs; else NULL */
	const char *serial;
	size_t boot_index; /* from 1; 0 for none */
};

enum attachment {
	ATTACHMENT_TAP, /* a port of a bridge */
	ATTACHMENT_MACVTAP,
	ATTACHMENT_USER,  /* QEMU itself */
	ATTACHMENT_PASST, /* passt, by a socket */
};

struct plan_nic {
	const struct nic *nic;
	const char *vm;
	enum attachment attachment;
	const struct network *network;	    /* NULL when there is none */
	bool first_on_network;		    /* of its VM */
	const char *bridge;		    /* of a tap */
	char tap[INTERFACE_LENGTH_MAX + 1]; /* the host's end, macvtap or not */
	const char *altname; /* the readable name when the tap's own is a hash, else NULL */
	char mac[MAC_TEXT_BYTES];
	uint64_t mtu;	    /* 0: the bridge's */
	const char *socket; /* of passt; NULL for others */
	size_t queues;
	int fd; /* of the first queue */
	int vhost_fd;
	bool mac_filter;
	bool ip_filter;
	size_t boot_index;
};

/* A user name's longest, for systemd: UT_NAMESIZE - 1 (systemd, docs/USER_NAMES.md). */
#define PLAN_USER_LENGTH_MAX 31

struct plan {
	const struct vm *vm;
	char user[PLAN_USER_LENGTH_MAX + 1]; /* the dynamic user */
	const char *state_directory;
	const char *runtime_directory;
	const char *cpu_model;
	uint64_t start_slots;	   /* so many VMs may start at once; 0: any */
	uint64_t cid;		   /* of the guest's vsock */
	const char *ready_address; /* of ready.tcp; else NULL */
	struct plan_disk *disks;
	size_t disk_count;
	struct plan_nic *nics;
	size_t nic_count;
};

/* Decides. The VM and the networks that it refers to must be whole, and outlive the plan with all
 * documents. Returns -ENOMEM when memory is short, else 0. */
int plan_vm(struct arena *arena, const struct documents *documents, const struct vm *vm,
	struct plan *ret_plan);

/* The file of a base image in the image store. With a document it is NAME.DIGITS.qcow2, where the
 * digits stand for where it is from and what it is to be: another checksum is another file. Without
 * one it is NAME.qcow2, put there by hand. NULL when memory is short. */
const char *plan_image_path(
	struct arena *arena, const struct documents *documents, const char *image);

/* Whether the guest gets a vsock: where the host has it, unless the spec insists. */
bool plan_has_vsock(const struct plan *plan);

/* Whether the host has no link for it. */
bool plan_nic_is_user(const struct plan_nic *nic);

/* Says what a disk stands on, in the arena. Returns -ENOMEM when memory is short, else 0. */
int plan_set_layers(struct arena *arena, struct plan_disk *disk, char *const paths[], size_t count);

/* Whether a file below a disk may be this one: it is in the image store, of the image with that
 * name (NULL: of any), or what clones share. */
bool plan_is_layer(const char *path, const char *image);

/* The name of a VM's dynamic user: "vm-" and its name, or a hash of that where it would be too
 * long. */
void plan_name_user(const char *vm, char user[PLAN_USER_LENGTH_MAX + 1]);

/* The same of what downloads and converts an image. */
void plan_name_image_user(const char *image, char user[PLAN_USER_LENGTH_MAX + 1]);

/* The file of a VM's credential while it runs. NULL when memory is short. */
const char *plan_credential_path(struct arena *arena, const char *vm, const char *credential);

/* The path of a file in the VM's state or runtime directory. NULL when memory is short. */
const char *plan_state_path(struct arena *arena, const struct plan *plan, const char *file);
const char *plan_runtime_path(struct arena *arena, const struct plan *plan, const char *file);
