/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "cmd/verbs.h"
#include "host/terminal.h"
#include "plan/plan.h"

#define ESCAPE ('\035') /* Ctrl-], as telnet(1) and virsh(1) have it */

static int connect_serial(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof(address.sun_path),
		PLAN_RUNTIME_ROOT "/%s/" PLAN_SERIAL_SOCKET, name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int code = errno;
		close(fd);
		return -code;
	}
	return fd < 0 ? -errno : fd;
}

static void explain(const struct log *log, const char *name, int code)
{
	if (code == ENOENT || code == ECONNREFUSED)
		log_line(log, LOG_LEVEL_ERROR,
			"VM %s does not run (systemctl start vm@%s), or has 'console: {serial: "
			"no}'",
			name, name);
	else
		log_line(log, LOG_LEVEL_ERROR, "cannot attach to the console of %s: %s%s", name,
			strerror(code), code == EACCES ? ": only root may" : "");
}

int verb_console(const struct log *log, int argc, char **argv)
{
	if (argc != 2 || argv[1][0] == '-')
		return EXIT_USAGE;
	const char *name = vm_argument(log, argv[1]);
	if (!name)
		return 1;
	int fd AUTO_CLOSE = connect_serial(name);
	if (fd < 0) {
		explain(log, name, -fd);
		return 1;
	}
	bool person = isatty(STDIN_FILENO);
	if (person)
		fprintf(stderr,
			"Attached to the console of %s, which serves one person at a time; Ctrl-] "
			"leaves.\n",
			name);
	enum terminal_end end;
	struct error error;
	if (terminal_connect(fd, ESCAPE, &end, &error) < 0) {
		log_line(log, LOG_LEVEL_ERROR, "%s", error.message);
		return 1;
	}
	if (person)
		fprintf(stderr, "\n%s.\n", end == TERMINAL_CLOSED ? "The VM has ended" : "Left");
	return 0;
}
