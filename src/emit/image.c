/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "emit/image.h"

#include <inttypes.h>
#include <string.h>

#include "base/install.h"
#include "emit/unit.h"
#include "plan/plan.h"

static void add_option(struct buf *buf, const char *option, const char *value)
{
	if (!value)
		return;
	buf_printf(buf, " \\\n  --%s ", option);
	unit_add_argument(buf, value);
}

static void add_checks(const struct image *image, struct buf *buf)
{
	add_option(buf, "sha256", image->sha256);
	add_option(buf, "sha512", image->sha512);
	buf_printf(buf, " \\\n  --size-limit %" PRIu64 "\n", image->size_limit_bytes);
}

/* What is in the store is never made again. */
static void add_condition(const char *path, struct buf *buf)
{
	buf_puts(buf, "ConditionPathExists=!");
	unit_add_value(buf, path);
}

static void begin_service(const struct image *image, struct buf *buf)
{
	char user[PLAN_USER_LENGTH_MAX + 1];
	plan_name_image_user(image->name, user);
	unit_begin_section(buf, "Service");
	unit_add_raw(buf, "User", user);
	buf_puts(buf, "ExecStart=\n");
}

static bool is_local(const struct image *image)
{
	return !image->url || strncmp(image->url, "file:", 5) == 0;
}

void image_emit_dropin(const struct document *document, const char *path, struct buf *buf)
{
	const struct image *image = document->image;
	unit_begin_section(buf, "Unit");
	if (image->description)
		unit_add_text(buf, "Description", image->description);
	unit_add_text(buf, "SourcePath", document->source->file);
	add_condition(path, buf);
	if (image->url)
		buf_printf(buf, "Requires=vm-download@%s.service\nAfter=vm-download@%s.service\n",
			image->name, image->name);
	else
		unit_add_path(buf, "RequiresMountsFor", image->path, "");
	begin_service(image, buf);
	buf_puts(buf, "ExecStart=" INSTALL_LIBEXEC_DIR "/vmlet-image convert");
	add_option(buf, "path", image->path);
	add_option(buf, "format", choice_name(&image_format_names, image->format));
	add_option(buf, "compressed", choice_name(&compressed_names, image->compressed));
	add_checks(image, buf);
	buf_puts(buf, "ExecStart=+" INSTALL_LIBEXEC_DIR "/vmlet-image install ");
	unit_add_argument(buf, strrchr(path, '/') + 1);
	buf_putc(buf, '\n');
}

void image_emit_download(const struct document *document, const char *path, struct buf *buf)
{
	const struct image *image = document->image;
	unit_begin_section(buf, "Unit");
	unit_add_text(buf, "SourcePath", document->source->file);
	add_condition(path, buf);
	if (is_local(image))
		unit_add_path(buf, "RequiresMountsFor", image->url + strlen("file://"), "");
	else
		buf_puts(buf, "Wants=network-online.target\nAfter=network-online.target\n");
	begin_service(image, buf);
	buf_puts(buf, "ExecStart=" INSTALL_LIBEXEC_DIR "/vmlet-download");
	add_option(buf, "url", image->url);
	add_checks(image, buf);
}

void image_emit_broken(const char *name, const char *source_path, struct buf *buf)
{
	unit_begin_section(buf, "Unit");
	buf_printf(buf, "Description=Image %s (its spec has errors)\n", name);
	unit_add_text(buf, "SourcePath", source_path);
	unit_begin_section(buf, "Service");
	buf_printf(buf, "ExecStart=\nExecStart=+" INSTALL_BIN_DIR "/vmlet check --start-image %s\n",
		name);
}
