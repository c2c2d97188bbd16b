/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the generator is measured against: a loop that parses each spec with libyaml and writes as
 * many bytes as the generator does to the same places, and does nothing else. Usage: plain-loop
 * SPEC-DIR OUTPUT-DIR DROPIN-BYTES SPEC-BYTES
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

static char input[1 << 20];
static char output[1 << 16];

static size_t parse(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = read(fd, input, sizeof(input));
	close(fd);
	if (length < 0)
		exit(1);
	yaml_parser_t parser;
	yaml_parser_initialize(&parser);
	yaml_parser_set_input_string(&parser, (const unsigned char *)input, (size_t)length);
	size_t events = 0;
	for (bool end = false; !end; events++) {
		yaml_event_t event;
		if (!yaml_parser_parse(&parser, &event))
			exit(1);
		end = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return events;
}

static void write_file(const char *path, size_t length, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0 || write(fd, output, length) != (ssize_t)length)
		exit(1);
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 2;
	size_t dropin_bytes = strtoul(argv[3], NULL, 10);
	size_t spec_bytes = strtoul(argv[4], NULL, 10);
	char path[4096];
	memset(output, 'x', sizeof(output));
	mkdir(argv[2], 0755);
	snprintf(path, sizeof(path), "%s/vmlet", argv[2]);
	mkdir(path, 0700);
	DIR *directory = opendir(argv[1]);
	if (!directory)
		return 1;
	for (struct dirent *entry; (entry = readdir(directory));) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
		parse(path);
		snprintf(path, sizeof(path), "%s/vm@%s.service.d", argv[2], entry->d_name);
		mkdir(path, 0755);
		strcat(path, "/10-vmlet.conf");
		write_file(path, dropin_bytes, 0644);
		snprintf(path, sizeof(path), "%s/vmlet/%s", argv[2], entry->d_name);
		write_file(path, spec_bytes, 0600);
	}
	closedir(directory);
	return 0;
}
