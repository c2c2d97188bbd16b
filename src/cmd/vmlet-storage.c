/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vmlet-storage: what vmlet does to the files of a VM's disks, as the VM's own user, in the sandbox
 * of vm-storage-NAME.service.
 */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "base/file.h"
#include "base/install.h"
#include "cmd/resolved-plan.h"
#include "emit/qemu.h"
#include "host/disk.h"
#include "host/journal.h"
#include "host/prepare.h"
#include "host/process.h"
#include "host/qcow2.h"

static const char help[] =
	"Usage: vmlet-storage NAME ACTION [ARGUMENT...]\n"
	"\n"
	"Works on the disks of a VM whose resolved spec is the credential 'spec'. vmlet runs it.\n"
	"  prepare               makes and grows disks\n"
	"  serve                 opens them in a qemu-storage-daemon, its monitor on standard "
	"input\n"
	"  check DISK [repair]   looks for damage\n"
	"  compact DISK [compress]\n"
	"  revert TAG            takes all disks back to a snapshot\n"
	"  restore DISK FILE...  makes a disk of a backup: the full one, then those after it\n"
	"  overlays DISK FILE... puts empty disks over files in the place of disks, and beside "
	"them\n"
	"                        the same for a clone\n"
	"  restored DISK...      puts what was restored in the place of what is there\n";

struct storage {
	struct resolved_plan resolved;
	const char *directory;
	int directory_fd;
	struct error *error;
};

static struct plan_disk *find_disk(struct storage *storage, const char *name)
{
	struct plan *plan = &storage->resolved.plan;
	for (size_t i = 0; i < plan->disk_count; i++)
		if (strcmp(plan->disks[i].disk->part.name, name) == 0 && plan->disks[i].file_name)
			return &plan->disks[i];
	error_set(storage->error, ENOENT, "the spec has no disk %s that is a file of the VM's own",
		name);
	return NULL;
}

/* Learns what a disk stands on, and refuses what it must not. Returns 1 when it is there, 0 when
 * not. */
static int open_layers(struct storage *storage, struct plan_disk *disk)
{
	struct disk_layers layers CLEANUP(disk_layers_done) = {0};
	int fd AUTO_CLOSE = openat(storage->directory_fd, disk->file_name,
		O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT ? 0
				       : error_set_errno(storage->error, errno,
						 "cannot open disk %s", disk->file);
	disk->layer_count = 0;
	if (disk->disk->format == DISK_RAW)
		return 1;
	int r = disk_read_layers(fd, disk->file, NULL, &layers, storage->error);
	if (r < 0)
		return r;
	r = plan_set_layers(&storage->resolved.arena, disk, layers.paths, layers.count);
	return r < 0 ? error_set(storage->error, ENOMEM, "not enough memory") : 1;
}

static struct plan_disk *find_present(struct storage *storage, const char *name)
{
	struct plan_disk *disk = find_disk(storage, name);
	int r = disk ? open_layers(storage, disk) : -ENOENT;
	if (r == 0)
		error_set(storage->error, ENOENT, "disk %s is not there yet", disk->file);
	return r > 0 ? disk : NULL;
}

/* --- serve --------------------------------------------------------------------------------- */

#define SERVER_ARGUMENTS_MAX 256

/* The options of QEMU's command line are the daemon's with two dashes. */
static int build_server(struct storage *storage, const char *argv[SERVER_ARGUMENTS_MAX])
{
	struct plan *plan = &storage->resolved.plan;
	struct arena *arena = &storage->resolved.arena;
	struct options options = {.arena = arena};
	size_t used = 0;
	for (size_t i = 0; i < plan->disk_count; i++) {
		int r = plan->disks[i].file_name ? open_layers(storage, &plan->disks[i]) : 0;
		if (r < 0)
			return r;
		if (r > 0)
			qemu_emit_disk_nodes(&plan->disks[i], &options);
	}
	if (options.failed || 2 * options.count + 6 > SERVER_ARGUMENTS_MAX)
		return error_set(storage->error, ENOMEM, "not enough memory");
	argv[used++] = INSTALL_QEMU_STORAGE_DAEMON;
	for (size_t i = 0; i < options.count; i++) {
		argv[used++] = arena_join(arena, "-", options.items[i].flag, NULL);
		argv[used++] = options.items[i].value;
	}
	argv[used++] = "--chardev";
	argv[used++] = "socket,id=monitor,fd=0";
	argv[used++] = "--monitor";
	argv[used++] = "chardev=monitor";
	argv[used] = NULL;
	return 0;
}

/* Until the daemon ends, or nobody is left who speaks to it. */
static int watch_server(pid_t server)
{
	int server_fd AUTO_CLOSE = (int)syscall(SYS_pidfd_open, server, 0);
	struct pollfd items[] = {
		{.fd = server_fd, .events = POLLIN},
		{.fd = STDIN_FILENO, .events = POLLRDHUP},
	};
	while (poll(items, ARRAY_SIZE(items), -1) < 0 && errno == EINTR)
		;
	/* What was told to it before is done first. */
	if (!items[0].revents)
		kill(server, SIGTERM);
	int status = 0;
	while (waitpid(server, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int serve(struct storage *storage, int argc, char **argv)
{
	const char *server_argv[SERVER_ARGUMENTS_MAX];
	pid_t server;
	(void)argc;
	(void)argv;
	int r = journal_finish(
		&storage->resolved.plan, storage->directory, storage->directory_fd, storage->error);
	if (r == 0)
		r = build_server(storage, server_argv);
	if (r == 0)
		r = process_start(server_argv, STDIN_FILENO, &server, storage->error);
	if (r == 0 && watch_server(server) != 0)
		r = error_set(storage->error, EIO, "qemu-storage-daemon failed");
	return r;
}

/* --- one disk ------------------------------------------------------------------------------ */

static int run_check(struct storage *storage, int argc, char **argv)
{
	const struct plan_disk *disk = find_present(storage, argv[0]);
	struct buf output CLEANUP(buf_done) = {0};
	if (!disk)
		return -ENOENT;
	if (disk->disk->format == DISK_RAW) {
		puts("A raw disk has nothing that could be damaged.");
		return 0;
	}
	bool repair = argc > 1;
	const char *plain[] = {INSTALL_QEMU_IMG, "check", "-f", "qcow2", disk->file, NULL};
	const char *repairing[] = {
		INSTALL_QEMU_IMG, "check", "-r", "all", "-f", "qcow2", disk->file, NULL};
	int r = process_read(repair ? repairing : plain, &output, storage->error);
	fputs(buf_text(&output), stdout);
	return r;
}

static int compact(
	struct storage *storage, const struct plan_disk *disk, const char *temporary, bool compress)
{
	const char *path =
		arena_join(&storage->resolved.arena, storage->directory, "/", temporary, NULL);
	const char *argv[20] = {
		INSTALL_QEMU_IMG, "convert", "-q", "--bitmaps", "-f", "qcow2", "-O", "qcow2", "-o"};
	size_t used = 9;
	if (!path)
		return error_set(storage->error, ENOMEM, "not enough memory");
	const char *options = arena_printf(&storage->resolved.arena, "compression_type=%s%s",
		choice_name(&compression_names, disk->disk->compression),
		disk->disk->lazy_refcounts ? ",lazy_refcounts=on" : "");
	argv[used++] = options;
	if (compress)
		argv[used++] = "-c";
	if (disk->layer_count) {
		argv[used++] = "-B";
		argv[used++] = disk->layers[0];
		argv[used++] = "-F";
		argv[used++] = "qcow2";
	}
	argv[used++] = disk->file;
	argv[used++] = path;
	int r = process_run(argv, storage->error);
	const char *compare[] = {INSTALL_QEMU_IMG, "compare", "-q", "-f", "qcow2", "-F", "qcow2",
		disk->file, path, NULL};
	return r < 0 ? r : process_run(compare, storage->error);
}

static int sync_file(const struct storage *storage, const char *file)
{
	int fd AUTO_CLOSE = openat(storage->directory_fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 || fsync(fd) < 0 ? error_set_errno(storage->error, errno,
						 "cannot write %s/%s", storage->directory, file)
				       : 0;
}

static unsigned long long allocated(const struct storage *storage, const char *file)
{
	struct stat status = {0};
	fstatat(storage->directory_fd, file, &status, AT_SYMLINK_NOFOLLOW);
	return (unsigned long long)status.st_blocks * 512;
}

static int run_compact(struct storage *storage, int argc, char **argv)
{
	struct plan_disk *disk = find_present(storage, argv[0]);
	char temporary[NAME_MAX + 1];
	if (!disk)
		return -ENOENT;
	if (disk->disk->format == DISK_RAW || disk->key_path)
		return error_set(storage->error, ENOTSUP,
			"%s disks cannot be compacted: with 'discard', the guest's own TRIM gives "
			"space back",
			disk->key_path ? "encrypted" : "raw");
	snprintf(temporary, sizeof(temporary), ".%s.tmp", disk->file_name);
	unsigned long long before = allocated(storage, disk->file_name);
	int r = compact(storage, disk, temporary, argc > 1);
	if (r == 0)
		r = sync_file(storage, temporary);
	if (r == 0 && renameat(storage->directory_fd, temporary, storage->directory_fd,
			      disk->file_name) < 0)
		r = error_set_errno(storage->error, errno, "cannot put %s in place", disk->file);
	if (r < 0) {
		unlinkat(storage->directory_fd, temporary, 0);
		return r;
	}
	fsync(storage->directory_fd);
	printf("%llu %llu\n", before, allocated(storage, disk->file_name));
	return 0;
}

/* --- all disks ----------------------------------------------------------------------------- */

static int run_prepare(struct storage *storage, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return prepare_storage(&storage->resolved.arena, &storage->resolved.plan, storage->error);
}

static int run_revert(struct storage *storage, int argc, char **argv)
{
	struct plan *plan = &storage->resolved.plan;
	struct buf journal CLEANUP(buf_done) = {0};
	(void)argc;
	for (size_t i = 0; i < plan->disk_count; i++)
		if (plan->disks[i].file_name && open_layers(storage, &plan->disks[i]) < 0)
			return -EINVAL;
	journal_add_revert(&journal, argv[0]);
	return journal_commit(
		plan, storage->directory, storage->directory_fd, &journal, storage->error);
}

/* --- restore ------------------------------------------------------------------------------- */

static const char *restored_name(struct storage *storage, const struct plan_disk *disk)
{
	return arena_join(&storage->resolved.arena, ".", disk->file_name, ".restored.tmp", NULL);
}

/* Each file stands on the one before it, which is said here: what their headers say is not looked
 * at. The names are ours, and hold nothing that JSON would escape. */
static const char *chain(struct storage *storage, int count, char *const *files)
{
	struct arena *arena = &storage->resolved.arena;
	const char *below = "null";
	for (int i = 0; below && i < count; i++)
		below = arena_join(arena,
			"{\"driver\":\"qcow2\",\"file\":{\"driver\":\"file\",\"filename\":\"",
			files[i], "\"},\"backing\":", below, "}", NULL);
	return below ? arena_join(arena, "json:", below, NULL) : NULL;
}

/* It holds all that it is to hold, and stands on its image as the spec says: what is zero in it and
 * not in the image is written down. */
static int put_on_image(struct storage *storage, const struct plan_disk *disk, const char *path)
{
	const char *rebase[] = {INSTALL_QEMU_IMG, "rebase", "-q", "-f", "qcow2", "-F", "qcow2",
		"-b", disk->image_path, path, NULL};
	return process_run(rebase, storage->error);
}

static int run_restore(struct storage *storage, int argc, char **argv)
{
	const struct plan_disk *disk = find_disk(storage, argv[0]);
	if (!disk)
		return -ENOENT;
	if (disk->key_path)
		return error_set(storage->error, ENOTSUP, "encrypted disks are not in backups");
	const char *format = choice_name(&disk_format_names, disk->disk->format);
	const char *name = restored_name(storage, disk);
	const char *source = chain(storage, argc - 1, argv + 1);
	const char *path =
		name ? arena_join(&storage->resolved.arena, storage->directory, "/", name, NULL)
		     : NULL;
	if (!source || !path)
		return error_set(storage->error, ENOMEM, "not enough memory");
	const char *convert[] = {
		INSTALL_QEMU_IMG, "convert", "-q", "-O", format, source, path, NULL};
	unlinkat(storage->directory_fd, name, 0);
	int r = process_run(convert, storage->error);
	if (r == 0 && disk->image_path)
		r = put_on_image(storage, disk, path);
	if (r == 0)
		r = sync_file(storage, name);
	if (r < 0)
		unlinkat(storage->directory_fd, name, 0);
	return r;
}

static int copy_for_clone(struct storage *storage, const char *name, const struct plan_disk *disk)
{
	const char *copy =
		arena_join(&storage->resolved.arena, ".", disk->file_name, ".clone.tmp", NULL);
	if (!copy)
		return error_set(storage->error, ENOMEM, "not enough memory");
	unlinkat(storage->directory_fd, copy, 0);
	int from AUTO_CLOSE = openat(storage->directory_fd, name, O_RDONLY | O_CLOEXEC);
	int to AUTO_CLOSE =
		openat(storage->directory_fd, copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r = from < 0 || to < 0 ? -errno : file_copy(from, to);
	return r < 0 ? error_set_errno(
			       storage->error, -r, "cannot write %s/%s", storage->directory, copy)
		     : 0;
}

/* An empty disk over a file that the disk is to become. That is not opened: the guest may be
 * writing to it yet. */
static int make_overlay(
	struct storage *storage, const char *disk_name, const char *below, struct buf *journal)
{
	struct plan_disk *disk = find_present(storage, disk_name);
	struct qcow2_header header;
	char size[32];
	if (!disk)
		return -ENOENT;
	const char *name = restored_name(storage, disk);
	const char *path =
		name ? arena_join(&storage->resolved.arena, storage->directory, "/", name, NULL)
		     : NULL;
	int fd AUTO_CLOSE =
		openat(storage->directory_fd, disk->file_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (!path || fd < 0 || disk->disk->format == DISK_RAW || disk->key_path)
		return error_set(storage->error, ENOTSUP,
			"disk %s is no plain qcow2 file: clone it without --linked", disk_name);
	int r = qcow2_read_header(fd, disk->file, &header, storage->error);
	if (r == 0 && header.snapshots)
		r = error_set(storage->error, ENOTSUP,
			"disk %s has snapshots, which would stay with what is shared: delete them, "
			"or "
			"clone without --linked",
			disk_name);
	if (r < 0)
		return r;
	snprintf(size, sizeof(size), "%llu", (unsigned long long)header.size_bytes);
	const char *create[] = {INSTALL_QEMU_IMG, "create", "-q", "-u", "-f", "qcow2", "-F",
		"qcow2", "-b", below, path, size, NULL};
	unlinkat(storage->directory_fd, name, 0);
	r = process_run(create, storage->error);
	if (r == 0)
		r = sync_file(storage, name);
	if (r == 0)
		r = copy_for_clone(storage, name, disk);
	journal_add_rename(journal, name, disk->file_name);
	return r;
}

static int run_overlays(struct storage *storage, int argc, char **argv)
{
	struct buf journal CLEANUP(buf_done) = {0};
	int r = 0;
	for (int i = 0; r == 0 && i + 1 < argc; i += 2)
		r = make_overlay(storage, argv[i], argv[i + 1], &journal);
	return r < 0 ? r
		     : journal_commit(&storage->resolved.plan, storage->directory,
			       storage->directory_fd, &journal, storage->error);
}

static int run_restored(struct storage *storage, int argc, char **argv)
{
	struct buf journal CLEANUP(buf_done) = {0};
	for (int i = 0; i < argc; i++) {
		const struct plan_disk *disk = find_disk(storage, argv[i]);
		const char *name = disk ? restored_name(storage, disk) : NULL;
		if (!name)
			return -ENOENT;
		if (faccessat(storage->directory_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			return error_set(storage->error, ENOENT, "%s is gone: restore again", name);
		journal_add_rename(&journal, name, disk->file_name);
	}
	return journal_commit(&storage->resolved.plan, storage->directory, storage->directory_fd,
		&journal, storage->error);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int least;
		int (*run)(struct storage *storage, int argc, char **argv);
	} actions[] = {
		{"serve", 0, serve},
		{"prepare", 0, run_prepare},
		{"check", 1, run_check},
		{"compact", 1, run_compact},
		{"revert", 1, run_revert},
		{"restore", 2, run_restore},
		{"overlays", 2, run_overlays},
		{"restored", 1, run_restored},
	};
	struct error error = {""};
	struct storage storage = {.error = &error, .directory = getenv("STATE_DIRECTORY")};
	bool asked = argc == 2 && strcmp(argv[1], "--help") == 0;
	for (size_t i = 0; storage.directory && argc > 2 && i < ARRAY_SIZE(actions); i++) {
		if (strcmp(argv[2], actions[i].name) != 0 || argc - 3 < actions[i].least)
			continue;
		storage.directory_fd = open(storage.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		int r = storage.directory_fd < 0
				? error_set_errno(
					  &error, errno, "cannot open %s", storage.directory)
				: resolved_plan_load(&storage.resolved, argv[1], &error);
		if (r == 0)
			r = actions[i].run(&storage, argc - 3, argv + 3);
		if (r < 0)
			fprintf(stderr, "%s\n", error.message);
		resolved_plan_done(&storage.resolved);
		close_fd(&storage.directory_fd);
		return r < 0 || fflush(stdout) != 0;
	}
	fputs(help, asked ? stdout : stderr);
	return asked ? 0 : EX_USAGE;
}
