/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs that press a key or a button of a running VM. */
#include <stdio.h>
#include <string.h>

#include "cmd/verbs.h"
#include "host/agent.h"
#include "host/guest-clock.h"
#include "host/qmp.h"
#include "plan/plan.h"

#define ANSWER_TIMEOUT_USEC UINT64_C(5000000)
#define AGENT_TIMEOUT_USEC UINT64_C(500000)
#define KEYS_MAX 8

static int open_monitor(const char *name, struct qmp *ret_qmp, struct error *error)
{
	char path[128];
	snprintf(path, sizeof(path), PLAN_RUNTIME_ROOT "/%s/" PLAN_QMP_SOCKET, name);
	int r = qmp_connect(ret_qmp, path, ANSWER_TIMEOUT_USEC, error);
	if (r == -ENOENT || r == -ECONNREFUSED)
		return error_set(error, -r, "VM %s does not run", name);
	if (r == -EACCES)
		return error_set(error, EACCES, "only root may do that");
	return r;
}

static int execute(const char *name, const char *command, json_t *arguments, struct error *error)
{
	struct qmp qmp CLEANUP(qmp_done) = {.fd = -1};
	int r = open_monitor(name, &qmp, error);
	if (r < 0) {
		json_decref(arguments);
		return r;
	}
	return qmp_execute(&qmp, command, arguments, ANSWER_TIMEOUT_USEC, NULL, error);
}

/* --- one for each verb --------------------------------------------------------------------- */

static int do_reset(const char *name, const char *word, struct error *error)
{
	(void)word;
	return execute(name, "system_reset", NULL, error);
}

static int do_pause(const char *name, const char *word, struct error *error)
{
	(void)word;
	return execute(name, "stop", NULL, error);
}

/* It may have been paused for long. */
static int do_resume(const char *name, const char *word, struct error *error)
{
	struct qmp qmp CLEANUP(qmp_done) = {.fd = -1};
	(void)word;
	int r = open_monitor(name, &qmp, error);
	if (r == 0)
		r = qmp_execute(&qmp, "cont", NULL, ANSWER_TIMEOUT_USEC, NULL, error);
	if (r == 0)
		guest_clock_set(name, &qmp, ANSWER_TIMEOUT_USEC);
	return r;
}

static int do_nmi(const char *name, const char *word, struct error *error)
{
	(void)word;
	return execute(name, "inject-nmi", NULL, error);
}

static int press(const char *name, const char *const keys[], size_t count, struct error *error)
{
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:s}", "type", "qcode", "data", keys[i]));
	return execute(name, "send-key", json_pack("{s:o}", "keys", list), error);
}

/* "ctrl-alt-delete", in the names of QEMU's QKeyCode (qemu-qmp-ref(7)). */
static int do_send_key(const char *name, const char *word, struct error *error)
{
	char text[128];
	const char *keys[KEYS_MAX];
	size_t count = 0;
	if ((size_t)snprintf(text, sizeof(text), "%s", word) >= sizeof(text))
		return error_set(error, EINVAL, "'%s' is too long", word);
	char *rest = text;
	for (char *key; (key = strsep(&rest, "-"));) {
		if (!*key || count == KEYS_MAX)
			return error_set(error, EINVAL,
				"'%s' is not keys joined by '-', such as ctrl-alt-delete, f12, a",
				word);
		keys[count++] = key;
	}
	return press(name, keys, count, error);
}

/* The guest agent, or else what Linux's systemd and others do at these keys. */
static int do_reboot(const char *name, const char *word, struct error *error)
{
	static const char *const keys[] = {"ctrl", "alt", "delete"};
	char path[128];
	struct qmp qmp CLEANUP(qmp_done) = {.fd = -1};
	(void)word;
	int r = open_monitor(name, &qmp, error);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), PLAN_RUNTIME_ROOT "/%s/" PLAN_AGENT_SOCKET, name);
	if (!agent_is_there(path))
		return press(name, keys, ARRAY_SIZE(keys), error);
	struct agent agent = {.path = path, .arguments = "{\"mode\":\"reboot\"}"};
	agents_ask(&agent, 1, "guest-shutdown", AGENT_TIMEOUT_USEC);
	agent_done(&agent);
	return 0;
}

static const struct control {
	const char *verb;
	int (*run)(const char *name, const char *word, struct error *error);
	int words; /* after the name */
} controls[] = {
	{"nmi", do_nmi, 0},
	{"pause", do_pause, 0},
	{"reboot", do_reboot, 0},
	{"reset", do_reset, 0},
	{"resume", do_resume, 0},
	{"send-key", do_send_key, 1},
};

int verb_control(const struct log *log, int argc, char **argv)
{
	const struct control *control = controls;
	while (strcmp(control->verb, argv[0]) != 0)
		control++;
	if (argc != 2 + control->words || argv[1][0] == '-')
		return VERB_USAGE;
	struct error error;
	if (!vm_argument(log, argv[1]))
		return 1;
	if (control->run(argv[1], argc > 2 ? argv[2] : NULL, &error) < 0) {
		log_line(log, LOG_LEVEL_ERROR, "%s", error.message);
		return 1;
	}
	return 0;
}
