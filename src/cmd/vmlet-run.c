/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vmlet-run: ExecStart= of vm@NAME.service, as the VM's own user. It prepares what QEMU needs,
 * leaves a small child that tells systemd when the guest runs, and becomes QEMU.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>

#include "base/file.h"
#include "base/install.h"
#include "base/log.h"
#include "cmd/resolved-plan.h"
#include "emit/qemu.h"
#include "host/descriptors.h"
#include "host/prepare.h"
#include "host/qmp.h"

/* Long enough for a host that swaps; TimeoutStartSec= is the real bound. */
#define ANSWER_TIMEOUT_USEC UINT64_C(300000000)
#define POLL_INTERVAL_USEC 20000
#define CHILD_FD 3

static const char help[] =
	"Usage: vmlet-run NAME -- QEMU [ARGUMENT...]\n"
	"\n"
	"Prepares the disks and the cloud-init seed of the VM whose resolved spec is the\n"
	"credential 'spec', and becomes QEMU. vm@NAME.service runs it.\n";

struct run {
	const char *name;
	char **argv; /* QEMU's; NULL-terminated */
	struct resolved_plan resolved;
};

/* --- descriptors --------------------------------------------------------------------------- */

/* "vhostfd=51", or "vhostfds=51:52" of several queues. */
static const char *vhost_descriptors(struct run *run, const struct plan_nic *nic)
{
	const char *text = nic->queues > 1 ? "vhostfds=" : "vhostfd=";
	for (size_t i = 0; text && i < nic->queues; i++)
		text = arena_printf(
			&run->resolved.arena, "%s%s%d", text, i ? ":" : "", nic->vhost_fd + (int)i);
	return text;
}

/* Adds vhost=on and its descriptors to the -netdev option of a nic. */
static int use_vhost(struct run *run, const struct plan_nic *nic)
{
	const char *start =
		arena_printf(&run->resolved.arena, "tap,id=net-%s,", nic->nic->part.name);
	const char *descriptors = vhost_descriptors(run, nic);
	if (!start || !descriptors)
		return -ENOMEM;
	for (char **argument = run->argv; *argument; argument++) {
		if (strncmp(*argument, start, strlen(start)) != 0)
			continue;
		*argument = arena_printf(
			&run->resolved.arena, "%s,vhost=on,%s", *argument, descriptors);
		return *argument ? 0 : -ENOMEM;
	}
	return 0;
}

/* Puts what was passed for each queue, as PREFIX-NIC.QUEUE, at its numbers. */
static int place_queues(const struct descriptors *descriptors, const char *prefix,
	const struct plan_nic *nic, int first)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < nic->queues; i++) {
		char name[64];
		snprintf(name, sizeof(name), "%s-%s.%zu", prefix, nic->nic->part.name, i);
		r = descriptors_place(descriptors, name, first + (int)i);
	}
	return r;
}

static int place_nic(
	struct run *run, const struct descriptors *descriptors, size_t index, struct error *error)
{
	const struct plan_nic *nic = &run->resolved.plan.nics[index];
	if (plan_nic_is_user(nic))
		return 0;
	int r = place_queues(descriptors, "tap", nic, nic->fd);
	if (r < 0)
		return error_set_errno(
			error, -r, "no tap was passed for interface %s", nic->nic->part.name);
	r = place_queues(descriptors, "vhost", nic, nic->vhost_fd);
	if (r == 0)
		r = use_vhost(run, nic);
	if (r < 0 && r != -ENOENT)
		return error_set_errno(
			error, -r, "cannot use vhost for interface %s", nic->nic->part.name);
	return 0;
}

static int place_descriptors(struct run *run, struct error *error)
{
	struct descriptors descriptors CLEANUP(descriptors_done) = {0};
	int r = descriptors_receive(&descriptors, error);
	for (size_t i = 0; r == 0 && i < run->resolved.plan.nic_count; i++)
		r = place_nic(run, &descriptors, i, error);
	return r;
}

/* --- what disks stand on ------------------------------------------------------------------- */

static size_t count_arguments(char *const *argv)
{
	size_t count = 0;
	while (argv[count])
		count++;
	return count;
}

static bool is_option(char *const *at, const struct option *option)
{
	return at[0] && at[1] && strcmp(at[0], option->flag) == 0 &&
	       strcmp(at[1], option->value) == 0;
}

/* Where the drop-in has an option; NULL where an admin's has another. */
static char **find_option(char **argv, const struct option *option)
{
	while (*argv && !is_option(argv, option))
		argv++;
	return *argv ? argv : NULL;
}

/* Puts the nodes of a disk as it is in the place of those of a new one. */
static int replace_nodes(struct run *run, const struct options *planned,
	const struct options *actual, struct error *error)
{
	size_t count = count_arguments(run->argv);
	char **argv =
		arena_alloc(&run->resolved.arena, (count + 2 * actual->count + 1) * sizeof(*argv));
	char **place = find_option(run->argv, &planned->items[0]);
	if (!argv)
		return error_set(error, ENOMEM, "not enough memory");
	if (!place)
		return error_set(error, EINVAL,
			"the command line has no %s: a drop-in changed it, and this disk stands on "
			"other files than it says",
			planned->items[0].value);
	size_t used = 0;
	for (char **at = run->argv; at < place; at++)
		argv[used++] = *at;
	for (size_t i = 0; i < actual->count; i++) {
		argv[used++] = arena_join(&run->resolved.arena, actual->items[i].flag, NULL);
		argv[used++] = arena_join(&run->resolved.arena, actual->items[i].value, NULL);
		if (!argv[used - 1] || !argv[used - 2])
			return error_set(error, ENOMEM, "not enough memory");
	}
	for (char **at = place; *at;) {
		bool ours = false;
		for (size_t i = 0; i < planned->count; i++)
			ours |= is_option(at, &planned->items[i]);
		if (!ours)
			argv[used++] = *at;
		at += ours ? 2 : 1;
	}
	argv[used] = NULL;
	run->argv = argv;
	return 0;
}

static bool same_layers(const struct plan_disk *a, const struct plan_disk *b)
{
	bool same = a->layer_count == b->layer_count;
	for (size_t i = 0; same && i < a->layer_count; i++)
		same = strcmp(a->layers[i], b->layers[i]) == 0;
	return same;
}

/* Prepares, and has QEMU open what the disks stand on, which the drop-in, made without looking at
 * them, cannot know of disks that are there. */
static int prepare_vm_and_nodes(struct run *run, struct error *error)
{
	struct plan_disk planned[DISKS_MAX] = {0};
	for (size_t i = 0; i < run->resolved.plan.disk_count; i++)
		planned[i] = run->resolved.plan.disks[i];
	int r = prepare_vm(&run->resolved.arena, &run->resolved.plan, error);
	for (size_t i = 0; r == 0 && i < run->resolved.plan.disk_count; i++) {
		struct options before = {.arena = &run->resolved.arena};
		struct options after = {.arena = &run->resolved.arena};
		if (same_layers(&planned[i], &run->resolved.plan.disks[i]))
			continue;
		qemu_emit_disk_nodes(&planned[i], &before);
		qemu_emit_disk_nodes(&run->resolved.plan.disks[i], &after);
		if (before.failed || after.failed)
			return error_set(error, ENOMEM, "not enough memory");
		r = replace_nodes(run, &before, &after, error);
	}
	return r;
}

/* --- asynchronous I/O ------------------------------------------------------------------------ */

/* Whether this process may use io_uring: io_uring_setup(2), which fails for a NULL otherwise. */
static bool has_io_uring(void)
{
	long r = syscall(SYS_io_uring_setup, 1, NULL);
	return r < 0 && errno == EFAULT;
}

/* Makes io_uring of what the drop-in, which knows no kernel, has as threads. */
static int choose_aio(struct run *run, struct error *error)
{
	static const char threads[] = ",aio=threads,";
	if (!has_io_uring())
		return 0;
	for (size_t i = 0; i < run->resolved.plan.disk_count; i++) {
		const struct plan_disk *disk = &run->resolved.plan.disks[i];
		if (disk->disk->aio != AIO_AUTO)
			continue;
		const char *node = arena_printf(
			&run->resolved.arena, ",node-name=file-%s,", disk->disk->part.name);
		for (char **argument = run->argv; node && *argument; argument++) {
			char *at = strstr(*argument, node) ? strstr(*argument, threads) : NULL;
			if (!at)
				continue;
			*argument = arena_printf(&run->resolved.arena, "%.*s,aio=io_uring,%s",
				(int)(at - *argument), *argument, at + strlen(threads));
			if (!*argument)
				return error_set(error, ENOMEM, "not enough memory");
		}
	}
	return 0;
}

/* --- the child ----------------------------------------------------------------------------- */

static int execute(struct qmp *qmp, const char *command, json_t *arguments, struct error *error)
{
	return qmp_execute(qmp, command, arguments, ANSWER_TIMEOUT_USEC, NULL, error);
}

static int wait_until_running(struct qmp *qmp, struct error *error)
{
	for (;;) {
		json_t *answer = NULL;
		int r = qmp_execute(qmp, "query-status", NULL, ANSWER_TIMEOUT_USEC, &answer, error);
		if (r < 0)
			return r;
		bool running = json_is_true(json_object_get(answer, "running"));
		json_decref(answer);
		if (running)
			return 0;
		usleep(POLL_INTERVAL_USEC);
	}
}

/* Pulls the cables of interfaces with 'link: down'. QEMU waits for it (-S) with the guest, which so
 * never sees them plugged in. */
static int unplug(const struct plan *plan, struct qmp *qmp, struct error *error)
{
	bool any = false;
	int r = 0;
	for (size_t i = 0; r == 0 && i < plan->nic_count; i++) {
		const struct nic *nic = plan->nics[i].nic;
		if (nic->link != LINK_DOWN)
			continue;
		any = true;
		r = execute(qmp, "set_link",
			json_pack("{s:s, s:b}", "name", nic->part.name, "up", 0), error);
	}
	return r == 0 && any ? execute(qmp, "cont", NULL, error) : r;
}

/* Says READY=1 when QEMU runs the guest. When QEMU ends before that, its own messages and exit say
 * why; the child has nothing to add. */
static void watch(const struct plan *plan, int fd)
{
	struct qmp qmp;
	struct error error;
	if (qmp_take(&qmp, fd, ANSWER_TIMEOUT_USEC, &error) < 0)
		return;
	if (unplug(plan, &qmp, &error) == 0 && wait_until_running(&qmp, &error) == 0) {
		sd_notify(0, "READY=1\nSTATUS=The guest runs.");
		/* systemd looks up who speaks: this process must still be there. */
		sd_notify_barrier(0, ANSWER_TIMEOUT_USEC);
	}
	qmp_done(&qmp);
}

/* Leaves the child to PID 1, which reaps it: QEMU must not find children it did not make. */
static int start_child(const struct plan *plan, struct error *error)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set_errno(error, errno, "cannot make a socket pair");
	pid_t middle = fork();
	if (middle == 0) {
		if (fork() == 0) {
			/* A tap lives as long as anyone holds it: only the socket is kept. */
			dup2(ends[0], CHILD_FD);
			close_range(CHILD_FD + 1, ~0U, 0);
			watch(plan, CHILD_FD);
		}
		_exit(0);
	}
	int r = middle < 0 ? -errno : 0;
	close(ends[0]);
	if (r == 0 && waitpid(middle, NULL, 0) < 0)
		r = -errno;
	if (r == 0 && dup2(ends[1], PLAN_FD_SUPERVISOR) < 0)
		r = -errno;
	close(ends[1]);
	return r < 0 ? error_set_errno(error, -r, "cannot start the supervisor") : 0;
}

/* --- becoming QEMU ------------------------------------------------------------------------- */

static int become_qemu(struct run *run, struct error *error)
{
	/* A guest that breaks out of QEMU finds no way to speak to systemd. */
	unsetenv("NOTIFY_SOCKET");
	unsetenv("CREDENTIALS_DIRECTORY");
	int r = descriptors_close_below(PLAN_FD_SUPERVISOR);
	if (r < 0)
		return error_set_errno(error, -r, "cannot close descriptors");
	execv(run->argv[0], run->argv);
	return error_set_errno(error, errno, "cannot run %s", run->argv[0]);
}

static int run_vm(struct run *run, struct error *error)
{
	int r = resolved_plan_load(&run->resolved, run->name, error);
	if (r == 0)
		r = prepare_vm_and_nodes(run, error);
	if (r == 0)
		r = prepare_booted_spec(&run->resolved.plan, run->resolved.source.text,
			run->resolved.source.length, error);
	if (r == 0)
		r = place_descriptors(run, error);
	if (r == 0)
		r = choose_aio(run, error);
	if (r == 0)
		r = start_child(&run->resolved.plan, error);
	return r < 0 ? r : become_qemu(run, error);
}

/* Whether trying again may help, as systemd does unless the exit code is EX_CONFIG
 * (RestartPreventExitStatus= in vm@.service). What the spec or the host's set-up causes stays. */
static bool may_pass(int r)
{
	return r == -ENOSPC || r == -ENOMEM || r == -EIO || r == -EAGAIN || r == -EMFILE;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("vmlet-run " VMLET_VERSION);
		return 0;
	}
	bool asked = argc == 2 && strcmp(argv[1], "--help") == 0;
	if (asked || argc < 4 || strcmp(argv[2], "--") != 0) {
		fputs(help, asked ? stdout : stderr);
		return asked ? 0 : 2;
	}
	struct log log = log_open_stderr("vmlet-run");
	struct run run = {.name = argv[1], .argv = argv + 3};
	struct error error;
	int r = run_vm(&run, &error);
	log_line(&log, LOG_LEVEL_ERROR, "%s", error.message);
	sd_notifyf(0, "STATUS=%s", error.message);
	return may_pass(r) ? 1 : EX_CONFIG;
}
