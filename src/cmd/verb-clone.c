/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cmd/progress.h"
#include "cmd/report.h"
#include "cmd/spec-file.h"
#include "cmd/target.h"
#include "cmd/verbs.h"
#include "host/disk-copy.h"
#include "host/layers.h"
#include "spec/encode.h"

struct clone {
	struct target source;
	const char *name; /* of the new VM */
	bool linked;
	bool json;
	const char *spec_path;
	struct buf spec;
	char directory[PATH_MAX]; /* of its disks, once they are whole */
	char temporary[PATH_MAX];
	int temporary_fd;
	const struct plan_disk *disks[DISKS_MAX]; /* that are copied */
	size_t count;
	struct progress progress;
	struct error error;
};

/* --- the spec ------------------------------------------------------------------------------ */

/* What is the one VM's, and would be the other's by mistake. */
static bool is_identity(const char *path, const void *context)
{
	static const char *const patterns[] = {"name", "nics.*.mac", "nics.*.address"};
	(void)context;
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
		if (fnmatch(patterns[i], path, 0) == 0)
			return true;
	return false;
}

/* Where the spec came from others, it stands with them, and has to say its name. */
static int write_spec(struct clone *clone)
{
	const struct document *document = clone->source.member->document;
	struct collection checked CLEANUP(collection_done) = {0};
	const struct report report = {0};
	buf_printf(&clone->spec, "# A clone of %s.", clone->source.name);
	encode_tree(document->tree, is_identity, NULL, &clone->spec);
	if (buf_error(&clone->spec) < 0)
		return error_set(&clone->error, ENOMEM, "not enough memory");
	const struct source source = {.file = clone->spec_path,
		.text = buf_text(&clone->spec),
		.length = clone->spec.length};
	int r = collect_with(&checked, &source, clone->name);
	if (r < 0)
		return error_set_errno(&clone->error, -r, "cannot check the new spec");
	/* Of two that exclude each other, the later by name is told: it may be another. */
	if (checked.diags.errors == clone->source.collection.diags.errors)
		return 0;
	report_diags(&report, &checked, NULL, 0);
	return error_set(&clone->error, EINVAL,
		"the spec of %s cannot be another VM's as it is: nothing was made",
		clone->source.name);
}

/* --- what is copied ------------------------------------------------------------------------ */

static int choose_disks(struct clone *clone)
{
	const struct plan *plan = clone->source.plan;
	for (size_t i = 0; i < plan->disk_count; i++) {
		const struct plan_disk *disk = &plan->disks[i];
		if (disk->key_path)
			return error_set(&clone->error, ENOTSUP,
				"disk %s is encrypted, and has a key of its own: it is not cloned",
				disk->disk->part.name);
		if (!disk->file_name && disk_is_writable(disk->disk) && !disk->disk->shareable)
			return error_set(&clone->error, ENOTSUP,
				"disk %s is not a file of the VM's own (%s): it is not cloned",
				disk->disk->part.name,
				disk->disk->uri ? disk->disk->uri : disk->file);
		if (disk->file_name)
			clone->disks[clone->count++] = disk;
	}
	return 0;
}

/* The directory gets its name when all in it is whole. */
static int open_directory(struct clone *clone)
{
	snprintf(clone->directory, sizeof(clone->directory), PLAN_PRIVATE_ROOT "/%s", clone->name);
	snprintf(clone->temporary, sizeof(clone->temporary), PLAN_PRIVATE_ROOT "/.%s.tmp",
		clone->name);
	if (access(clone->directory, F_OK) == 0 && rmdir(clone->directory) < 0)
		return error_set(&clone->error, EEXIST,
			"%s has disks in %s already: 'vmlet rm %s --disks' removes them",
			clone->name, clone->directory, clone->name);
	if (mkdir(clone->temporary, 0700) < 0 && errno == ENOENT)
		return error_set(&clone->error, ENOENT,
			"disk %s is not there yet: start %s once, or copy its spec",
			clone->disks[0]->disk->part.name, clone->source.name);
	if (access(clone->temporary, F_OK) < 0)
		return error_set_errno(&clone->error, errno, "cannot make %s", clone->temporary);
	clone->temporary_fd =
		open(clone->temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return clone->temporary_fd < 0
		       ? error_set_errno(&clone->error, errno, "cannot open %s", clone->temporary)
		       : 0;
}

static void remove_temporary(struct clone *clone)
{
	for (size_t i = 0; clone->temporary_fd >= 0 && i < clone->count; i++)
		unlinkat(clone->temporary_fd, clone->disks[i]->file_name, 0);
	rmdir(clone->temporary);
}

static int open_copy(struct clone *clone, const struct plan_disk *disk)
{
	unlinkat(clone->temporary_fd, disk->file_name, 0);
	int fd = openat(clone->temporary_fd, disk->file_name,
		O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? error_set_errno(&clone->error, errno, "cannot write %s/%s",
				clone->temporary, disk->file_name)
		      : fd;
}

/* systemd makes the files the new VM's user's, with their directory, when it first starts. */
static int publish(struct clone *clone)
{
	for (size_t i = 0; i < clone->count; i++) {
		int fd AUTO_CLOSE = openat(clone->temporary_fd, clone->disks[i]->file_name,
			O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0 || fchmod(fd, 0600) < 0 || fsync(fd) < 0)
			return error_set_errno(&clone->error, errno, "cannot write %s/%s",
				clone->temporary, clone->disks[i]->file_name);
	}
	if (!clone->count)
		return spec_file_write(clone->spec_path, &clone->spec, &clone->error);
	if (fsync(clone->temporary_fd) < 0 || rename(clone->temporary, clone->directory) < 0)
		return error_set_errno(&clone->error, errno, "cannot make %s", clone->directory);
	int r = spec_file_write(clone->spec_path, &clone->spec, &clone->error);
	/* Without a spec they would be nobody's. */
	if (r < 0 && rename(clone->directory, clone->temporary) < 0)
		return error_set_errno(&clone->error, errno, "cannot remove %s", clone->directory);
	return r;
}

/* --- copies -------------------------------------------------------------------------------- */

static bool show_progress(void *context, uint64_t done, uint64_t total)
{
	struct clone *clone = context;
	progress_show(&clone->progress, "Copying: %" PRIu64 " %%", total ? done * 100 / total : 0);
	return !progress_interrupted();
}

struct copy_files {
	struct disk_copies copies;
	struct sandbox_file files[DISKS_MAX];
	char host[DISKS_MAX][PATH_MAX];
	char inside[DISKS_MAX][64];
};

static void copy_files_done(struct copy_files *files)
{
	for (size_t i = 0; i < files->copies.count; i++)
		close_fd(&files->copies.items[i].fd);
}

static int open_copies(struct clone *clone, struct copy_files *files)
{
	for (size_t i = 0; i < clone->count; i++) {
		struct disk_copy *copy = &files->copies.items[i];
		*copy = (struct disk_copy){
			.disk = clone->disks[i], .fd = open_copy(clone, clone->disks[i])};
		if (copy->fd < 0)
			return copy->fd;
		files->copies.count++;
		/* The daemon opens it in its sandbox; the directory is root's alone. */
		if (fchmod(copy->fd, 0666) < 0)
			return error_set_errno(&clone->error, errno, "cannot prepare a copy");
		snprintf(files->host[i], PATH_MAX, "%.4000s/%s", clone->temporary,
			clone->disks[i]->file_name);
		snprintf(files->inside[i], sizeof(files->inside[i]), SANDBOX_FILES "/%zu", i);
		files->files[i] = (struct sandbox_file){files->host[i], files->inside[i], true};
		copy->inside = files->inside[i];
	}
	return 0;
}

static int clone_full(struct clone *clone)
{
	struct copy_files files CLEANUP(copy_files_done) = {
		.copies = {.what = COPY_TOP, .freeze = clone->source.running}};
	struct block block CLEANUP(block_close) = {.qmp = {.fd = -1}};
	int r = open_copies(clone, &files);
	if (r == 0)
		r = block_open(&block, clone->source.plan, clone->source.running, files.files,
			files.copies.count, &clone->error);
	if (r == 0)
		r = disks_copy(&block, &files.copies, show_progress, clone, &clone->error);
	progress_clear(&clone->progress);
	return r;
}

/* --- links --------------------------------------------------------------------------------- */

static int run_in_sandbox(struct clone *clone, const char *const arguments[])
{
	const struct sandbox sandbox = {.plan = clone->source.plan};
	struct buf output CLEANUP(buf_done) = {0};
	return sandbox_run(&sandbox, arguments, &output, &clone->error);
}

/* New, empty files over what is to be shared; then all of them at once in the disks' place. */
static int put_overlays(struct clone *clone, const struct layer *layers)
{
	const char *words[2 * DISKS_MAX + 2] = {"overlays"};
	size_t used = 1;
	for (size_t i = 0; i < clone->count; i++) {
		words[used++] = clone->disks[i]->disk->part.name;
		words[used++] = layers[i].path;
	}
	return run_in_sandbox(clone, words);
}

static int copy_overlays(struct clone *clone)
{
	for (size_t i = 0; i < clone->count; i++) {
		char path[PATH_MAX];
		snprintf(path, sizeof(path), PLAN_PRIVATE_ROOT "/%s/.%s.clone.tmp",
			clone->source.name, clone->disks[i]->file_name);
		int from AUTO_CLOSE = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		int to AUTO_CLOSE = from < 0 ? -1 : open_copy(clone, clone->disks[i]);
		if (from < 0)
			return error_set_errno(&clone->error, errno, "cannot open %s", path);
		int r = to < 0 ? to : file_copy(from, to);
		if (r < 0)
			return error_set_errno(&clone->error, -r, "cannot copy %s", path);
		unlink(path);
	}
	return 0;
}

/* The order is such that whoever is killed in it leaves the old VM whole: its disks are what they
 * were, or empty layers over it. */
static int clone_linked(struct clone *clone)
{
	struct layer layers[DISKS_MAX] = {0};
	struct block block CLEANUP(block_close) = {.qmp = {.fd = -1}};
	for (size_t i = 0; i < clone->count; i++)
		layers[i].disk = clone->disks[i];
	int r = layers_link(layers, clone->count, clone->source.name, &clone->error);
	if (r == 0)
		r = put_overlays(clone, layers);
	if (r < 0) {
		layers_unlink(layers, clone->count);
		return r;
	}
	if (clone->source.running) {
		r = block_open(&block, clone->source.plan, true, NULL, 0, &clone->error);
		if (r == 0)
			r = layers_switch(&block, layers, clone->count, &clone->error);
	}
	if (r == 0)
		r = layers_seal(layers, clone->count, &clone->error);
	return r < 0 ? r : copy_overlays(clone);
}

static int make_clone(struct clone *clone)
{
	struct arena *arena = &clone->source.collection.arena;
	const struct set *set = &clone->source.collection.set;
	if (!clone->source.member)
		return error_set(&clone->error, ENOENT, "the spec of %s is gone or has errors",
			clone->source.name);
	if (documents_find(set->documents, KIND_VM, clone->name))
		return error_set(&clone->error, EEXIST, "there is a spec of %s", clone->name);
	clone->spec_path = spec_file_path(arena, clone->name);
	if (!clone->spec_path)
		return error_set(&clone->error, ENOMEM, "not enough memory");
	int r = write_spec(clone);
	if (r == 0)
		r = choose_disks(clone);
	if (r == 0 && clone->count)
		r = open_directory(clone);
	if (r < 0)
		return r;
	if (clone->count)
		r = clone->linked ? clone_linked(clone) : clone_full(clone);
	if (r == 0)
		r = publish(clone);
	if (r < 0)
		remove_temporary(clone);
	else if (clone->json)
		printf("{\"name\": \"%s\", \"spec\": \"%s\"}\n", clone->name, clone->spec_path);
	else
		printf("%s: %s; start it with 'systemctl daemon-reload' and 'systemctl start "
		       "vm@%s'\n",
			clone->name, clone->spec_path, clone->name);
	return r;
}

int verb_clone(const struct log *log, int argc, char **argv)
{
	struct clone clone = {.temporary_fd = -1};
	clone.json = argc > 3 && strcmp(argv[argc - 1], "--json") == 0;
	clone.linked = argc - clone.json == 4 && strcmp(argv[3], "--linked") == 0;
	if (argc != 3 + clone.linked + clone.json || argv[1][0] == '-' || argv[2][0] == '-')
		return VERB_USAGE;
	clone.name = vm_argument(log, argv[2]);
	if (!clone.name)
		return 1;
	int r = target_open(&clone.source, log, argv[1]);
	if (r == 0) {
		clone.progress = progress_begin();
		r = make_clone(&clone);
		if (r < 0)
			log_line(log, LOG_LEVEL_ERROR, "%s", clone.error.message);
	}
	close_fd(&clone.temporary_fd);
	buf_done(&clone.spec);
	target_close(&clone.source);
	return r < 0;
}
