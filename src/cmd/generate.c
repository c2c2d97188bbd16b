/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/generate.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/install.h"
#include "emit/dropin.h"
#include "emit/image.h"
#include "emit/network.h"
#include "emit/unit.h"
#include "host/watches.h"
#include "spec/resolved.h"

#define DROPIN_FILE "10-vmlet.conf"
#define WANTS_DIRECTORY "vms.target.wants"
#define BOOT_DIRECTORY "multi-user.target.wants"
#define UNIT_NAME_BYTES (NAME_LENGTH_MAX + PART_NAME_LENGTH_MAX + sizeof("vm-network@..service.d"))

#define SPECS_DIRECTORY "vmlet"
#define WATCHES_DIRECTORY "vmlet-apply.path.d"

struct generation {
	const char *path;	/* of the output directory */
	const char *named_path; /* by which files in it name each other */
	int fd;
	int wants_fd; /* -1 until the first autostart */
	struct arena scratch;
	struct buf text;
};

static int make_directory(int parent, const char *name, mode_t mode)
{
	int fd;
	int r = file_open_directory_at(parent, name, mode, &fd);
	return r < 0 ? r : fd;
}

/* Of several documents with one name, the first has it; those without a name stand last. */
static bool is_chosen(const struct set *set, size_t index)
{
	const char *name = set->items[index].document->name;
	return name && set_find(set, name) == &set->items[index];
}

/* --- resolved specs ------------------------------------------------------------------------ */

static int write_spec(struct generation *generation, int fd, const struct documents *documents,
	const struct document *document)
{
	char file[NAME_LENGTH_MAX + sizeof(".yaml")];
	buf_reset(&generation->text);
	resolved_write(documents, document, false, &generation->text);
	int r = buf_error(&generation->text);
	if (r < 0)
		return r;
	snprintf(file, sizeof(file), "%s.yaml", document->name);
	int spec_fd AUTO_CLOSE =
		openat(fd, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (spec_fd < 0)
		return -errno;
	return file_write_all(spec_fd, buf_text(&generation->text), generation->text.length);
}

static void remove_directory(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	if (!stream) {
		close_fd(&fd);
		return;
	}
	for (struct dirent *entry; (entry = readdir(stream));)
		if (entry->d_name[0] != '.')
			unlinkat(fd, entry->d_name, 0);
	closedir(stream);
	unlinkat(parent, name, AT_REMOVEDIR);
}

/* A whole directory comes to its name at once, in the place of one that is there. */
static int publish_specs(int parent, const char *temporary)
{
	if (renameat2(parent, temporary, parent, SPECS_DIRECTORY, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (renameat2(parent, temporary, parent, SPECS_DIRECTORY, RENAME_EXCHANGE) < 0)
		return -errno;
	remove_directory(parent, temporary);
	return 0;
}

static int generate_specs(struct generation *generation, const struct set *set)
{
	char temporary[sizeof("." SPECS_DIRECTORY ".tmp") + 16];
	snprintf(temporary, sizeof(temporary), "." SPECS_DIRECTORY ".%d.tmp", (int)getpid());
	remove_directory(generation->fd, temporary);
	int fd AUTO_CLOSE = make_directory(generation->fd, temporary, 0700);
	int r = fd < 0 ? fd : 0;
	for (size_t i = 0; r == 0 && i < set->count; i++)
		if (is_chosen(set, i) && set->items[i].in_force)
			r = write_spec(
				generation, fd, set->items[i].documents, set->items[i].in_force);
	if (r == 0)
		r = publish_specs(generation->fd, temporary);
	if (r < 0)
		remove_directory(generation->fd, temporary);
	return r;
}

/* --- drop-ins and links -------------------------------------------------------------------- */

/* systemd gives its generators an empty directory, so the file is new, mostly. */
static int write_whole(int fd, const char *name, const struct buf *text, mode_t mode)
{
	int r = file_create_at(fd, name, buf_text(text), text->length, mode);
	if (r < 0)
		r = file_replace_at(fd, name, buf_text(text), text->length, mode, false);
	return r;
}

static int write_dropin_of(
	struct generation *generation, const char *prefix, const char *name, const char *type)
{
	char path[UNIT_NAME_BYTES + sizeof("/" DROPIN_FILE)];
	int length = snprintf(path, sizeof(path), "%s@%s.%s.d", prefix, name, type);
	if (mkdirat(generation->fd, path, 0755) < 0 && errno != EEXIST)
		return -errno;
	snprintf(path + length, sizeof(path) - (size_t)length, "/" DROPIN_FILE);
	return write_whole(generation->fd, path, &generation->text, 0644);
}

static int write_dropin(struct generation *generation, const char *prefix, const char *name)
{
	return write_dropin_of(generation, prefix, name, "service");
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

static int link_wanted(struct generation *generation, const char *name, const char *type)
{
	int r = generation->wants_fd < 0 ? open_wants(generation) : 0;
	if (r < 0)
		return r;
	char unit[UNIT_NAME_BYTES];
	char template[UNIT_NAME_BYTES];
	snprintf(unit, sizeof(unit), "vm@%s.%s", name, type);
	snprintf(template, sizeof(template), INSTALL_UNIT_DIR "/vm@.%s", type);
	return make_link(generation->wants_fd, template, unit);
}

/* With a delay, the target wants a timer that starts the VM, instead of the VM. */
static int autostart(struct generation *generation, const struct vm *vm)
{
	if (!vm->start_delay_usec)
		return link_wanted(generation, vm->name, "service");
	buf_reset(&generation->text);
	dropin_emit_timer(vm, &generation->text);
	int r = buf_error(&generation->text);
	if (r == 0)
		r = write_dropin_of(generation, "vm", vm->name, "timer");
	return r < 0 ? r : link_wanted(generation, vm->name, "timer");
}

static int generate_broken(struct generation *generation, const struct member *member)
{
	buf_reset(&generation->text);
	dropin_emit_broken(
		member->document->name, member->document->source->file, &generation->text);
	int r = buf_error(&generation->text);
	return r < 0 ? r : write_dropin(generation, "vm", member->document->name);
}

/* A unit for each interface that passt speaks for. */
static int generate_passt(struct generation *generation, const struct member *member)
{
	const struct plan *plan = &member->plan;
	int r = 0;
	for (size_t i = 0; r == 0 && i < plan->nic_count; i++) {
		const struct plan_nic *nic = &plan->nics[i];
		char name[UNIT_NAME_BYTES];
		if (nic->attachment != ATTACHMENT_PASST)
			continue;
		buf_reset(&generation->text);
		r = network_emit_passt(
			plan, nic, member->document->source->file, &generation->text);
		snprintf(name, sizeof(name), "%s.%s", plan->vm->name, nic->nic->part.name);
		if (r == 0)
			r = write_dropin(generation, "vm-passt", name);
	}
	return r;
}

int generate_text(const struct member *member, const char *named_directory, struct arena *scratch,
	struct buf *text)
{
	int r = dropin_emit(
		&member->plan, member->document->source->file, named_directory, scratch, text);
	if (member->version)
		dropin_emit_version(
			member->plan.vm->name, member->version, member->document->broken, text);
	return r < 0 ? r : buf_error(text);
}

static int generate_vm(struct generation *generation, const struct member *member)
{
	const struct vm *vm = member->in_force->vm;
	buf_reset(&generation->text);
	arena_reset(&generation->scratch);
	int r = generate_text(
		member, generation->named_path, &generation->scratch, &generation->text);
	if (r == 0)
		r = write_dropin(generation, "vm", vm->name);
	if (r == 0)
		r = generate_passt(generation, member);
	if (r == 0 && vm->autostart)
		r = autostart(generation, vm);
	return r;
}

static int generate_server(struct generation *generation, const struct network_member *member)
{
	const struct network *network = member->document->network;
	int r = 0;
	buf_reset(&generation->text);
	if (network_has_server(network))
		r = network_emit_server(member, &generation->text);
	if (r == 0 && network_has_server(network))
		r = write_dropin(generation, "vm-dhcp", network->name);
	if (r < 0 || !network->dns)
		return r;
	buf_reset(&generation->text);
	network_emit_resolve(member, &generation->text);
	r = buf_error(&generation->text);
	return r < 0 ? r : write_dropin(generation, "vm-resolve", network->name);
}

static int generate_network(
	struct generation *generation, const struct set *set, const struct network_member *member)
{
	const struct document *document = member->document;
	int r = 0;
	buf_reset(&generation->text);
	if (document->broken)
		network_emit_broken(document->name, document->source->file, &generation->text);
	else
		r = network_emit_dropin(member, set->documents, &generation->text);
	if (r == 0)
		r = buf_error(&generation->text);
	if (r == 0)
		r = write_dropin(generation, "vm-network", document->name);
	return r == 0 && !document->broken ? generate_server(generation, member) : r;
}

static int generate_networks(
	struct generation *generation, const struct set *set, struct error *error)
{
	int result = 0;
	for (size_t i = 0; i < set->network_count; i++) {
		const struct network_member *member = &set->networks[i];
		const char *name = member->document->name;
		if (!name || set_find_network(set, name) != member)
			continue;
		int r = generate_network(generation, set, member);
		if (r < 0 && result == 0)
			result = error_set_errno(error, -r, "%s: cannot write the units of '%s'",
				generation->path, name);
	}
	return result;
}

static int generate_image(struct generation *generation, const struct documents *documents,
	const struct document *document)
{
	const char *name = document->name;
	buf_reset(&generation->text);
	if (document->broken) {
		image_emit_broken(name, document->source->file, &generation->text);
		int r = buf_error(&generation->text);
		return r < 0 ? r : write_dropin(generation, "vm-image", name);
	}
	arena_reset(&generation->scratch);
	const char *path = plan_image_path(&generation->scratch, documents, name);
	if (!path)
		return -ENOMEM;
	image_emit_dropin(document, path, &generation->text);
	int r = buf_error(&generation->text);
	if (r == 0)
		r = write_dropin(generation, "vm-image", name);
	if (r < 0 || !document->image->url)
		return r;
	buf_reset(&generation->text);
	image_emit_download(document, path, &generation->text);
	r = buf_error(&generation->text);
	return r < 0 ? r : write_dropin(generation, "vm-download", name);
}

static int generate_images(
	struct generation *generation, const struct documents *documents, struct error *error)
{
	int result = 0;
	for (size_t i = 0; i < documents->count; i++) {
		const struct document *document = documents->items[i];
		if (document->kind != KIND_IMAGE || !document->name ||
			documents_find(documents, KIND_IMAGE, document->name) != document)
			continue;
		int r = generate_image(generation, documents, document);
		if (r < 0 && result == 0)
			result = error_set_errno(error, -r, "%s: cannot write the units of '%s'",
				generation->path, document->name);
	}
	return result;
}

static int generate_dropins(
	struct generation *generation, const struct set *set, struct error *error)
{
	int result = 0;
	for (size_t i = 0; i < set->count; i++) {
		const struct member *member = &set->items[i];
		if (!is_chosen(set, i))
			continue;
		int r = member->in_force ? generate_vm(generation, member)
					 : generate_broken(generation, member);
		if (r < 0 && result == 0)
			result = error_set_errno(error, -r, "%s: cannot write the units of '%s'",
				generation->path, member->document->name);
	}
	return result;
}

static int generate_gone(struct generation *generation, const struct set *set,
	const struct strings *running, struct error *error)
{
	for (size_t i = 0; i < running->count; i++) {
		const char *name = running->items[i];
		if (set_find(set, name))
			continue;
		buf_reset(&generation->text);
		dropin_emit_gone(name, &generation->text);
		int r = buf_error(&generation->text);
		if (r == 0)
			r = write_dropin(generation, "vm", name);
		if (r < 0)
			return error_set_errno(error, -r, "%s: cannot write the unit of '%s'",
				generation->path, name);
	}
	return 0;
}

/* Links on the way to specs are replaced where nobody looks who watches by name. */
static int generate_watches(struct generation *generation, const struct strings *paths)
{
	if (paths->count == 0)
		return 0;
	buf_reset(&generation->text);
	unit_begin_section(&generation->text, "Path");
	for (size_t i = 0; i < paths->count; i++)
		unit_add_text(&generation->text, "PathChanged", paths->items[i]);
	int r = buf_error(&generation->text);
	if (r == 0 && mkdirat(generation->fd, WATCHES_DIRECTORY, 0755) < 0 && errno != EEXIST)
		r = -errno;
	return r < 0 ? r
		     : write_whole(generation->fd, WATCHES_DIRECTORY "/" DROPIN_FILE,
			       &generation->text, 0644);
}

static int generate_all(struct generation *generation, const struct set *set,
	const struct strings *running, const struct strings *watches, struct error *error)
{
	if (mkdir(generation->path, 0755) < 0 && errno != EEXIST)
		return error_set_errno(error, errno, "cannot make %s", generation->path);
	generation->fd = open(generation->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (generation->fd < 0)
		return error_set_errno(error, errno, "cannot open %s", generation->path);
	/* The specs come first: the drop-ins name them. */
	int r = set->count ? generate_specs(generation, set) : 0;
	if (r < 0)
		return error_set_errno(
			error, -r, "cannot write %s/" SPECS_DIRECTORY, generation->path);
	r = generate_dropins(generation, set, error);
	if (r == 0)
		r = generate_networks(generation, set, error);
	if (r == 0)
		r = generate_images(generation, set->documents, error);
	if (r == 0)
		r = generate_gone(generation, set, running, error);
	if (r < 0)
		return r;
	r = generate_watches(generation, watches);
	return r < 0 ? error_set_errno(
			       error, -r, "cannot write %s/" WATCHES_DIRECTORY, generation->path)
		     : 0;
}

int generate(const struct set *set, const struct strings *running, const char *directory,
	const char *named_directory, struct error *error)
{
	const char *search_path = getenv("VMLET_PATH");
	struct arena arena CLEANUP(arena_done) = {0};
	struct strings watches;
	int r = watches_list(&arena, search_path ? search_path : INSTALL_SPEC_PATH, &watches);
	if (r < 0)
		return error_set_errno(error, -r, "cannot look for the links to specs");
	if (set->documents->count == 0 && running->count == 0 && watches.count == 0)
		return 0;
	struct generation generation = {
		.path = directory, .named_path = named_directory, .fd = -1, .wants_fd = -1};
	r = generate_all(&generation, set, running, &watches, error);
	arena_done(&generation.scratch);
	buf_done(&generation.text);
	close_fd(&generation.wants_fd);
	close_fd(&generation.fd);
	return r;
}
