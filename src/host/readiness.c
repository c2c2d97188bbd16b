/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/readiness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/macros.h"

/* Between two tries; a guest that answers is seen that much later at most. */
#define TRY_INTERVAL_USEC 100000
#define PING_TIMEOUT_USEC USEC_SECOND

static void be_ready(struct readiness *readiness)
{
	if (readiness->is_ready)
		return;
	readiness->is_ready = true;
	readiness_done(readiness);
	readiness->on_ready(readiness->context);
}

static int try_again(struct readiness *readiness, sd_event_time_handler_t handler)
{
	readiness->retry = sd_event_source_disable_unref(readiness->retry);
	return sd_event_add_time_relative(readiness->event, &readiness->retry, CLOCK_MONOTONIC,
		TRY_INTERVAL_USEC, TRY_INTERVAL_USEC / 10, handler, readiness);
}

/* --- guest agent --------------------------------------------------------------------------- */

static int on_ping_time(sd_event_source *source, uint64_t usec, void *context);

static void on_pong(void *context, const json_t *answer)
{
	struct readiness *readiness = context;
	if (answer)
		be_ready(readiness);
	else if (!readiness->is_ready)
		try_again(readiness, on_ping_time);
}

static void ping(struct readiness *readiness)
{
	if (readiness->is_ready)
		return;
	int r = agent_question_ask(
		readiness->question, "guest-ping", PING_TIMEOUT_USEC, on_pong, readiness);
	if (r < 0)
		try_again(readiness, on_ping_time);
}

static int on_ping_time(sd_event_source *source, uint64_t usec, void *context)
{
	(void)source;
	(void)usec;
	ping(context);
	return 0;
}

void readiness_agent_there(struct readiness *readiness)
{
	if (readiness->plan->vm->ready.when == READY_GUEST_AGENT)
		ping(readiness);
}

/* --- TCP ----------------------------------------------------------------------------------- */

static int on_connect_time(sd_event_source *source, uint64_t usec, void *context);

/* That nothing is wrong is no proof; a peer is one (getpeername(2), ENOTCONN). */
static bool has_peer(int fd)
{
	struct sockaddr_in peer;
	socklen_t size = sizeof(peer);
	return getpeername(fd, (struct sockaddr *)&peer, &size) == 0;
}

/* What is told besides is of no use: the socket keeps errors of tries before in its queue, where
 * SO_ERROR does not see them. Hence EPOLLET, too. */
static int on_connected(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	(void)source;
	(void)revents;
	if (has_peer(fd))
		be_ready(context);
	return 0;
}

/* The one socket there is does for all tries: a connection to nowhere makes it as new
 * (connect(2), AF_UNSPEC). */
static void start_connection(struct readiness *readiness)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)readiness->plan->vm->ready.tcp),
	};
	const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
	readiness->tcp = sd_event_source_disable_unref(readiness->tcp);
	(void)connect(readiness->tcp_fd, &nowhere, sizeof(nowhere));
	inet_pton(AF_INET, readiness->plan->ready_address, &address.sin_addr);
	if (connect(readiness->tcp_fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		be_ready(readiness);
	else if (errno == EINPROGRESS)
		sd_event_add_io(readiness->event, &readiness->tcp, readiness->tcp_fd,
			EPOLLOUT | EPOLLET, on_connected, readiness);
}

static int on_connect_time(sd_event_source *source, uint64_t usec, void *context)
{
	struct readiness *readiness = context;
	(void)source;
	(void)usec;
	start_connection(readiness);
	return readiness->is_ready ? 0 : try_again(readiness, on_connect_time);
}

/* --- all ----------------------------------------------------------------------------------- */

void readiness_notified(struct readiness *readiness)
{
	if (readiness->plan->vm->ready.when == READY_NOTIFY)
		be_ready(readiness);
}

static void on_line(void *context)
{
	be_ready(context);
}

int readiness_begin(struct readiness *readiness)
{
	const struct ready *ready = &readiness->plan->vm->ready;
	if (readiness->is_ready)
		return 0;
	if (ready->tcp && readiness->tcp_fd < 0)
		return -ENOTSOCK;
	if (ready->tcp)
		return on_connect_time(NULL, 0, readiness);
	/* The console was told when it was opened, before the guest could print. */
	if (!ready->serial && ready->when == READY_STARTED)
		be_ready(readiness);
	return 0;
}

int readiness_watch_console(struct readiness *readiness)
{
	const char *expression = readiness->plan->vm->ready.serial;
	return expression && !readiness->is_ready
		       ? serial_await(readiness->console, expression, on_line, readiness)
		       : 0;
}

const char *readiness_awaits(const struct readiness *readiness)
{
	const struct ready *ready = &readiness->plan->vm->ready;
	if (ready->tcp)
		return "its TCP port";
	if (ready->serial)
		return "a line on its serial port";
	switch ((enum ready_when)ready->when) {
	case READY_GUEST_AGENT:
		return "its guest agent";
	case READY_NOTIFY:
		return "READY=1 from its systemd";
	case READY_STARTED:
	case READY_WHEN_COUNT:
		break;
	}
	return "QEMU";
}

void readiness_done(struct readiness *readiness)
{
	readiness->retry = sd_event_source_disable_unref(readiness->retry);
	readiness->tcp = sd_event_source_disable_unref(readiness->tcp);
}
