/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/install.h"
#include "cmd/report.h"
#include "cmd/spec-file.h"
#include "cmd/verbs.h"

#define KEY_BYTES_MAX 16384

struct starter {
	const char *name;
	const char *image;
	const char *size;
	const char *cpus;
	const char *memory;
	const char *bridge;
	const char *ssh_key_file;
};

static const char **find_option(struct starter *starter, const char *argument)
{
	const struct {
		const char *name;
		const char **value;
	} options[] = {
		{"--image", &starter->image},
		{"--size", &starter->size},
		{"--cpus", &starter->cpus},
		{"--memory", &starter->memory},
		{"--bridge", &starter->bridge},
		{"--ssh-key", &starter->ssh_key_file},
	};
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (strcmp(argument, options[i].name) == 0)
			return options[i].value;
	return NULL;
}

static bool read_arguments(int argc, char **argv, struct starter *starter)
{
	for (int i = 1; i < argc; i++) {
		const char **value = find_option(starter, argv[i]);
		if (value && i + 1 < argc)
			*value = argv[++i];
		else if (value || argv[i][0] == '-' || starter->name)
			return false;
		else
			starter->name = argv[i];
	}
	return starter->name != NULL;
}

/* Reads the one line of a public key (sshd(8), "AUTHORIZED_KEYS FILE FORMAT"). */
static int read_key(const char *path, struct buf *key, struct error *error)
{
	int r = file_read_at(AT_FDCWD, path, KEY_BYTES_MAX, key);
	if (r < 0)
		return error_set_errno(error, -r, "cannot read the key %s", path);
	while (key->length && key->data[key->length - 1] == '\n')
		key->data[--key->length] = '\0';
	const char *text = buf_text(key);
	if (strncmp(text, "-----BEGIN", 10) == 0)
		return error_set(
			error, EINVAL, "%s is a private key: give the one that ends in .pub", path);
	if (!*text || strchr(text, '"') || strchr(text, '\\') || !scalar_is_line(text))
		return error_set(error, EINVAL, "%s is not one line with a public key", path);
	return 0;
}

static void write_starter(const struct starter *starter, const char *key, struct buf *buf)
{
	buf_puts(buf,
		"# yaml-language-server: $schema=" INSTALL_DOC_DIR "/schema/vmlet.schema.json\n");
	buf_printf(buf,
		"# Check it with 'vmlet check %s', start it with\n"
		"# 'systemctl daemon-reload && systemctl start vm@%s'. All keys: "
		"vmlet.yaml(5).\n\n",
		starter->name, starter->name);
	buf_printf(buf, "memory: %s\ncpus: %s\n\n", starter->memory, starter->cpus);
	buf_puts(buf, "# Start it when the host boots:\n# autostart: yes\n\n");
	buf_printf(buf,
		"disks:\n"
		"  # A copy-on-write layer over the base image; it grows when 'size' grows.\n"
		"  root: {size: %s, image: %s}\n"
		"  # data: 100GiB\n"
		"  # install: {cdrom: /srv/iso/debian.iso}\n\n",
		starter->size, starter->image);
	buf_printf(buf, "nics:\n  lan: {bridge: %s}\n\n", starter->bridge);
	buf_printf(buf, "cloud-init:\n  user-data: |\n    #cloud-config\n    hostname: %s\n",
		starter->name);
	if (key)
		buf_printf(buf, "    ssh_authorized_keys:\n      - \"%s\"\n", key);
	else
		buf_puts(buf,
			"    # ssh_authorized_keys:\n    #   - ssh-ed25519 AAAA... you@host\n");
}

/* What was given on the command line is judged as any spec is, before there is a file. */
static int check_starter(const char *path, const struct starter *starter, const struct buf *text)
{
	struct collection collection CLEANUP(collection_done) = {0};
	const struct report report = {0};
	const struct source source = {.file = path, .text = buf_text(text), .length = text->length};
	int r = documents_read(&collection.arena, &source, starter->name, &collection.diags,
		&collection.documents);
	if (r == 0)
		r = documents_check(&collection.arena, &collection.documents, &collection.diags);
	return r < 0 ? r : report_diags(&report, &collection, NULL, 0);
}

static int create(struct arena *arena, const struct starter *starter, struct error *error)
{
	struct buf text CLEANUP(buf_done) = {0};
	struct buf key CLEANUP(buf_done) = {0};
	const char *path = spec_file_path(arena, starter->name);
	int r = 0;
	if (!path)
		return error_set(error, ENOMEM, "out of memory");
	if (starter->ssh_key_file)
		r = read_key(starter->ssh_key_file, &key, error);
	if (r < 0)
		return r;
	write_starter(starter, starter->ssh_key_file ? buf_text(&key) : NULL, &text);
	r = buf_error(&text);
	if (r == 0)
		r = check_starter(path, starter, &text);
	if (r != 0)
		return error_set(error, EINVAL, "%s was not written", path);
	r = spec_file_write(path, &text, error);
	if (r == 0)
		printf("%s\n", path);
	return r;
}

int verb_init(const struct log *log, int argc, char **argv)
{
	struct starter starter = {
		.image = "debian-12",
		.size = "20GiB",
		.cpus = "2",
		.memory = "2GiB",
		.bridge = "br0",
	};
	if (!read_arguments(argc, argv, &starter))
		return VERB_USAGE;
	if (!vm_argument(log, starter.name))
		return 1;
	struct arena arena CLEANUP(arena_done) = {0};
	struct error error;
	int r = create(&arena, &starter, &error);
	if (r < 0)
		log_line(log, LOG_LEVEL_ERROR, "%s", error.message);
	return r < 0;
}
