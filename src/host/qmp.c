/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/qmp.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "host/unix-socket.h"

/* Waits until the socket has something to read or the time is over. */
static int wait_readable(int fd, uint64_t deadline_usec)
{
	for (;;) {
		uint64_t now = clock_usec(CLOCK_MONOTONIC);
		if (now >= deadline_usec)
			return -ETIMEDOUT;
		struct pollfd item = {.fd = fd, .events = POLLIN};
		int r = poll(&item, 1, (int)((deadline_usec - now + 999) / 1000));
		if (r > 0)
			return 0;
		if (r < 0 && errno != EINTR)
			return -errno;
	}
}

static int receive(struct qmp *qmp, uint64_t deadline_usec)
{
	char block[8192];
	int r = wait_readable(qmp->fd, deadline_usec);
	if (r < 0)
		return r;
	ssize_t count = recv(qmp->fd, block, sizeof(block), 0);
	if (count < 0)
		return errno == EINTR ? 0 : -errno;
	if (count == 0)
		return -ECONNRESET;
	return qmp_stream_feed(&qmp->stream, block, (size_t)count);
}

/* The next message that has one of two keys; others are dropped. */
static int next_with(struct qmp *qmp, const char *key, const char *other, uint64_t deadline_usec,
	json_t **ret_message)
{
	for (;;) {
		json_t *message = NULL;
		int r = qmp_stream_next(&qmp->stream, &message);
		if (r == 0 && (json_object_get(message, key) || json_object_get(message, other))) {
			*ret_message = message;
			return 0;
		}
		json_decref(message);
		if (r == -EAGAIN)
			r = receive(qmp, deadline_usec);
		if (r < 0)
			return r;
	}
}

/* The descriptor, if there is one (-1: none), goes with the first byte. */
static ssize_t send_some(int socket_fd, const char *text, size_t length, int fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec part = {.iov_len = length};
	memcpy(&part.iov_base, &text, sizeof(text)); /* sendmsg(2) does not write to it */
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	if (fd >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	}
	return sendmsg(socket_fd, &message, MSG_NOSIGNAL);
}

static int send_command(struct qmp *qmp, const char *command, json_t *arguments, int fd)
{
	json_t *message =
		arguments ? json_pack("{s:s, s:o}", "execute", command, "arguments", arguments)
			  : json_pack("{s:s}", "execute", command);
	char *text AUTO_FREE = message ? json_dumps(message, JSON_COMPACT) : NULL;
	json_decref(message);
	if (!text)
		return -ENOMEM;
	size_t length = strlen(text);
	for (size_t sent = 0; sent < length;) {
		ssize_t count = send_some(qmp->fd, text + sent, length - sent, sent ? -1 : fd);
		if (count < 0 && errno != EINTR)
			return -errno;
		sent += count > 0 ? (size_t)count : 0;
	}
	return 0;
}

static int refused(const char *command, const json_t *failure, struct error *error)
{
	const char *reason = json_string_value(json_object_get(failure, "desc"));
	return error_set(error, EPROTO, "QEMU refuses %s: %s", command, reason ? reason : "?");
}

int qmp_execute(struct qmp *qmp, const char *command, json_t *arguments, uint64_t timeout_usec,
	json_t **ret_answer, struct error *error)
{
	return qmp_execute_fd(qmp, command, arguments, -1, timeout_usec, ret_answer, error);
}

int qmp_execute_fd(struct qmp *qmp, const char *command, json_t *arguments, int fd,
	uint64_t timeout_usec, json_t **ret_answer, struct error *error)
{
	json_t *message = NULL;
	int r = send_command(qmp, command, arguments, fd);
	if (r == 0)
		r = next_with(qmp, "return", "error", clock_usec(CLOCK_MONOTONIC) + timeout_usec,
			&message);
	if (r < 0)
		return error_set_errno(error, -r, "no answer from QEMU to %s", command);
	const json_t *failure = json_object_get(message, "error");
	if (failure)
		r = refused(command, failure, error);
	else if (ret_answer)
		*ret_answer = json_incref(json_object_get(message, "return"));
	json_decref(message);
	return r;
}

int qmp_take(struct qmp *ret_qmp, int fd, uint64_t timeout_usec, struct error *error)
{
	struct qmp qmp = {.fd = fd};
	json_t *greeting = NULL;
	int r = next_with(
		&qmp, "QMP", "QMP", clock_usec(CLOCK_MONOTONIC) + timeout_usec, &greeting);
	json_decref(greeting);
	if (r < 0)
		error_set_errno(error, -r, "no greeting from QEMU");
	else
		r = qmp_execute(&qmp, "qmp_capabilities", NULL, timeout_usec, NULL, error);
	if (r < 0) {
		qmp_done(&qmp);
		return r;
	}
	*ret_qmp = qmp;
	return 0;
}

int qmp_connect(struct qmp *ret_qmp, const char *path, uint64_t timeout_usec, struct error *error)
{
	int fd = unix_socket_connect(path);
	if (fd < 0)
		return error_set_errno(error, -fd, "cannot connect to %s", path);
	return qmp_take(ret_qmp, fd, timeout_usec, error);
}

void qmp_done(struct qmp *qmp)
{
	close_fd(&qmp->fd);
	qmp->fd = -1;
	qmp_stream_done(&qmp->stream);
}
