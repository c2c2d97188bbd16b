/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a guest's systemd says of itself (sd_notify(3)): over vsock, to which the credential
 * vmm.notify_socket leads it (systemd.system-credentials(7)), or a line each on a virtio-serial
 * port. The guest is not trusted: lines are bounded, and only its own address is listened to.
 */
#pragma once

#include <stdint.h>
#include <systemd/sd-event.h>

#define GUEST_NOTIFY_LINE_BYTES 256
#define GUEST_NOTIFY_PEERS_MAX 4

struct guest_notify_peer {
	struct guest_notify *notify;
	sd_event_source *source; /* NULL: free */
	int fd;
	char line[GUEST_NOTIFY_LINE_BYTES + 1];
	size_t length;
};

struct guest_notify {
	sd_event *event; /* borrowed */
	uint64_t cid;	 /* the guest's */
	sd_event_source *listener;
	struct guest_notify_peer peers[GUEST_NOTIFY_PEERS_MAX];
	/* Gets each assignment: "READY=1". */
	void (*on_assignment)(void *context, const char *assignment);
	void *context;
};

/* A socket that listens where the guest with that CID is told to speak. */
int guest_notify_listen(uint64_t cid);

/* The port of it: a guest has one of its own, whatever other guests there are. */
uint32_t guest_notify_port(uint64_t cid);

/* Begins, with event, cid and the call-back set: on a listening socket (-1 for none), and on the
 * port's socket at path. Returns negative errno. */
int guest_notify_open(struct guest_notify *notify, int listener_fd, const char *path);

void guest_notify_done(struct guest_notify *notify);
