/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/live-change.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cmd/live-disk.h"
#include "cmd/live-machine.h"
#include "cmd/live-nic.h"
#include "host/booted.h"
#include "host/hotplug.h"
#include "spec/resolved.h"

struct live {
	struct steps *steps;
	struct step *step;
	struct block block;
	bool open;
	struct error *error;
};

/* --- one change ---------------------------------------------------------------------------- */

static bool begins(const char *path, const char *prefix)
{
	return strncmp(path, prefix, strlen(prefix)) == 0;
}

static bool is_part(const struct change *change)
{
	return change->key->type == KEY_PARTS;
}

static const struct plan_disk *disk_of(const struct plan *plan, const struct part *part)
{
	for (size_t i = 0; part && i < plan->disk_count; i++)
		if (strcmp(plan->disks[i].disk->part.name, part->name) == 0)
			return &plan->disks[i];
	return NULL;
}

static const struct plan_nic *nic_of(const struct plan *plan, const struct part *part)
{
	for (size_t i = 0; part && i < plan->nic_count; i++)
		if (strcmp(plan->nics[i].nic->part.name, part->name) == 0)
			return &plan->nics[i];
	return NULL;
}

static const char *why_not_disk(const struct step *step, const struct change *change)
{
	const struct plan *running = &step->booted->plan;
	const struct plan_disk *old = disk_of(running, change->part_before);
	const struct plan_disk *new = disk_of(&step->member->plan, change->part_after);
	if (is_part(change) && new)
		return live_disk_why_not(running, new);
	if (is_part(change))
		return old->disk->bus == BUS_SATA ? "bus sata lets nothing go while the guest runs"
		       : running->vm->machine == MACHINE_MICROVM
			       ? "machine microvm lets nothing go while it runs"
			       : NULL;
	if (strcmp(change->key->name, "path") == 0)
		return NULL;
	return old->file_name ? NULL : "only the VM's own files grow";
}

const char *live_change_why_not(const struct step *step, const struct change *change)
{
	if (begins(change->path, "disks."))
		return why_not_disk(step, change);
	if (begins(change->path, "nics."))
		return live_nic_why_not(&step->booted->plan, &step->member->plan,
			nic_of(&step->booted->plan, change->part_before),
			nic_of(&step->member->plan, change->part_after), is_part(change));
	return live_machine_why_not(
		step->booted->plan.vm, step->member->in_force->vm, change->path);
}

static int need_block(struct live *live)
{
	if (live->open)
		return 0;
	int r = block_open(&live->block, &live->step->booted->plan, true, NULL, 0, live->error);
	live->open = r == 0;
	return r;
}

static int change_disk(struct live *live, const struct change *change)
{
	const struct step *step = live->step;
	const struct plan_disk *new = disk_of(&step->member->plan, change->part_after);
	struct block *block = &live->block;
	int r = need_block(live);
	if (r < 0)
		return r;
	/* A person was faster, or what was killed. */
	if (is_part(change) && !new) {
		r = hotplug_remove(block, change->part_before->name, live->error);
		return r == -ENOENT ? 0 : r;
	}
	if (is_part(change)) {
		r = live_disk_attach(
			block, &live->steps->arena, &step->member->plan, new, live->error);
		return r == -EEXIST ? 0 : r;
	}
	if (strcmp(change->key->name, "size") == 0)
		return live_disk_grow(block, new, live->error);
	/* The medium of a drive. */
	const char *path = new->disk->cdrom.path;
	return path ? live_disk_insert(block, new->disk->part.name, path, live->error)
		    : hotplug_eject(block, new->disk->part.name, live->error);
}

static int change_nic(struct live *live, const struct change *change)
{
	const struct plan_nic *old = nic_of(&live->step->booted->plan, change->part_before);
	const struct plan_nic *new = nic_of(&live->step->member->plan, change->part_after);
	int r = need_block(live);
	if (r < 0)
		return r;
	if (is_part(change) && new)
		return live_nic_attach(&live->block, &live->steps->arena, new, live->error);
	if (is_part(change))
		return live_nic_detach(&live->block, old, live->error);
	if (strcmp(change->key->name, "link") == 0)
		return live_nic_set_link(&live->block, new, live->error);
	return live_nic_change(new, live->error);
}

static int make(struct live *live, const struct change *change)
{
	if (begins(change->path, "disks."))
		return change_disk(live, change);
	if (begins(change->path, "nics."))
		return change_nic(live, change);
	bool cpus = strcmp(change->path, "cpus.count") == 0;
	/* The rest is the unit's, of which systemd knows by now. */
	if (!cpus && strcmp(change->path, "memory") != 0)
		return 0;
	const struct vm *vm = live->step->member->in_force->vm;
	int r = need_block(live);
	if (r < 0)
		return r;
	return cpus ? live_machine_set_cpus(&live->block, vm->cpus.count, live->error)
		    : live_machine_set_memory(&live->block, vm->memory_bytes, live->error);
}

/* --- all of them --------------------------------------------------------------------------- */

static int adopt(struct live *live, bool parts)
{
	struct changes *changes = &live->step->changes;
	int r = 0;
	for (size_t i = 0; r == 0 && i < changes->count; i++)
		if (changes->items[i].done && is_part(&changes->items[i]) == parts)
			r = change_adopt(&live->steps->arena, &changes->items[i]);
	return r;
}

/* The VM runs with these now. */
static int note(struct live *live, struct error *error)
{
	struct step *step = live->step;
	struct buf text CLEANUP(buf_done) = {0};
	char path[sizeof(PLAN_RUNTIME_ROOT) + NAME_LENGTH_MAX + 2];
	int r = adopt(live, false);
	if (r == 0)
		r = adopt(live, true);
	if (r == 0) {
		resolved_write_vm(step->booted->plan.vm, &step->booted->documents,
			step->member->documents, &text);
		r = buf_error(&text);
	}
	if (r < 0)
		return error_set_errno(error, -r, "cannot note the changes of %s", step->name);
	snprintf(path, sizeof(path), PLAN_RUNTIME_ROOT "/%s", step->name);
	int fd AUTO_CLOSE = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return error_set_errno(error, errno, "cannot open %s", path);
	return booted_write(step->booted->plan.vm, fd, buf_text(&text), text.length, error);
}

int live_changes_make(struct steps *steps, struct step *step, struct error *error)
{
	struct error problem;
	struct live live = {.steps = steps, .step = step, .error = &problem};
	struct changes *changes = &step->changes;
	int result = 0;
	for (size_t i = 0; i < changes->count; i++) {
		struct change *change = &changes->items[i];
		if (!change_is_live(change))
			continue;
		int r = make(&live, change);
		change->done = r == 0;
		if (r == 0)
			continue;
		change->class = CHANGE_RESTART;
		step->pending++;
		if (result == 0)
			result = error_set(error, -r, "%s: %s", change->path, problem.message);
	}
	if (live.open)
		block_close(&live.block);
	int r = note(&live, &problem);
	if (r < 0 && result == 0)
		result = error_set(error, -r, "%s", problem.message);
	return result;
}
