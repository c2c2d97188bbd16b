/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/install.h"
#include "cmd/verbs.h"
#include "host/terminal.h"
#include "host/unix-socket.h"
#include "plan/plan.h"

#define AGAIN_TRIES 20
#define AGAIN_USEC 50000
#define ESCAPE ('\035') /* Ctrl-], as telnet(1) and virsh(1) have it */

static int connect_serial(const char *name)
{
	char path[128];
	snprintf(path, sizeof(path), PLAN_RUNTIME_ROOT "/%s/" PLAN_SERIAL_SOCKET, name);
	int fd = unix_socket_connect(path);
	/* A person who pastes waits until the guest has taken it. */
	return fd >= 0 && fcntl(fd, F_SETFL, 0) < 0 ? -errno : fd;
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

/* Who is not root asks for it: polkit(8) knows who may. Returns when that is not possible. */
static void ask_for_it(const char *name, bool history)
{
	char program[] = "pkexec";
	char vmlet[] = INSTALL_BIN_DIR "/vmlet";
	char verb[] = "console";
	char option[] = "--log";
	char vm[NAME_LENGTH_MAX + 1];
	if (geteuid() == 0)
		return;
	snprintf(vm, sizeof(vm), "%s", name);
	char *argv[] = {program, vmlet, verb, vm, history ? option : NULL, NULL};
	execvp(program, argv);
}

/* --- history ------------------------------------------------------------------------------- */

static int print_file(const char *name, const char *file)
{
	char path[160];
	char block[8192];
	snprintf(path, sizeof(path), PLAN_STATE_ROOT "/%s/%s", name, file);
	int fd AUTO_CLOSE = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	for (ssize_t count; (count = read(fd, block, sizeof(block))) != 0;) {
		int r = count < 0 ? -errno : file_write_all(STDOUT_FILENO, block, (size_t)count);
		if (r < 0)
			return r;
	}
	return 0;
}

static int print_history(const struct log *log, const char *name)
{
	int r = print_file(name, PLAN_CONSOLE_OLD_FILE);
	if (r == 0 || r == -ENOENT)
		r = print_file(name, PLAN_CONSOLE_FILE);
	if (r == -ENOENT)
		log_line(log, LOG_LEVEL_ERROR, "nothing is kept of the console of %s", name);
	if (r == -EACCES)
		ask_for_it(name, true);
	if (r < 0 && r != -ENOENT)
		log_line(log, LOG_LEVEL_ERROR,
			"cannot read what is kept of the console of %s: %s%s", name, strerror(-r),
			r == -EACCES ? ": only root may" : "");
	return r < 0;
}

/* --- attached ------------------------------------------------------------------------------ */

/* The supervisor that served the console may have been killed, and is there again at once; or the
 * VM is started again. */
static int connect_again(const char *name)
{
	for (int i = 0; i < AGAIN_TRIES; i++) {
		usleep(AGAIN_USEC);
		int fd = connect_serial(name);
		if (fd >= 0)
			return fd;
	}
	return -ECONNREFUSED;
}

static int attach(const struct log *log, const char *name, bool person)
{
	int fd = connect_serial(name);
	if (fd == -EACCES)
		ask_for_it(name, false);
	if (fd < 0) {
		explain(log, name, -fd);
		return 1;
	}
	if (person)
		fprintf(stderr, "Attached to the console of %s; Ctrl-] leaves.\n", name);
	enum terminal_end end = TERMINAL_CLOSED;
	while (fd >= 0) {
		struct error error;
		int r = terminal_connect(fd, ESCAPE, &end, &error);
		close(fd);
		if (r < 0) {
			log_line(log, LOG_LEVEL_ERROR, "%s", error.message);
			return 1;
		}
		fd = end == TERMINAL_CLOSED && person ? connect_again(name) : -1;
		if (fd >= 0)
			fprintf(stderr, "\nAttached again.\n");
	}
	if (person)
		fprintf(stderr, "\n%s.\n", end == TERMINAL_CLOSED ? "The VM has ended" : "Left");
	return 0;
}

int verb_console(const struct log *log, int argc, char **argv)
{
	bool history = argc == 3 && strcmp(argv[2], "--log") == 0;
	if ((argc != 2 && !history) || argv[1][0] == '-')
		return VERB_USAGE;
	const char *name = vm_argument(log, argv[1]);
	if (!name)
		return 1;
	return history ? print_history(log, name) : attach(log, name, isatty(STDIN_FILENO));
}
