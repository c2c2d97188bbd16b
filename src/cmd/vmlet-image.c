/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vmlet-image: ExecStart= of vm-image@NAME.service. "convert" runs as a user of its own, without
 * network, and makes a checked qcow2 file of what was downloaded or is at a path; "install" runs as
 * root, looks at nothing in it, and moves it into the image store.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "cmd/image-options.h"
#include "host/image-file.h"
#include "host/image-store.h"

static const char help[] =
	"Usage: vmlet-image convert [--path PATH] [--format FORMAT] [--compressed HOW]\n"
	"                           [--sha256 DIGEST] [--sha512 DIGEST] [--size-limit BYTES]\n"
	"       vmlet-image install FILE\n"
	"\n"
	"Makes an image of what is in $STATE_DIRECTORY. vm-image@NAME.service runs it.\n";

static int install(const char *directory, const char *file, struct error *error)
{
	int r = cgroup_end_others(error);
	return r < 0 ? r : image_store_install(directory, file, error);
}

static int convert(const char *directory, const struct image *image, struct error *error)
{
	sd_notify(0, "STATUS=Checking and converting");
	return image_file_convert(directory, image, error);
}

int main(int argc, char **argv)
{
	struct log log = log_open_stderr("vmlet-image");
	const char *directory = getenv("STATE_DIRECTORY");
	struct image image;
	struct error error;
	int r;
	bool asked = argc == 2 && strcmp(argv[1], "--help") == 0;
	if (!asked && directory && argc == 3 && strcmp(argv[1], "install") == 0 &&
		!strchr(argv[2], '/') && argv[2][0] != '.') {
		r = install(directory, argv[2], &error);
	} else if (!asked && directory && argc > 1 && strcmp(argv[1], "convert") == 0 &&
		   image_options_parse(argc - 2, argv + 2, &image) == 0) {
		r = convert(directory, &image, &error);
	} else {
		fputs(help, asked ? stdout : stderr);
		return asked ? 0 : EX_USAGE;
	}
	if (r == 0)
		return 0;
	log_line(&log, LOG_LEVEL_ERROR, "%s", error.message);
	sd_notifyf(0, "STATUS=%s", error.message);
	return 1;
}
