/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/qmp-session.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/macros.h"

static void end(struct qmp_session *session)
{
	session->source = sd_event_source_disable_unref(session->source);
	session->on_end(session->context);
}

static void take_answer(struct qmp_session *session, const json_t *message)
{
	uint64_t id = (uint64_t)json_integer_value(json_object_get(message, "id"));
	for (size_t i = 0; id && i < QMP_CALLS_MAX; i++) {
		struct qmp_call *call = &session->calls[i];
		if (call->id != id)
			continue;
		struct qmp_call answered = *call;
		*call = (struct qmp_call){0};
		if (answered.answer)
			answered.answer(answered.context, json_object_get(message, "return"));
		return;
	}
}

static void take(struct qmp_session *session, const json_t *message)
{
	const char *event = json_string_value(json_object_get(message, "event"));
	if (event)
		session->on_event(session->context, event, message);
	else
		take_answer(session, message);
}

/* Returns -EAGAIN when there is no further message, -EBADMSG when it is none. */
static int take_next(struct qmp_session *session)
{
	json_t *message = NULL;
	int r = qmp_stream_next(&session->stream, &message);
	if (r == -EBADMSG && !session->heard)
		return 0;
	if (r < 0)
		return r;
	session->heard = true;
	take(session, message);
	json_decref(message);
	return 0;
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	struct qmp_session *session = context;
	char block[4096];
	(void)source;
	(void)revents;
	ssize_t count = recv(fd, block, sizeof(block), MSG_DONTWAIT);
	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	int r = count > 0 ? qmp_stream_feed(&session->stream, block, (size_t)count) : -ECONNRESET;
	while (r == 0)
		r = take_next(session);
	if (r != -EAGAIN)
		end(session);
	return 0;
}

static struct qmp_call *free_call(struct qmp_session *session)
{
	for (size_t i = 0; i < QMP_CALLS_MAX; i++)
		if (!session->calls[i].id)
			return &session->calls[i];
	return NULL;
}

int qmp_session_execute(struct qmp_session *session, const char *command, json_t *arguments,
	qmp_answer answer, void *context)
{
	struct qmp_call *call = free_call(session);
	if (!call) {
		json_decref(arguments);
		return -EBUSY;
	}
	uint64_t id = ++session->last_id;
	json_t *message = json_pack("{s:s, s:I, s:o*}", "execute", command, "id", (json_int_t)id,
		"arguments", arguments);
	char *text AUTO_FREE = message ? json_dumps(message, JSON_COMPACT) : NULL;
	json_decref(message);
	if (!text)
		return -ENOMEM;
	size_t length = strlen(text);
	text[length] = '\n'; /* in the place of the NUL, which is not sent */
	ssize_t sent = send(session->fd, text, length + 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0)
		return -errno;
	/* Half a command spoils all that follow. */
	if ((size_t)sent != length + 1) {
		shutdown(session->fd, SHUT_RDWR);
		return -EPIPE;
	}
	*call = (struct qmp_call){id, answer, context};
	return 0;
}

int qmp_session_open(struct qmp_session *session, sd_event *event, int fd)
{
	session->fd = fd;
	int r = sd_event_add_io(event, &session->source, fd, EPOLLIN, on_readable, session);
	/* QEMU, which greets first, takes it even while it starts. */
	return r < 0 ? r : qmp_session_execute(session, "qmp_capabilities", NULL, NULL, NULL);
}

void qmp_session_done(struct qmp_session *session)
{
	session->source = sd_event_source_disable_unref(session->source);
	qmp_stream_done(&session->stream);
}
