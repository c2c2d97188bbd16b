/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/guest-notify.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
/* It needs sa_family_t. */
#include <linux/vm_sockets.h>

#include "base/macros.h"
#include "host/unix-socket.h"

#define PORT_RESERVED 1024 /* those below are root's (vsock(7)) */

uint32_t guest_notify_port(uint64_t cid)
{
	return (uint32_t)(cid < PORT_RESERVED ? cid + UINT32_C(0x80000000) : cid);
}

int guest_notify_listen(uint64_t cid)
{
	struct sockaddr_vm address = {
		.svm_family = AF_VSOCK,
		.svm_cid = VMADDR_CID_ANY,
		.svm_port = guest_notify_port(cid),
	};
	int fd AUTO_CLOSE = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(fd, GUEST_NOTIFY_PEERS_MAX) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static void drop(struct guest_notify_peer *peer)
{
	peer->source = sd_event_source_disable_unref(peer->source);
	close_fd(&peer->fd);
	*peer = (struct guest_notify_peer){.notify = peer->notify, .fd = -1};
}

/* A line that is too long is dropped. */
static void take(struct guest_notify_peer *peer, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		char byte = bytes[i];
		if (byte != '\n' && byte != '\0') {
			if (peer->length < GUEST_NOTIFY_LINE_BYTES)
				peer->line[peer->length] = byte;
			peer->length += peer->length <= GUEST_NOTIFY_LINE_BYTES;
			continue;
		}
		bool fits = peer->length <= GUEST_NOTIFY_LINE_BYTES;
		peer->line[fits ? peer->length : 0] = '\0';
		peer->length = 0;
		if (fits && peer->line[0])
			peer->notify->on_assignment(peer->notify->context, peer->line);
	}
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	struct guest_notify_peer *peer = context;
	char block[1024];
	(void)source;
	(void)revents;
	ssize_t count = recv(fd, block, sizeof(block), MSG_DONTWAIT);
	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (count > 0) {
		take(peer, block, (size_t)count);
		return 0;
	}
	/* The last line needs no end. */
	take(peer, "\n", 1);
	drop(peer);
	return 0;
}

/* Takes the descriptor over, even on failure. */
static int add_peer(struct guest_notify *notify, int fd)
{
	struct guest_notify_peer *peer = NULL;
	for (size_t i = 0; !peer && i < GUEST_NOTIFY_PEERS_MAX; i++)
		if (!notify->peers[i].source)
			peer = &notify->peers[i];
	int r = peer ? sd_event_add_io(notify->event, &peer->source, fd, EPOLLIN, on_readable, peer)
		     : -EBUSY;
	if (r < 0) {
		close(fd);
		return r;
	}
	peer->notify = notify;
	peer->fd = fd;
	return 0;
}

static int on_connection(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	struct guest_notify *notify = context;
	struct sockaddr_vm peer = {0};
	socklen_t size = sizeof(peer);
	(void)source;
	(void)revents;
	int peer_fd AUTO_CLOSE =
		accept4(fd, (struct sockaddr *)&peer, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (peer_fd >= 0 && peer.svm_cid == notify->cid)
		add_peer(notify, TAKE_FD(peer_fd));
	return 0;
}

int guest_notify_open(struct guest_notify *notify, int listener_fd, const char *path)
{
	int r = 0;
	for (size_t i = 0; i < GUEST_NOTIFY_PEERS_MAX; i++)
		notify->peers[i] = (struct guest_notify_peer){.notify = notify, .fd = -1};
	if (listener_fd >= 0)
		r = sd_event_add_io(notify->event, &notify->listener, listener_fd, EPOLLIN,
			on_connection, notify);
	int port_fd = r < 0 ? r : unix_socket_connect(path);
	return port_fd < 0 ? port_fd : add_peer(notify, port_fd);
}

void guest_notify_done(struct guest_notify *notify)
{
	notify->listener = sd_event_source_disable_unref(notify->listener);
	for (size_t i = 0; notify->event && i < GUEST_NOTIFY_PEERS_MAX; i++)
		drop(&notify->peers[i]);
}
