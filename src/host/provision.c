/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/provision.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/file.h"
#include "host/seed.h"

/* systemd takes no larger credentials (systemd.exec(5)). */
#define CREDENTIAL_BYTES_MAX ((size_t)1024 * 1024)

struct provision {
	const struct plan *plan;
	const char *state_directory;
	int state_fd;
	const char *runtime_directory;
	int runtime_fd;
	struct error *error;
};

static int no_memory(struct error *error)
{
	return error_set(error, ENOMEM, "not enough memory to provision the guest");
}

static int read_credential(
	const char *prefix, const char *name, struct buf *text, struct error *error)
{
	char file[NAME_MAX + 1];
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	snprintf(file, sizeof(file), "%s%s", prefix, name);
	int fd AUTO_CLOSE = directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int r = fd < 0 ? -ENOENT : file_read_at(fd, file, CREDENTIAL_BYTES_MAX, text);
	return r < 0 ? error_set_errno(error, -r, "cannot read credential %s", file) : 0;
}

/* --- the seed ------------------------------------------------------------------------------ */

/* A key as a word of YAML: of JSON, which YAML contains. */
static void add_quoted(struct buf *buf, const char *text)
{
	buf_putc(buf, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_putc(buf, '\\');
		buf_putc(buf, *text);
	}
	buf_putc(buf, '"');
}

/* The VM's name is its instance, until it is asked to be another. */
static void write_meta_data(const struct vm *vm, struct buf *text)
{
	buf_printf(text, "instance-id: %s", vm->name);
	if (vm->cloud_init.reprovision)
		buf_printf(text, "-%" PRIu64, vm->cloud_init.reprovision);
	buf_printf(text, "\nlocal-hostname: %s\n", vm->name);
	if (vm->ssh_keys.count)
		buf_puts(text, "public-keys:\n");
	for (size_t i = 0; i < vm->ssh_keys.count; i++) {
		buf_puts(text, "- ");
		add_quoted(text, vm->ssh_keys.items[i]);
		buf_putc(text, '\n');
	}
}

#define SEED_FILES 4

/* cloud-init takes the source for absent unless both user-data and meta-data are there. */
static int write_seed_text(
	const struct provision *provision, size_t index, struct buf *text, const char **ret_name)
{
	const struct vm *vm = provision->plan->vm;
	const struct cloud_init *given = &vm->cloud_init;
	const struct {
		const char *name;
		const char *text;
		const char *file;
	} texts[SEED_FILES] = {
		{"user-data", given->user_data, given->user_data_file},
		{"meta-data", given->meta_data, given->meta_data_file},
		{"network-config", given->network_config, given->network_config_file},
		{"vendor-data", given->vendor_data, given->vendor_data_file},
	};
	*ret_name = texts[index].name;
	if (texts[index].file)
		return read_credential(
			PLAN_CREDENTIAL_CLOUD, texts[index].name, text, provision->error);
	if (texts[index].text)
		buf_puts(text, texts[index].text);
	else if (index == 0)
		buf_puts(text, "#cloud-config\n{}\n");
	else if (index == 1)
		write_meta_data(vm, text);
	else
		*ret_name = NULL;
	return buf_error(text) < 0 ? no_memory(provision->error) : 0;
}

static int provision_seed(const struct provision *provision)
{
	struct buf texts[SEED_FILES] = {0};
	struct seed_file files[SEED_FILES];
	size_t count = 0;
	int r = 0;
	if (!vm_has_seed(provision->plan->vm))
		return 0;
	for (size_t i = 0; r == 0 && i < SEED_FILES; i++) {
		const char *name = NULL;
		r = write_seed_text(provision, i, &texts[i], &name);
		if (r == 0 && name)
			files[count++] = (struct seed_file){name, buf_text(&texts[i])};
	}
	if (r == 0)
		r = seed_prepare(provision->state_directory, provision->state_fd, PLAN_SEED_FILE,
			provision->runtime_directory, files, count, provision->error);
	for (size_t i = 0; i < SEED_FILES; i++)
		buf_done(&texts[i]);
	return r;
}

/* --- what QEMU reads at its start ---------------------------------------------------------- */

static int write_file(const struct provision *provision, const char *name, const struct buf *text)
{
	int r = buf_error(text);
	if (r == 0)
		r = file_replace_at(
			provision->runtime_fd, name, buf_text(text), text->length, 0600, false);
	return r < 0 ? error_set_errno(provision->error, -r, "cannot write %s/%s",
			       provision->runtime_directory, name)
		     : 0;
}

static int provision_ignition(const struct provision *provision)
{
	const struct ignition *ignition = &provision->plan->vm->ignition;
	struct buf text CLEANUP(buf_done) = {0};
	int r = 0;
	if (!ignition->config && !ignition->config_file)
		return 0;
	if (ignition->config_file)
		r = read_credential(PLAN_CREDENTIAL_IGNITION, "", &text, provision->error);
	else
		buf_puts(&text, ignition->config);
	return r < 0 ? r : write_file(provision, PLAN_IGNITION_FILE, &text);
}

/* In base 64, as an OEM string ends at a NUL. */
static int provision_credential(const struct provision *provision, size_t index)
{
	const struct guest_credential *credential = vm_credential(provision->plan->vm, index);
	struct buf value CLEANUP(buf_done) = {0};
	struct buf text CLEANUP(buf_done) = {0};
	char name[sizeof(PLAN_SMBIOS_FILE) + 24];
	int r = 0;
	if (credential->value)
		buf_puts(&value, credential->value);
	else
		r = read_credential(
			PLAN_CREDENTIAL_GUEST, credential->part.name, &value, provision->error);
	if (r < 0)
		return r;
	buf_printf(&text, "io.systemd.credential.binary:%s=", credential->part.name);
	buf_add_base64(&text, buf_text(&value), value.length);
	snprintf(name, sizeof(name), PLAN_SMBIOS_FILE "%zu", index);
	return value.failed ? no_memory(provision->error) : write_file(provision, name, &text);
}

int provision_vm(const struct plan *plan, const char *state_directory, int state_fd,
	const char *runtime_directory, struct error *error)
{
	int runtime_fd AUTO_CLOSE = open(runtime_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (runtime_fd < 0)
		return error_set_errno(error, errno, "cannot open %s", runtime_directory);
	const struct provision provision = {
		plan, state_directory, state_fd, runtime_directory, runtime_fd, error};
	int r = provision_seed(&provision);
	if (r == 0)
		r = provision_ignition(&provision);
	for (size_t i = 0; r == 0 && i < plan->vm->credentials.count; i++)
		r = provision_credential(&provision, i);
	return r;
}
