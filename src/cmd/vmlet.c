/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vmlet: the command of the person at the keyboard. A verb is a row here and a file of its own. */
#include <stdio.h>
#include <string.h>

#include "base/install.h"
#include "cmd/verbs.h"
#include "spec/scalar.h"

static const struct verb verbs[] = {
	{"check", "[--json] [--strict] [--as NAME] [FILE|NAME...]", "Say what is wrong with specs",
		"Without arguments: all files of the spec directories; '-' is a spec on standard\n"
		"input. Exits with 1 when there is an error.\n"
		"  --json      one array of objects on standard output\n"
		"  --strict    warnings are errors\n"
		"  --as NAME   judges one file, or '-', as if it stood there as NAME.yaml: what "
		"it\n"
		"              refers to may come later\n",
		verb_check},
	{"init", "NAME [--OPTION VALUE...]", "Write a first spec",
		"Writes NAME.yaml into the first spec directory, and never over a file.\n"
		"  --image IMAGE     the base image of its disk (debian-12)\n"
		"  --size SIZE       the size of its disk (20GiB)\n"
		"  --cpus NUMBER     its virtual CPUs (2)\n"
		"  --memory SIZE     its memory (2GiB)\n"
		"  --bridge BRIDGE   the bridge of its interface (br0)\n"
		"  --ssh-key FILE    a public key that cloud-init lets in\n",
		verb_init},
	{"explain", "[KIND] [KEY]", "Explain a key, or list the keys of a kind",
		"Such as 'vmlet explain disks.root.cache', 'vmlet explain network'.\n"
		"  --keys      the paths only\n"
		"  --markdown, --mdoc   the whole reference\n",
		verb_explain},
	{"schema", "", "Print the JSON Schema of specs, for editors", NULL, verb_schema},
	{"list", "[--json]", "List the VMs and their state", NULL, verb_list},
	{"apply", "NAME...|--all [--dry-run] [--json]", "Bring VMs to what their specs say",
		"Starts, changes, restarts and stops what that takes, and says so. Exit code 2 of\n"
		"--dry-run: there is something to do.\n"
		"  --dry-run     says what it would do\n"
		"  --settle      waits first until nobody has changed a spec for half a second\n"
		"  --if-changed  does nothing when the spec files are what the last one saw\n",
		verb_apply},
	{"diff", "[NAME...] [--unit] [--exit-code] [--json]",
		"Compare VMs with their specs, key by key",
		"Of each change it says whether it comes live, with a restart, or only to what is\n"
		"made anew.\n"
		"  --unit       of the units: what systemd has loaded, and what the specs make\n"
		"  --exit-code  2 when there is a difference\n",
		verb_diff},
	{"history", "NAME [--json]", "List the versions of a spec that were accepted", NULL,
		verb_history},
	{"rollback", "NAME [VERSION]", "Put an earlier version in force, until the spec changes",
		"Without a version, the one before.\n", verb_rollback},
	{"status", "NAME [--json]", "Show all of one VM on a screen",
		"Its state, what QEMU uses, the guest's system, disks, interfaces and addresses.\n",
		verb_status},
	{"top", "[--sort COLUMN] [--interval TIME] [--count N] [--batch] [--json]",
		"Watch what VMs use",
		"  --sort      name, cpu (default), guest, rss, swap, balloon, read, write,\n"
		"              receive, send, cpu-pressure, memory-pressure, io-pressure\n"
		"  --interval  between two looks (2s)\n"
		"  --count     how many of them; for ever on a terminal, else 1\n"
		"  --batch     plain text, one table after the other, as when it is piped\n"
		"  --json      one array a line\n",
		verb_top},
	{"metrics", "[--output FILE]", "Print what VMs use for Prometheus",
		"  --output  replaces FILE, for node_exporter's textfile collector, as\n"
		"            vmlet-metrics.timer does every minute\n",
		verb_metrics},
	{"network", "list|show NAME [--json]",
		"List networks, or show one with its taps and leases",
		"Start, restart and stop one as vm-network@NAME.service.\n", verb_network},
	{"image", "list [--json]|pull NAME...|rm NAME|gc [--dry-run]", "Base images of disks",
		"  list    the images, which files they are, and the disks that stand on them\n"
		"  pull    downloads and converts, as vm-image@NAME.service does before the first\n"
		"          VM that needs it; one that was cut off goes on where it ended\n"
		"  rm      removes an image that nothing needs\n"
		"  gc      removes all old versions that nothing needs\n",
		verb_image},
	{"backup", "NAME DIR [--incremental] [--json]",
		"Copy a VM's disks as they are at one instant",
		"Makes DIR/NAME.NUMBER, also while the VM runs.\n"
		"  --incremental  only what was written since the last one in DIR\n",
		verb_backup},
	{"restore", "NAME DIR [--replace] [--json]", "Make a stopped VM's disks what they were",
		"DIR holds backups, of which the last one is taken, or is one, DIR/NAME.NUMBER.\n"
		"  --replace  also where there are disks, which are lost\n",
		verb_restore},
	{"clone", "SRC DST [--linked] [--json]", "Make another VM of one, also while it runs",
		"The new VM has a spec and disks of its own, other MAC addresses, and is another\n"
		"instance to cloud-init.\n"
		"  --linked  the two share what is on the disks now, and each keeps what it "
		"writes\n",
		verb_clone},
	{"rm", "NAME [--disks [--yes]]", "Remove the spec of a VM that is stopped",
		"  --disks  its disks, too, after naming them and asking\n"
		"  --yes    without asking\n",
		verb_rm},
	{"disk", "list|info|resize|check|compact|attach|detach|eject|insert NAME [DISK]...",
		"Look at the disks of a VM and change them",
		"  list NAME [--json]            its disks, and what is in them\n"
		"  info NAME DISK                what QEMU says of one, as JSON\n"
		"  resize NAME DISK              grows one to what the spec says, also while it "
		"runs\n"
		"  check NAME [DISK] [--repair]  looks for damage in a stopped VM's disks\n"
		"  compact NAME [DISK] [--compress]\n"
		"                                gives unused space back\n"
		"  attach NAME DISK              plugs in a disk that the spec has and the VM not "
		"yet\n"
		"  detach NAME DISK              unplugs one until the next start\n"
		"  eject NAME DRIVE, insert NAME DRIVE FILE\n"
		"                                take a CD out, put one in\n",
		verb_disk},
	{"snapshot", "list NAME [--json]|create NAME TAG [--memory]|revert|delete NAME TAG",
		"Snapshots of all disks of a VM at one instant",
		"  create  with --memory, of the running machine as a whole: it goes on from "
		"there\n"
		"          when it is reverted; else of its disks, while the guest's agent, if "
		"there\n"
		"          is one, has its file systems stand still\n"
		"  revert  the disks of a VM that is stopped; or all of one that runs\n",
		verb_snapshot},
	{"show", "NAME [--unit|--argv|--resolved [--origin]]", "Show what a spec becomes",
		"  --unit      the drop-in of vm@NAME.service (default)\n"
		"  --argv      QEMU's command line, one argument a line\n"
		"  --resolved  the spec with its profiles and all defaults filled in\n"
		"  --origin    the same, and behind each value the file and line it is from\n",
		verb_show},
	{"console", "NAME [--log]", "Attach to the serial console; Ctrl-] leaves",
		"Several may watch; the first of them types.\n"
		"  --log  prints what is kept of all that the guest has printed, and ends\n",
		verb_console},
	{"log", "NAME [OPTION...]", "Show the journal of a VM",
		"The options are those of journalctl(1): vmlet log web -f.\n", verb_log},
	{"stop", "NAME --force", "End a VM at once, as a power cut does",
		"A clean stop is 'systemctl stop vm@NAME'.\n", verb_stop},
	{"reboot", "NAME", "Ask the guest to reboot",
		"Its guest agent, or else by Ctrl-Alt-Delete.\n", verb_control},
	{"reset", "NAME", "Press the reset button", NULL, verb_control},
	{"pause", "NAME", "Have the guest's CPUs stand still", NULL, verb_control},
	{"resume", "NAME", "Let them run on", NULL, verb_control},
	{"suspend", "NAME [--discard]", "Write the guest's state to disk, and stop the VM",
		"The next start goes on from there, with the same spec.\n"
		"  --discard  gives that state up: the next start boots the guest\n",
		verb_suspend},
	{"nmi", "NAME", "Send the guest a non-maskable interrupt",
		"A Linux that hangs then dumps or panics, as its kernel.unknown_nmi_panic says.\n",
		verb_control},
	{"send-key", "NAME KEYS", "Press keys on the guest's keyboard",
		"Such as ctrl-alt-delete, in the names of QEMU.\n", verb_control},
	{"generate", "DIR", "Write into DIR what the generator would", NULL, verb_generate},
};

bool wants_colour(int fd)
{
	const char *no_color = getenv("NO_COLOR");
	return isatty(fd) && !(no_color && *no_color);
}

const char *vm_argument(const struct log *log, const char *argument)
{
	if (scalar_is_name(argument, NAME_LENGTH_MAX))
		return argument;
	log_line(log, LOG_LEVEL_ERROR,
		"'%s' is not a name of a VM: a-z first, then a-z, 0-9 and -, at most 48 characters",
		argument);
	return NULL;
}

static void print_verb_usage(const struct verb *verb, FILE *stream)
{
	fprintf(stream, "Usage: vmlet %s %s\n\n%s.\n", verb->name, verb->arguments, verb->summary);
	if (verb->details)
		fprintf(stream, "\n%s", verb->details);
}

static void print_usage(FILE *stream)
{
	fputs("Usage: vmlet VERB [ARGUMENT...]\n"
	      "\n"
	      "Virtual machines from YAML files under systemd. Start, stop and watch them as\n"
	      "vm@NAME.service: systemctl start vm@web, journalctl -u vm@web.\n"
	      "\n",
		stream);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		fprintf(stream, "  %-9s %s\n", verbs[i].name, verbs[i].summary);
	}
	fputs("\n"
	      "  vmlet VERB --help   its arguments\n"
	      "  vmlet --version\n"
	      "\n"
	      "Specs are in " INSTALL_SPEC_PATH ",\n"
	      "or where $VMLET_PATH says.\n",
		stream);
}

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static int run_verb(const struct verb *verb, const struct log *log, int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		print_verb_usage(verb, stdout);
		return 0;
	}
	int code = verb->run(log, argc, argv);
	if (code == VERB_USAGE) {
		print_verb_usage(verb, stderr);
		code = EXIT_USAGE;
	}
	/* A full disk or a closed pipe loses output late. */
	if (fflush(stdout) != 0 && code == 0)
		code = 1;
	return code;
}

int main(int argc, char **argv)
{
	struct log log = log_open_stderr("vmlet");
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		print_usage(argc < 2 ? stderr : stdout);
		return argc < 2 ? EXIT_USAGE : 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("vmlet " VMLET_VERSION);
		return 0;
	}
	const struct verb *verb = find_verb(argv[1]);
	if (!verb) {
		log_line(&log, LOG_LEVEL_ERROR, "unknown verb '%s': see vmlet --help", argv[1]);
		return EXIT_USAGE;
	}
	return run_verb(verb, &log, argc - 1, argv + 1);
}
