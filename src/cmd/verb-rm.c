/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cmd/accepted.h"
#include "cmd/target.h"
#include "cmd/verbs.h"
#include "host/bus.h"

struct removal {
	const char *name;
	bool disks;
	bool yes;
	struct error error;
};

static int check_stopped(struct removal *removal)
{
	char unit[NAME_LENGTH_MAX + sizeof("vm@.service")];
	struct sd_bus *bus CLEANUP(bus_close) = NULL;
	struct unit_state state;
	snprintf(unit, sizeof(unit), "vm@%s.service", removal->name);
	int r = bus_open(&bus, &removal->error);
	if (r == 0)
		r = bus_unit_state(bus, unit, &state, &removal->error);
	if (r < 0 || strcmp(state.active, "inactive") == 0 || strcmp(state.active, "failed") == 0)
		return r;
	return error_set(&removal->error, EBUSY, "%s runs: systemctl stop %s", removal->name, unit);
}

/* --- the spec ------------------------------------------------------------------------------ */

/* A file that says other things, too, is a person's to edit. */
static int find_spec(
	struct removal *removal, const struct collection *collection, const char **ret_path)
{
	const struct documents *documents = &collection->documents;
	const struct document *document = documents_find(documents, KIND_VM, removal->name);
	*ret_path = NULL;
	if (!document)
		return 0;
	if (!document->broken && document->vm->protected)
		return error_set(&removal->error, EPERM,
			"%s is protected: remove 'protected: yes' at %s first", removal->name,
			document->source->file);
	for (size_t i = 0; i < documents->count; i++)
		if (documents->items[i] != document &&
			documents->items[i]->source == document->source)
			return error_set(&removal->error, ENOTSUP,
				"%s describes more than %s: remove its document, at line %u, by "
				"hand",
				document->source->file, removal->name, document->place.line);
	*ret_path = document->source->file;
	return 0;
}

/* --- the disks ----------------------------------------------------------------------------- */

static int each_file(int directory_fd, bool hidden, int (*visit)(int fd, const char *name))
{
	int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	int r = stream ? 0 : -errno;
	for (struct dirent *entry; r == 0 && stream && (entry = readdir(stream));) {
		bool dots = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
		if (!dots && (hidden || entry->d_name[0] != '.'))
			r = visit(directory_fd, entry->d_name);
	}
	if (stream)
		closedir(stream);
	return r;
}

static int print_name(int fd, const char *name)
{
	(void)fd;
	printf("  %s\n", name);
	return 0;
}

static int remove_name(int fd, const char *name)
{
	return unlinkat(fd, name, 0) < 0 ? -errno : 0;
}

static bool is_agreed(const struct removal *removal)
{
	char answer[16] = "";
	if (removal->yes)
		return true;
	if (!isatty(STDIN_FILENO))
		return false;
	printf("Remove them? [y/N] ");
	fflush(stdout);
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/* Names the files, asks, and moves them aside at once: who is killed then leaves no half of a VM.
 */
static int take_disks(struct removal *removal, char aside[PATH_MAX])
{
	char directory[PATH_MAX];
	snprintf(directory, sizeof(directory), PLAN_PRIVATE_ROOT "/%s", removal->name);
	snprintf(aside, PATH_MAX, PLAN_PRIVATE_ROOT "/.%s.removed", removal->name);
	int fd AUTO_CLOSE = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return error_set_errno(&removal->error, errno, "cannot open %s", directory);
	printf("%s:\n", directory);
	int r = each_file(fd, false, print_name);
	if (r < 0)
		return error_set_errno(&removal->error, -r, "cannot read %s", directory);
	if (!is_agreed(removal))
		return error_set(&removal->error, ECANCELED, "nothing was removed%s",
			isatty(STDIN_FILENO) ? "" : ": give --yes, too");
	if (rename(directory, aside) < 0)
		return error_set_errno(&removal->error, errno, "cannot remove %s", directory);
	return 1;
}

static int remove_aside(struct removal *removal, const char *aside)
{
	char link[PATH_MAX];
	int fd AUTO_CLOSE = open(aside, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int r = fd < 0 ? -errno : each_file(fd, true, remove_name);
	if (r == 0 && rmdir(aside) < 0)
		r = -errno;
	/* systemd's, which it makes again with the next VM of that name. */
	snprintf(link, sizeof(link), PLAN_STATE_ROOT "/%s", removal->name);
	unlink(link);
	return r < 0 ? error_set_errno(&removal->error, -r, "cannot remove %s", aside) : 0;
}

/* --- both ---------------------------------------------------------------------------------- */

static int remove_vm(struct removal *removal, const struct collection *collection)
{
	const char *path = NULL;
	char aside[PATH_MAX] = "";
	int taken = 0;
	int r = check_stopped(removal);
	if (r == 0)
		r = find_spec(removal, collection, &path);
	if (r == 0 && !path && !removal->disks)
		r = error_set(&removal->error, ENOENT, "there is no spec of %s", removal->name);
	if (r == 0 && removal->disks)
		taken = take_disks(removal, aside);
	if (r < 0 || taken < 0)
		return r < 0 ? r : taken;
	if (path && unlink(path) != 0)
		return error_set_errno(&removal->error, errno, "cannot remove %s", path);
	if (path)
		printf("removed %s\n", path);
	if (removal->disks)
		accepted_forget(removal->name);
	if (taken)
		r = remove_aside(removal, aside);
	if (r == 0 && taken)
		printf("removed the disks of %s\n", removal->name);
	if (r == 0 && !taken && removal->disks)
		printf("%s has no disks\n", removal->name);
	return r;
}

int verb_rm(const struct log *log, int argc, char **argv)
{
	struct removal removal = {0};
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--disks") == 0)
			removal.disks = true;
		else if (strcmp(argv[i], "--yes") == 0)
			removal.yes = true;
		else if (argv[i][0] == '-' || removal.name)
			return VERB_USAGE;
		else
			removal.name = argv[i];
	}
	if (!removal.name || (removal.yes && !removal.disks))
		return VERB_USAGE;
	if (!vm_argument(log, removal.name))
		return 1;
	struct collection collection CLEANUP(collection_done);
	int r = collect_directories(&collection);
	if (r < 0)
		error_set_errno(&removal.error, -r, "cannot read the specs");
	else
		r = remove_vm(&removal, &collection);
	if (r < 0)
		log_line(log, LOG_LEVEL_ERROR, "%s", removal.error.message);
	return r < 0;
}
