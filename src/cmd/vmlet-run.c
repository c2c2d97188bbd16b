/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vmlet-run: ExecStart= of vm@NAME.service, as the VM's own user. It prepares what QEMU needs,
 * leaves a small supervisor beside it, and becomes QEMU.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>

#include "base/file.h"
#include "base/install.h"
#include "base/log.h"
#include "cmd/resolved-plan.h"
#include "emit/qemu.h"
#include "host/descriptors.h"
#include "host/guest-notify.h"
#include "host/prepare.h"
#include "host/supervisor.h"
#include "host/suspend.h"
#include "host/unix-socket.h"

static const char help[] =
	"Usage: vmlet-run NAME -- QEMU [ARGUMENT...]\n"
	"\n"
	"Prepares the disks and the cloud-init seed of the VM whose resolved spec is the\n"
	"credential 'spec', and becomes QEMU. vm@NAME.service runs it.\n";

struct run {
	const char *name;
	char **argv; /* QEMU's; NULL-terminated */
	int main_argc;
	char **main_argv;
	struct resolved_plan resolved;
	int state_directory_fd;
	int suspended_fd; /* of a suspended guest's state; -1 for none */
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

static int place_nics(struct run *run, const struct descriptors *descriptors, struct error *error)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < run->resolved.plan.nic_count; i++)
		r = place_nic(run, descriptors, i, error);
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

/* --- the supervisor ------------------------------------------------------------------------ */

/* QEMU's end goes to its fixed number, the other is ret_fd. */
static int make_pair(int number, int *ret_fd)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	int r = dup2(ends[1], number) < 0 ? -errno : 0;
	close(ends[1]);
	*ret_fd = ends[0];
	return r;
}

static int make_console(const struct plan *plan, struct arena *arena,
	struct supervisor_files *files, struct error *error)
{
	const char *path =
		arena_join(arena, prepare_directory("RUNTIME_DIRECTORY", plan->runtime_directory),
			"/" PLAN_SERIAL_SOCKET, NULL);
	if (!path)
		return error_set(error, ENOMEM, "not enough memory");
	int r = make_pair(PLAN_FD_SERIAL, &files->serial);
	if (r == 0)
		r = files->serial_listener = unix_socket_listen(path);
	if (r < 0)
		return error_set_errno(error, -r, "cannot make the console %s", path);
	return 0;
}

/* Adds words to QEMU's command line, NULL-terminated. */
static int add_arguments(struct run *run, const char *const words[])
{
	struct arena *arena = &run->resolved.arena;
	size_t count = count_arguments(run->argv);
	size_t more = 0;
	while (words[more])
		more++;
	char **argv = arena_alloc(arena, (count + more + 1) * sizeof(*argv));
	if (!argv)
		return -ENOMEM;
	memcpy(argv, run->argv, count * sizeof(*argv));
	for (size_t i = 0; i < more; i++) {
		argv[count + i] = arena_join(arena, words[i], NULL);
		if (!argv[count + i])
			return -ENOMEM;
	}
	argv[count + more] = NULL;
	run->argv = argv;
	return 0;
}

/* QEMU loads the state of a suspended guest, and waits with it for the supervisor. */
static int use_state(struct run *run, struct error *error)
{
	char incoming[32];
	const char *const words[] = {"-incoming", incoming, "-S", NULL};
	if (run->suspended_fd < 0)
		return 0;
	snprintf(incoming, sizeof(incoming), "fd:%d", PLAN_FD_STATE);
	int r = dup2(run->suspended_fd, PLAN_FD_STATE) < 0 ? -errno : add_arguments(run, words);
	return r < 0 ? error_set_errno(error, -r, "cannot take up the suspended guest's state") : 0;
}

/* The guest's end of a vsock, where the host has one, and whom its systemd shall tell. */
static int use_vsock(struct run *run, const struct descriptors *descriptors, int *ret_listener_fd)
{
	struct arena *arena = &run->resolved.arena;
	const struct plan *plan = &run->resolved.plan;
	bool notify = plan->vm->ready.when == READY_NOTIFY;
	int r = plan_has_vsock(plan) ? descriptors_place(descriptors, "vsock", PLAN_FD_VSOCK)
				     : -ENOENT;
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = notify ? guest_notify_listen(plan->cid) : 0;
	if (r < 0)
		return r;
	const char *const words[] = {"-device",
		arena_printf(arena, "vhost-vsock-%s,guest-cid=%" PRIu64 ",vhostfd=%d",
			qemu_virtio_bus(plan), plan->cid, PLAN_FD_VSOCK),
		NULL};
	const char *const told[] = {"-smbios",
		arena_printf(arena,
			"type=11,value=io.systemd.credential:vmm.notify_socket=vsock-stream:2:"
			"%" PRIu32,
			guest_notify_port(plan->cid)),
		NULL};
	if (!words[1] || !told[1])
		return -ENOMEM;
	int failure = add_arguments(run, words);
	if (failure == 0 && notify) {
		*ret_listener_fd = r;
		failure = add_arguments(run, told);
	}
	return failure;
}

static void close_files(const struct supervisor_files *files)
{
	close_fd(&files->qmp);
	close_fd(&files->serial);
	close_fd(&files->serial_listener);
	close_fd(&files->tcp);
	close_fd(&files->notify_listener);
	close_fd(&files->state_directory);
	close_fd(&files->slot);
}

static int supervise(struct run *run, const struct descriptors *descriptors, struct error *error)
{
	const struct plan *plan = &run->resolved.plan;
	struct supervisor_files files CLEANUP(close_files) = {-1, -1, -1, -1, -1, -1, -1, false};
	files.state_directory = TAKE_FD(run->state_directory_fd);
	files.suspended = run->suspended_fd >= 0;
	int r = make_pair(PLAN_FD_SUPERVISOR, &files.qmp);
	if (r < 0)
		return error_set_errno(error, -r, "cannot make a socket pair");
	r = use_state(run, error);
	if (r < 0)
		return r;
	r = plan->vm->console.serial ? make_console(plan, &run->resolved.arena, &files, error) : 0;
	if (r < 0)
		return r;
	r = use_vsock(run, descriptors, &files.notify_listener);
	if (r < 0)
		return error_set_errno(
			error, -r, "cannot set up the vsock with CID %" PRIu64, plan->cid);
	if (plan->ready_address)
		files.tcp = descriptors_take(descriptors, "tcp");
	/* The spec does not say whether there is one: all of the host's VMs wait, or none. */
	files.slot = descriptors_take(descriptors, "slot");
	return supervisor_start(plan, &files, run->main_argc, run->main_argv, error);
}

/* --- a suspended guest ----------------------------------------------------------------------- */

/* Looks for its state before anything else: the disks that go with it stay as they are where the
 * spec is another now. */
static int find_state(struct run *run, struct error *error)
{
	const struct source *spec = &run->resolved.source;
	const char *state =
		prepare_directory("STATE_DIRECTORY", run->resolved.plan.state_directory);
	run->state_directory_fd = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (run->state_directory_fd < 0)
		return error_set_errno(error, errno, "cannot open %s", state);
	int fd = suspend_open(run->state_directory_fd, spec->text, spec->length);
	run->suspended_fd = fd;
	if (fd >= 0 || fd == -ENOENT)
		return 0;
	if (fd == -EUCLEAN)
		return error_set(error, EUCLEAN,
			"the guest was suspended with another spec: put that back, or give its "
			"state up: vmlet suspend %s --discard",
			run->name);
	return error_set_errno(error, -fd, "cannot read the suspended guest's state");
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
	struct descriptors descriptors CLEANUP(descriptors_done) = {0};
	int r = resolved_plan_load(&run->resolved, run->name, error);
	if (r == 0)
		r = find_state(run, error);
	if (r == 0)
		r = prepare_vm_and_nodes(run, error);
	if (r == 0)
		r = prepare_booted_spec(&run->resolved.plan, run->resolved.source.text,
			run->resolved.source.length, error);
	if (r == 0)
		r = descriptors_receive(&descriptors, error);
	if (r == 0)
		r = place_nics(run, &descriptors, error);
	if (r == 0)
		r = choose_aio(run, error);
	if (r == 0)
		r = supervise(run, &descriptors, error);
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
	struct run run = {.name = argv[1], .argv = argv + 3, .main_argc = argc, .main_argv = argv};
	struct error error;
	int r = run_vm(&run, &error);
	log_line(&log, LOG_LEVEL_ERROR, "%s", error.message);
	sd_notifyf(0, "STATUS=%s", error.message);
	return may_pass(r) ? 1 : EX_CONFIG;
}
