/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/agent.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macros.h"
#include "host/unix-socket.h"

/* What answers it was asked by this connection, and not by one before it (guest-sync). */
#define SYNC_ID 20231117
#define PING_TIMEOUT_USEC 500000

static void give_up(struct agent *agent)
{
	close_fd(&agent->fd);
	agent->fd = -1;
}

void agent_begin(struct agent *agent, const char *command)
{
	char text[256];
	int fd = unix_socket_connect(agent->path);
	agent->fd = fd < 0 ? -1 : fd;
	int length = snprintf(text, sizeof(text),
		"{\"execute\":\"guest-sync\",\"arguments\":{\"id\":%d}}\n"
		"{\"execute\":\"%s\"%s%s}\n",
		SYNC_ID, command, agent->arguments ? ",\"arguments\":" : "",
		agent->arguments ? agent->arguments : "");
	if (agent->fd >= 0 && send(agent->fd, text, (size_t)length, MSG_NOSIGNAL) != length)
		give_up(agent);
}

/* Takes what has come; the question is over when the answer has, or cannot any more. */
void agent_receive(struct agent *agent)
{
	char block[8192];
	ssize_t count = recv(agent->fd, block, sizeof(block), 0);
	int r = count < 0 && errno == EAGAIN ? 0 : -EIO;
	if (count > 0)
		r = qmp_stream_feed(&agent->stream, block, (size_t)count);
	while (r == 0) {
		json_t *message = NULL;
		r = qmp_stream_next(&agent->stream, &message);
		if (r < 0)
			break;
		json_t *value = json_object_get(message, "return");
		if (agent->synchronised) {
			agent->answer = json_incref(value);
			r = -EIO;
		} else {
			agent->synchronised = json_integer_value(value) == SYNC_ID;
		}
		json_decref(message);
	}
	if (r != -EAGAIN)
		give_up(agent);
}

void agents_ask(struct agent *agents, size_t count, const char *command, uint64_t timeout_usec)
{
	uint64_t deadline_usec = clock_usec(CLOCK_MONOTONIC) + timeout_usec;
	struct pollfd *items = calloc(count + 1, sizeof(*items));
	for (size_t i = 0; i < count; i++) {
		agents[i].fd = -1;
		if (items && agents[i].path)
			agent_begin(&agents[i], command);
	}
	for (uint64_t now; items && (now = clock_usec(CLOCK_MONOTONIC)) < deadline_usec;) {
		bool any = false;
		for (size_t i = 0; i < count; i++) {
			items[i] = (struct pollfd){.fd = agents[i].fd, .events = POLLIN};
			any |= agents[i].fd >= 0;
		}
		int timeout = (int)((deadline_usec - now + 999) / 1000);
		if (!any || poll(items, count, timeout) <= 0)
			break;
		for (size_t i = 0; i < count; i++)
			if (agents[i].fd >= 0 && items[i].revents)
				agent_receive(&agents[i]);
	}
	for (size_t i = 0; i < count; i++)
		give_up(&agents[i]);
	free(items);
}

bool agent_ask(const char *path, const char *command, uint64_t timeout_usec)
{
	struct agent agent = {.path = path};
	agents_ask(&agent, 1, command, timeout_usec);
	bool answered = agent.answer != NULL;
	agent_done(&agent);
	return answered;
}

bool agent_is_there(const char *path)
{
	return agent_ask(path, "guest-ping", PING_TIMEOUT_USEC);
}

void agent_reset(struct agent *agent)
{
	give_up(agent);
	agent_done(agent);
	*agent = (struct agent){.path = agent->path, .arguments = agent->arguments, .fd = -1};
}

void agent_done(struct agent *agent)
{
	json_decref(agent->answer);
	qmp_stream_done(&agent->stream);
}

bool agent_has_port(const json_t *chardevs)
{
	size_t index;
	const json_t *chardev;
	json_array_foreach(chardevs, index, chardev)
	{
		const char *label = json_string_value(json_object_get(chardev, "label"));
		if (label && strcmp(label, "agent") == 0)
			return json_is_true(json_object_get(chardev, "frontend-open"));
	}
	return false;
}
