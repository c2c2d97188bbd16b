/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/agent-question.h"

#include <errno.h>

static void end(struct agent_question *question)
{
	json_t *answer = json_incref(question->agent.answer);
	agent_question_done(question);
	question->on_answer(question->context, answer);
	json_decref(answer);
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	struct agent_question *question = context;
	(void)source;
	(void)fd;
	(void)revents;
	agent_receive(&question->agent);
	if (question->agent.fd < 0)
		end(question);
	return 0;
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *context)
{
	(void)source;
	(void)usec;
	end(context);
	return 0;
}

int agent_question_ask(struct agent_question *question, const char *command, uint64_t timeout_usec,
	void (*on_answer)(void *context, const json_t *answer), void *context)
{
	if (question->io)
		return -EBUSY;
	question->on_answer = on_answer;
	question->context = context;
	agent_begin(&question->agent, command);
	if (question->agent.fd < 0)
		return -ENOTCONN;
	int r = sd_event_add_io(
		question->event, &question->io, question->agent.fd, EPOLLIN, on_readable, question);
	if (r >= 0)
		r = sd_event_add_time_relative(question->event, &question->timer, CLOCK_MONOTONIC,
			timeout_usec, 0, on_timeout, question);
	if (r < 0)
		agent_question_done(question);
	return r;
}

void agent_question_done(struct agent_question *question)
{
	question->io = sd_event_source_disable_unref(question->io);
	question->timer = sd_event_source_disable_unref(question->timer);
	agent_reset(&question->agent);
}
