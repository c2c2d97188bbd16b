/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/process.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/file.h"

#define KEPT_OUTPUT ((size_t)800)
#define OUTPUT_BYTES_MAX ((size_t)1024 * 1024)

/* The end of a program's messages: the last ones say why it failed. */
static void read_messages(int fd, char text[KEPT_OUTPUT + 1])
{
	size_t used = 0;
	for (;;) {
		char block[512];
		ssize_t count = read(fd, block, sizeof(block));
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			break;
		size_t length = (size_t)count;
		if (used + length > KEPT_OUTPUT) { /* a block is smaller than what is kept */
			size_t drop = used + length - KEPT_OUTPUT;
			memmove(text, text + drop, used - drop);
			used -= drop;
		}
		memcpy(text + used, block, length);
		used += length;
	}
	while (used && text[used - 1] == '\n')
		used--;
	text[used] = '\0';
	for (char *at = text; *at; at++)
		if (*at == '\n')
			*at = ' ';
}

/* input_fd and output_fd may be -1. */
static void become(const char *const argv[], int input_fd, int output_fd, int messages_fd)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int null_fd = open("/dev/null", O_RDWR);
	if (null_fd < 0 || dup2(input_fd < 0 ? null_fd : input_fd, STDIN_FILENO) < 0 ||
		dup2(output_fd < 0 ? null_fd : output_fd, STDOUT_FILENO) < 0 ||
		dup2(messages_fd, STDERR_FILENO) < 0)
		_exit(127);
	/* execve(2) does not write to its arguments; its type is older than const. */
	union {
		const char *const *given;
		char *const *wanted;
	} arguments = {.given = argv};
	execv(argv[0], arguments.wanted);
	_exit(127);
}

static int describe_end(const char *program, int status, const char *messages, struct error *error)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return error_set(error, ENOENT, "cannot run %s: is it installed?", program);
	if (WIFSIGNALED(status))
		return error_set(
			error, EIO, "%s was killed by signal %d", program, WTERMSIG(status));
	return error_set(error, EIO, "%s", *messages ? messages : program);
}

static int run(const char *const argv[], int input_fd, int output_fd, struct error *error)
{
	int pipe_fds[2];
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return error_set_errno(error, errno, "cannot make a pipe for %s", argv[0]);
	int read_fd AUTO_CLOSE = pipe_fds[0];
	pid_t child = fork();
	if (child == 0)
		become(argv, input_fd, output_fd, pipe_fds[1]);
	close(pipe_fds[1]);
	if (child < 0)
		return error_set_errno(error, errno, "cannot fork for %s", argv[0]);
	char messages[KEPT_OUTPUT + 1];
	read_messages(read_fd, messages);
	int status;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return error_set_errno(error, errno, "cannot wait for %s", argv[0]);
	return describe_end(argv[0], status, messages, error);
}

int process_run(const char *const argv[], struct error *error)
{
	return run(argv, -1, -1, error);
}

int process_start(const char *const argv[], int socket_fd, pid_t *ret_pid, struct error *error)
{
	pid_t child = fork();
	if (child == 0)
		become(argv, socket_fd, socket_fd, STDERR_FILENO);
	if (child < 0)
		return error_set_errno(error, errno, "cannot fork for %s", argv[0]);
	*ret_pid = child;
	return 0;
}

int process_run_output(const char *const argv[], int output_fd, struct error *error)
{
	return run(argv, -1, output_fd, error);
}

/* A file in memory: nobody has to feed the program while it runs. */
static int open_memory(const char *name, struct error *error)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	return fd < 0 ? error_set_errno(error, errno, "not enough memory for %s", name) : fd;
}

int process_run_input(const char *const argv[], const char *input, struct error *error)
{
	int fd AUTO_CLOSE = open_memory("input", error);
	if (fd < 0)
		return fd;
	int r = file_write_all(fd, input, strlen(input));
	if (r < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return error_set_errno(error, r < 0 ? -r : errno, "cannot write for %s", argv[0]);
	return run(argv, fd, -1, error);
}

int process_read(const char *const argv[], struct buf *output, struct error *error)
{
	int fd AUTO_CLOSE = open_memory("output", error);
	if (fd < 0)
		return fd;
	int r = run(argv, -1, fd, error);
	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_set_errno(error, errno, "cannot read the output of %s", argv[0]);
	r = file_read_fd(fd, OUTPUT_BYTES_MAX, output);
	return r < 0 ? error_set_errno(error, -r, "cannot read the output of %s", argv[0]) : 0;
}
