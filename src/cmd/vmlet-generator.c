/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vmlet-generator: specs to drop-ins, run by systemd at boot and at each daemon-reload
 * (systemd.generator(7)). It exits 0 whatever the specs hold: one that is broken must not take the
 * others with it.
 */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "base/install.h"
#include "base/log.h"
#include "cmd/accepted.h"
#include "cmd/collect.h"
#include "cmd/generate.h"
#include "host/running.h"

#define KEPT_BYTES (1024 * 1024)

static const char help[] =
	"Usage: vmlet-generator NORMAL-DIR [EARLY-DIR LATE-DIR]\n"
	"\n"
	"Writes the drop-ins of all specs into NORMAL-DIR. systemd runs it: see\n"
	"systemd.generator(7). By hand, use 'vmlet generate DIR'.\n"
	"\n"
	"Environment:\n"
	"  VMLET_PATH   the spec directories, instead of\n"
	"               " INSTALL_SPEC_PATH "\n";

static void report(const struct log *log, struct collection *collection)
{
	struct buf line CLEANUP(buf_done) = {0};
	const struct diags *diags = &collection->diags;
	const struct diag **ordered = diags_in_order(diags, &collection->arena);
	for (size_t i = 0; ordered && i < diags->count; i++) {
		const struct diag *diag = ordered[i];
		buf_reset(&line);
		diag_write_line(diag, &line);
		log_line(log,
			diag->severity == SEVERITY_ERROR ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING,
			"%s", buf_text(&line));
	}
}

static void report_versions(const struct log *log, const struct set *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i].version)
			log_line(log, LOG_LEVEL_WARNING,
				"%s: accepted version %" PRIu64 " of VM %s is in force%s",
				set->items[i].document->source->file, set->items[i].version,
				set->items[i].document->name,
				set->items[i].document->broken ? ", as its spec has errors"
							       : ", to which it was rolled back");
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("vmlet-generator " VMLET_VERSION);
		return 0;
	}
	bool asked = argc == 2 && strcmp(argv[1], "--help") == 0;
	if (asked || (argc != 2 && argc != 4)) {
		fputs(help, asked ? stdout : stderr);
		return asked ? 0 : 2;
	}
	/* libyaml frees its buffers after each file: they are better kept than given back each
	 * time. */
	mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
	mallopt(M_TOP_PAD, KEPT_BYTES);
	struct log log = log_open_generator("vmlet-generator");
	struct collection collection;
	struct error error = {""};
	struct strings running = {0};
	int r = collect_directories(&collection);
	if (r == 0)
		r = running_list(&collection.arena, &running);
	if (r == 0)
		r = accepted_put_in_force(&collection);
	report(&log, &collection);
	report_versions(&log, &collection.set);
	if (r < 0)
		log_line(&log, LOG_LEVEL_ERROR, "cannot read the specs: %s", strerror(-r));
	else if (generate(&collection.set, &running, argv[1], argv[1], &error) < 0)
		log_line(&log, LOG_LEVEL_ERROR, "%s", error.message);
	collection_done(&collection);
	log_done(&log);
	return 0;
}
