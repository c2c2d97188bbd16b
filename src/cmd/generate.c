/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/generate.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/install.h"
#include "emit/dropin.h"
#include "spec/encode.h"

#define DROPIN_FILE "10-vmlet.conf"
#define WANTS_DIRECTORY "vms.target.wants"
#define BOOT_DIRECTORY "multi-user.target.wants"
#define UNIT_NAME_BYTES (NAME_LENGTH_MAX + sizeof("vm@.service.d"))

struct generation {
	const char *path; /* of the output directory */
	int fd;
	int specs_fd; /* "vmlet/" below it, 0700 */
	int wants_fd; /* -1 until the first autostart */
	struct arena scratch;
	struct buf text;
};

/* Opens a directory that is there already, or makes it: most of the time it is not. */
static int make_directory(int parent, const char *name, mode_t mode)
{
	int fd;
	int r = file_open_directory_at(parent, name, mode, &fd);
	return r < 0 ? r : fd;
}

static int write_dropin(struct generation *generation, const char *name)
{
	char path[UNIT_NAME_BYTES + sizeof("/" DROPIN_FILE)];
	int length = snprintf(path, sizeof(path), "vm@%s.service.d", name);
	if (mkdirat(generation->fd, path, 0755) < 0 && errno != EEXIST)
		return -errno;
	snprintf(path + length, sizeof(path) - (size_t)length, "/" DROPIN_FILE);
	return file_replace_at(generation->fd, path, buf_text(&generation->text),
		generation->text.length, 0644, false);
}

static int write_spec(struct generation *generation, const struct vm *vm)
{
	char file[NAME_LENGTH_MAX + sizeof(".yaml")];
	buf_reset(&generation->text);
	encode_mapping(&vm_table, vm, &generation->text);
	int r = buf_error(&generation->text);
	if (r < 0)
		return r;
	snprintf(file, sizeof(file), "%s.yaml", vm->name);
	return file_replace_at(generation->specs_fd, file, buf_text(&generation->text),
		generation->text.length, 0600, false);
}

static int make_link(int fd, const char *target, const char *name)
{
	return symlinkat(target, fd, name) < 0 && errno != EEXIST ? -errno : 0;
}

/* The target is wanted at boot as soon as a VM wants to be in it: dropping a spec is enough. */
static int open_wants(struct generation *generation)
{
	int boot_fd AUTO_CLOSE = make_directory(generation->fd, BOOT_DIRECTORY, 0755);
	if (boot_fd < 0)
		return boot_fd;
	int r = make_link(boot_fd, INSTALL_UNIT_DIR "/vms.target", "vms.target");
	if (r < 0)
		return r;
	generation->wants_fd = make_directory(generation->fd, WANTS_DIRECTORY, 0755);
	return generation->wants_fd < 0 ? generation->wants_fd : 0;
}

static int link_wanted(struct generation *generation, const char *name)
{
	int r = generation->wants_fd < 0 ? open_wants(generation) : 0;
	if (r < 0)
		return r;
	char unit[UNIT_NAME_BYTES];
	snprintf(unit, sizeof(unit), "vm@%s.service", name);
	return make_link(generation->wants_fd, INSTALL_UNIT_DIR "/vm@.service", unit);
}

static int generate_broken(struct generation *generation, const struct member *member)
{
	buf_reset(&generation->text);
	dropin_emit_broken(member->loaded->vm.name, member->source->file, &generation->text);
	int r = buf_error(&generation->text);
	return r < 0 ? r : write_dropin(generation, member->loaded->vm.name);
}

static int generate_vm(struct generation *generation, const struct member *member)
{
	const struct vm *vm = &member->loaded->vm;
	/* The spec first: a drop-in names it. */
	int r = write_spec(generation, vm);
	if (r < 0)
		return r;
	buf_reset(&generation->text);
	arena_reset(&generation->scratch);
	r = dropin_emit(&member->plan, member->source->file, generation->path,
		&generation->scratch, &generation->text);
	if (r == 0)
		r = write_dropin(generation, vm->name);
	if (r == 0 && vm->autostart)
		r = link_wanted(generation, vm->name);
	return r;
}

static bool has_name_of(const struct member *member, const struct member *other)
{
	return strcmp(member->loaded->vm.name, other->loaded->vm.name) == 0;
}

static int generate_all(
	struct generation *generation, const struct set *set, struct error *error)
{
	int result = 0;
	for (size_t i = 0; i < set->count; i++) {
		const struct member *member = &set->items[i];
		if (!member->loaded->vm.name)
			break; /* those without a name stand last */
		if (i > 0 && has_name_of(member, member - 1))
			continue;
		int r = member->loaded->broken ? generate_broken(generation, member)
					       : generate_vm(generation, member);
		if (r < 0 && result == 0)
			result = error_set_errno(error, -r, "%s: cannot write the units of '%s'",
				generation->path, member->loaded->vm.name);
	}
	return result;
}

static int open_output(const char *directory, int *ret_fd, int *ret_specs_fd, struct error *error)
{
	if (mkdir(directory, 0755) < 0 && errno != EEXIST)
		return error_set_errno(error, errno, "cannot make %s", directory);
	int fd AUTO_CLOSE = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(error, errno, "cannot open %s", directory);
	int specs_fd = make_directory(fd, "vmlet", 0700);
	if (specs_fd < 0)
		return error_set_errno(error, -specs_fd, "cannot make %s/vmlet", directory);
	*ret_fd = TAKE_FD(fd);
	*ret_specs_fd = specs_fd;
	return 0;
}

int generate(const struct set *set, const char *directory, struct error *error)
{
	if (set->count == 0)
		return 0;
	struct generation generation = {.path = directory, .wants_fd = -1};
	int r = open_output(directory, &generation.fd, &generation.specs_fd, error);
	if (r < 0)
		return r;
	r = generate_all(&generation, set, error);
	arena_done(&generation.scratch);
	buf_done(&generation.text);
	close(generation.fd);
	close(generation.specs_fd);
	close_fd(&generation.wants_fd);
	return r;
}
