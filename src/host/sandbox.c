/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/sandbox.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/install.h"
#include "host/process.h"
#include "host/suspend.h"

#define GENERATED_SPECS "/run/systemd/generator/vmlet"
#define ARGUMENTS_MAX 200

/* As units/vm@.service has it, but for what only QEMU's guest needs. */
static const char *const properties[] = {
	"Type=oneshot",
	"TimeoutStartSec=infinity",
	"Slice=machine.slice",
	"DynamicUser=yes",
	"SupplementaryGroups=kvm",
	"StateDirectoryMode=0700",
	"UMask=0077",
	"OOMPolicy=stop",
	"LimitCORE=0",
	"CapabilityBoundingSet=",
	"NoNewPrivileges=yes",
	"KeyringMode=private",
	"LockPersonality=yes",
	"MemoryDenyWriteExecute=yes",
	"RemoveIPC=no", /* the VM's, if it runs */
	"RestrictNamespaces=yes",
	"RestrictRealtime=yes",
	"RestrictSUIDSGID=yes",
	"SystemCallArchitectures=native",
	"SystemCallErrorNumber=EPERM",
	"SystemCallFilter=@system-service",
	"SystemCallFilter=~@privileged @resources",
	"PrivateDevices=yes",
	"PrivateIPC=yes",
	"PrivateMounts=yes",
	"PrivateNetwork=yes",
	"PrivateTmp=yes",
	"PrivateUsers=yes",
	"ProtectClock=yes",
	"ProtectControlGroups=yes",
	"ProtectHome=yes",
	"ProtectHostname=yes",
	"ProtectKernelLogs=yes",
	"ProtectKernelModules=yes",
	"ProtectKernelTunables=yes",
	"ProtectProc=invisible",
	"ProcSubset=pid",
	"ProtectSystem=strict",
	"DevicePolicy=closed",
	"NoExecPaths=/",
	"ExecPaths=/usr/bin/qemu-img /usr/bin/qemu-storage-daemon",
	"ExecPaths=/usr/lib -/usr/lib64",
	"IPAddressDeny=any",
	"RestrictAddressFamilies=AF_UNIX",
	"SocketBindDeny=any",
};

struct command {
	struct arena arena;
	const char *argv[ARGUMENTS_MAX];
	size_t count;
	bool failed;
};

static void command_done(struct command *command)
{
	arena_done(&command->arena);
}

static void add(struct command *command, const char *argument)
{
	if (!argument || command->count == ARGUMENTS_MAX - 1)
		command->failed = true;
	else
		command->argv[command->count++] = argument;
}

/* systemd-run takes a property as a unit file has it, with its specifiers and quotes. */
static const char *quote(struct command *command, const char *path)
{
	char *quoted = arena_alloc(&command->arena, 2 * strlen(path) + 3);
	char *out = quoted;
	if (!quoted)
		return NULL;
	*out++ = '"';
	for (; *path; path++) {
		if (*path == '"' || *path == '\\')
			*out++ = '\\';
		*out++ = *path;
	}
	*out = '"';
	return quoted;
}

static void add_key(struct command *command, const struct disk *disk)
{
	const struct encrypt *encrypt = &disk->encrypt;
	if (!disk_is_encrypted(disk))
		return;
	add(command,
		arena_printf(&command->arena, "--property=%s=" PLAN_CREDENTIAL_DISK "%s:%s",
			encrypt->credential ? "LoadCredential" : "LoadCredentialEncrypted",
			disk->part.name,
			encrypt->credential ? encrypt->credential : encrypt->encrypted_credential));
}

static void add_properties(struct command *command, const struct sandbox *sandbox)
{
	const struct plan *plan = sandbox->plan;
	const char *name = plan->vm->name;
	struct arena *arena = &command->arena;
	add(command, arena_printf(arena, "--unit=vm-storage-%s.service", name));
	add(command, arena_printf(arena, "--description=Storage of virtual machine %s", name));
	for (size_t i = 0; i < ARRAY_SIZE(properties); i++)
		add(command, arena_join(arena, "--property=", properties[i], NULL));
	add(command, "--property=ExecPaths=" INSTALL_LIBEXEC_DIR);
	add(command, arena_printf(arena, "--property=Before=vm@%s.service", name));
	add(command, arena_printf(arena, "--property=User=%s", plan->user));
	add(command, arena_printf(arena, "--property=StateDirectory=vmlet/vm/%s", name));
	add(command, arena_printf(arena,
			     "--property=LoadCredential=spec:" GENERATED_SPECS "/%s.yaml", name));
	for (size_t i = 0; i < plan->disk_count; i++)
		add_key(command, plan->disks[i].disk);
	if (sandbox->file_count)
		add(command, "--property=TemporaryFileSystem=" SANDBOX_FILES);
	for (size_t i = 0; i < sandbox->file_count; i++) {
		const struct sandbox_file *file = &sandbox->files[i];
		const char *host = quote(command, file->host);
		add(command, host ? arena_printf(arena, "--property=%s=%s:%s",
					    file->writable ? "BindPaths" : "BindReadOnlyPaths",
					    host, file->inside)
				  : NULL);
	}
}

static int build(struct command *command, const struct sandbox *sandbox,
	const char *const arguments[], struct error *error)
{
	char spec[256];
	if (suspend_is_of(sandbox->plan->vm->name))
		return error_set(error, EBUSY,
			"VM %s is suspended, and its disks go with the guest's state: start it, or "
			"give that up: vmlet suspend %s --discard",
			sandbox->plan->vm->name, sandbox->plan->vm->name);
	snprintf(spec, sizeof(spec), GENERATED_SPECS "/%s.yaml", sandbox->plan->vm->name);
	if (access(spec, R_OK) < 0)
		return error_set(error, errno,
			"systemd does not know the spec of %s as it is (or only root may): run "
			"'systemctl daemon-reload'",
			sandbox->plan->vm->name);
	add(command, INSTALL_SYSTEMD_RUN);
	add(command, "--quiet");
	add(command, "--collect");
	add(command, "--wait");
	add(command, "--pipe");
	add_properties(command, sandbox);
	add(command, "--");
	add(command, INSTALL_LIBEXEC_DIR "/vmlet-storage");
	add(command, sandbox->plan->vm->name);
	for (size_t i = 0; arguments[i]; i++)
		add(command, arguments[i]);
	return command->failed ? error_set(error, ENOMEM, "not enough memory for a sandbox") : 0;
}

/* systemd-run tells it in words only. */
static bool is_taken(const struct error *error)
{
	return strstr(error->message, "already loaded") || strstr(error->message, "already exists");
}

/* Ctrl-C ends systemd-run, and not what it waits for. */
static void end_unit(const struct sandbox *sandbox)
{
	char unit[NAME_LENGTH_MAX + sizeof("vm-storage-.service")];
	struct error ignored;
	snprintf(unit, sizeof(unit), "vm-storage-%s.service", sandbox->plan->vm->name);
	const char *argv[] = {INSTALL_SYSTEMCTL, "kill", "--quiet", unit, NULL};
	process_run(argv, &ignored);
}

int sandbox_run(const struct sandbox *sandbox, const char *const arguments[], struct buf *output,
	struct error *error)
{
	struct command command CLEANUP(command_done) = {0};
	int r = build(&command, sandbox, arguments, error);
	if (r < 0)
		return r;
	r = process_read(command.argv, output, error);
	if (r >= 0)
		return 0;
	if (is_taken(error))
		return error_set(error, EBUSY, "another command works on the storage of %s",
			sandbox->plan->vm->name);
	end_unit(sandbox);
	return r;
}

int sandbox_start(const struct sandbox *sandbox, const char *const arguments[], int socket_fd,
	pid_t *ret_pid, struct error *error)
{
	struct command command CLEANUP(command_done) = {0};
	int r = build(&command, sandbox, arguments, error);
	return r < 0 ? r : process_start(command.argv, socket_fd, ret_pid, error);
}
