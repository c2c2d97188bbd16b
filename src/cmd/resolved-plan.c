/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/resolved-plan.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"

static int plan_spec(struct resolved_plan *resolved, const char *name, struct error *error)
{
	struct diags diags CLEANUP(diags_done) = {0};
	resolved->source = (struct source){
		.file = "spec", .text = buf_text(&resolved->text), .length = resolved->text.length};
	int r = documents_read(
		&resolved->arena, &resolved->source, NULL, &diags, &resolved->documents);
	if (r == 0)
		r = documents_check(&resolved->arena, &resolved->documents, &diags);
	if (r < 0)
		return error_set_errno(error, -r, "cannot load the resolved spec");
	if (diags.errors) {
		struct buf line CLEANUP(buf_done) = {0};
		diag_write_line(&diags.items[0], &line);
		return error_set(error, EINVAL, "the resolved spec: %s", buf_text(&line));
	}
	const struct document *document = documents_find(&resolved->documents, KIND_VM, name);
	if (!document)
		return error_set(error, EINVAL, "the resolved spec is not of VM %s", name);
	r = plan_vm(&resolved->arena, &resolved->documents, document->vm, &resolved->plan);
	return r < 0 ? error_set_errno(error, -r, "cannot plan VM %s", name) : 0;
}

int resolved_plan_read(struct resolved_plan *ret, const char *directory, const char *file,
	const char *name, struct error *error)
{
	*ret = (struct resolved_plan){0};
	int fd AUTO_CLOSE = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? -errno : file_read_at(fd, file, 2 * SPEC_BYTES_MAX, &ret->text);
	if (r < 0)
		return error_set_errno(error, -r, "cannot read %s/%s", directory, file);
	return plan_spec(ret, name, error);
}

int resolved_plan_load(struct resolved_plan *ret, const char *name, struct error *error)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	*ret = (struct resolved_plan){0};
	if (!directory)
		return error_set(error, ENOENT,
			"no credentials ($CREDENTIALS_DIRECTORY): start vm@%s.service", name);
	return resolved_plan_read(ret, directory, "spec", name, error);
}

int resolved_plan_booted(struct resolved_plan *ret, const char *name, struct error *error)
{
	char directory[sizeof(PLAN_RUNTIME_ROOT) + NAME_LENGTH_MAX + 2];
	snprintf(directory, sizeof(directory), PLAN_RUNTIME_ROOT "/%s", name);
	return resolved_plan_read(ret, directory, PLAN_SPEC_FILE, name, error);
}

const struct document *resolved_plan_document(const struct resolved_plan *resolved)
{
	return documents_find(&resolved->documents, KIND_VM, resolved->plan.vm->name);
}

void resolved_plan_done(struct resolved_plan *resolved)
{
	buf_done(&resolved->text);
	arena_done(&resolved->arena);
}
