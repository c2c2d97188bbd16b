/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/prepare.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "base/file.h"
#include "host/booted.h"
#include "host/disk.h"
#include "host/journal.h"
#include "host/provision.h"
#include "host/repair.h"

const char *prepare_directory(const char *variable, const char *otherwise)
{
	const char *value = getenv(variable);
	return value && *value == '/' && !strchr(value, ':') ? value : otherwise;
}

static int open_directory(const char *path, struct error *error)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? error_set_errno(error, errno, "cannot open %s", path) : fd;
}

static bool is_temporary(const char *name)
{
	size_t length = strlen(name);
	return name[0] == '.' && length > 5 && strcmp(name + length - 4, ".tmp") == 0;
}

/* Temporaries are never complete, so never worth keeping. */
static int sweep(int directory_fd, const char *directory, struct error *error)
{
	int fd = dup(directory_fd);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	if (!stream) {
		int code = errno;
		close_fd(&fd);
		return error_set_errno(error, code, "cannot read %s", directory);
	}
	int r = 0;
	for (struct dirent *entry; r == 0 && (entry = readdir(stream));)
		if (is_temporary(entry->d_name) && unlinkat(directory_fd, entry->d_name, 0) < 0)
			r = error_set_errno(
				error, errno, "cannot remove %s/%s", directory, entry->d_name);
	closedir(stream);
	return r;
}

static int check_accel(const struct vm *vm, struct error *error)
{
	if (vm->accel != ACCEL_KVM || access("/dev/kvm", R_OK | W_OK) == 0)
		return 0;
	if (errno == ENOENT)
		return error_set(error, ENOENT,
			"there is no /dev/kvm: turn on virtualisation in the host's firmware and "
			"load the "
			"kvm module, or set 'accel: tcg' (slow)");
	return error_set_errno(error, errno,
		"cannot use /dev/kvm: let group kvm read and write it (udev's default)");
}

static int check_files(const struct plan *plan, struct error *error)
{
	const struct boot *boot = &plan->vm->boot;
	int r = 0;
	if (boot->kernel)
		r = disk_check_readable(boot->kernel, "kernel", error);
	if (r == 0 && boot->initrd)
		r = disk_check_readable(boot->initrd, "initrd", error);
	for (size_t i = 0; r == 0 && i < plan->disk_count; i++) {
		const struct disk *disk = plan->disks[i].disk;
		if (disk->cdrom.path)
			r = disk_check_readable(disk->cdrom.path, "cdrom", error);
		else if (disk->path || disk->device)
			r = disk_check_foreign(plan->disks[i].file,
				disk_is_writable(disk) ? O_RDWR : O_RDONLY,
				disk->format == DISK_RAW, error);
	}
	return r;
}

/* qemu-img's options of a new disk, where they are not its defaults. */
static void write_options(const struct disk *disk, struct buf *options)
{
	if (disk->preallocation != PREALLOCATION_OFF)
		buf_printf(options, ",preallocation=%s",
			choice_name(&preallocation_names, disk->preallocation));
	if (disk->cluster_bytes)
		buf_printf(options, ",cluster_size=%" PRIu64, disk->cluster_bytes);
	if (disk->compression != COMPRESSION_ZLIB)
		buf_printf(options, ",compression_type=%s",
			choice_name(&compression_names, disk->compression));
	if (disk->lazy_refcounts)
		buf_puts(options, ",lazy_refcounts=on");
}

static int prepare_disk(struct arena *arena, struct plan_disk *disk, const char *directory,
	int directory_fd, struct error *error)
{
	struct buf options CLEANUP(buf_done) = {0};
	struct disk_layers layers CLEANUP(disk_layers_done) = {0};
	write_options(disk->disk, &options);
	if (buf_error(&options) < 0)
		return error_set(error, ENOMEM, "not enough memory");
	struct disk_request request = {
		.directory = directory,
		.directory_fd = directory_fd,
		.file = disk->file_name,
		.raw = disk->disk->format == DISK_RAW,
		.options = options.length ? buf_text(&options) + 1 : NULL,
		.key_path = disk->key_path,
		.size_bytes = disk->disk->size_bytes,
		.image_path = disk->image_path,
		.image = disk->disk->image,
	};
	int r = disk_prepare(&request, &layers, error);
	/* The image's unit failed, and may not the next time. */
	if (r == -ENOENT && disk->image_is_unit)
		return -EAGAIN;
	if (r < 0)
		return r;
	r = plan_set_layers(arena, disk, layers.paths, layers.count);
	return r < 0 ? error_set(error, ENOMEM, "not enough memory") : 0;
}

/* Holds the image store as it is: 'vmlet image' removes nothing meanwhile. */
static void lock_images(int *lock)
{
	*lock = open(PLAN_IMAGE_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*lock >= 0)
		flock(*lock, LOCK_SH);
}

static int prepare_disks(struct arena *arena, struct plan *plan, const char *directory,
	int directory_fd, struct error *error)
{
	int lock AUTO_CLOSE = -1;
	int r = 0;
	lock_images(&lock);
	for (size_t i = 0; r == 0 && i < plan->disk_count; i++)
		if (plan->disks[i].file_name)
			r = prepare_disk(arena, &plan->disks[i], directory, directory_fd, error);
	return r;
}

/* directory_fd is of the state directory. */
static int sweep_and_prepare(struct arena *arena, struct plan *plan, const char *directory,
	int directory_fd, struct error *error)
{
	int r = journal_finish(plan, directory, directory_fd, error);
	if (r == 0)
		r = sweep(directory_fd, directory, error);
	return r < 0 ? r : prepare_disks(arena, plan, directory, directory_fd, error);
}

int prepare_storage(struct arena *arena, struct plan *plan, struct error *error)
{
	const char *directory = prepare_directory("STATE_DIRECTORY", plan->state_directory);
	int directory_fd AUTO_CLOSE = open_directory(directory, error);
	return directory_fd < 0 ? directory_fd
				: sweep_and_prepare(arena, plan, directory, directory_fd, error);
}

int prepare_vm(struct arena *arena, struct plan *plan, struct error *error)
{
	const char *directory = prepare_directory("STATE_DIRECTORY", plan->state_directory);
	int directory_fd AUTO_CLOSE = open_directory(directory, error);
	int r = directory_fd < 0 ? directory_fd : check_accel(plan->vm, error);
	if (r == 0)
		r = check_files(plan, error);
	if (r == 0)
		r = sweep_and_prepare(arena, plan, directory, directory_fd, error);
	if (r == 0)
		r = repair_finish(plan, directory, directory_fd, error);
	if (r == 0)
		r = provision_vm(plan, directory, directory_fd,
			prepare_directory("RUNTIME_DIRECTORY", plan->runtime_directory), error);
	return r;
}

int prepare_booted_spec(
	const struct plan *plan, const char *text, size_t length, struct error *error)
{
	const char *directory = prepare_directory("RUNTIME_DIRECTORY", plan->runtime_directory);
	int fd AUTO_CLOSE = open_directory(directory, error);
	if (fd < 0)
		return fd;
	return booted_write(plan->vm, fd, text, length, error);
}
