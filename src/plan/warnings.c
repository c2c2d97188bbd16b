/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/warnings.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/install.h"
#include "spec/rules.h"
#include "spec/uri.h"

struct judge {
	const struct document *document;
	const struct plan *plan;
	const struct host_facts *facts;
	struct diags *diags;
};

/* Where the caret stands: the value, or else the VM's name. */
static struct place place_of(const struct judge *judge, const char *path, const char *part)
{
	const struct node *node = rules_look_up(judge->document->merged, path, part);
	return node ? node->place : judge->document->place;
}

static void check_memory(const struct judge *judge)
{
	uint64_t host = judge->facts->memory_bytes;
	if (!host || judge->plan->vm->memory_bytes <= host)
		return;
	diag_add(judge->diags, SEVERITY_WARNING, place_of(judge, "memory", NULL),
		"memory-over-host", NULL, "the host has less memory: %" PRIu64 " MiB", host >> 20);
}

static void check_cpus(const struct judge *judge)
{
	uint64_t host = judge->facts->cpu_count;
	if (host && judge->plan->vm->cpus.count > host)
		diag_add(judge->diags, SEVERITY_WARNING, place_of(judge, "cpus.count", NULL),
			"cpus-over-host", "more virtual CPUs than real ones slow the guest down",
			"the host has fewer CPUs: %" PRIu64, host);
}

static void check_accel(const struct judge *judge)
{
	if (judge->plan->vm->accel == ACCEL_TCG && judge->facts->kvm)
		diag_add(judge->diags, SEVERITY_WARNING, place_of(judge, "accel", NULL),
			"tcg-with-kvm", "remove 'accel', or use accel: auto",
			"this host has KVM, which is many times faster than emulation");
}

static void check_file(const struct judge *judge, const char *key, const char *part,
	const char *path, const char *hint)
{
	if (path && !judge->facts->file_exists(path))
		diag_add(judge->diags, SEVERITY_WARNING, place_of(judge, key, part), "no-file",
			hint, "there is no file %s", path);
}

/* Debian has some of QEMU's drivers in a package of their own. */
static void check_driver(const struct judge *judge, const struct disk *disk)
{
	static const char *const modules[URI_SCHEME_COUNT] = {
		[URI_ISCSI] = INSTALL_QEMU_MODULES "/block-iscsi.so",
		[URI_NFS] = INSTALL_QEMU_MODULES "/block-nfs.so",
		[URI_RBD] = INSTALL_QEMU_MODULES "/block-rbd.so",
	};
	struct uri uri;
	if (disk->uri && uri_parse(disk->uri, &uri) == 0)
		check_file(judge, "disks.*.uri", disk->part.name, modules[uri.scheme],
			"install the package qemu-block-extra");
}

static void check_files(const struct judge *judge)
{
	const struct plan *plan = judge->plan;
	for (size_t i = 0; i < plan->disk_count; i++) {
		const struct plan_disk *disk = &plan->disks[i];
		check_file(judge, "disks.*.cdrom.path", disk->disk->part.name,
			disk->disk->cdrom.path, NULL);
		check_file(judge, "disks.*.path", disk->disk->part.name, disk->disk->path,
			"'qemu-img create' makes one");
		check_file(
			judge, "disks.*.device", disk->disk->part.name, disk->disk->device, NULL);
		check_driver(judge, disk->disk);
		check_file(judge, "disks.*.image", disk->disk->part.name, disk->image_path,
			"put the image there, or say where it is in a document with 'kind: image'");
	}
	for (size_t i = 0; i < plan->nic_count; i++)
		if (plan->nics[i].attachment == ATTACHMENT_PASST)
			check_file(judge, "nics.*.user.backend", plan->nics[i].nic->part.name,
				INSTALL_PASST, "install the package passt");
	const struct cloud_init *cloud = &plan->vm->cloud_init;
	check_file(judge, "cloud-init.user-data-file", NULL, cloud->user_data_file, NULL);
	check_file(judge, "cloud-init.meta-data-file", NULL, cloud->meta_data_file, NULL);
	check_file(judge, "cloud-init.network-config-file", NULL, cloud->network_config_file, NULL);
	check_file(judge, "cloud-init.vendor-data-file", NULL, cloud->vendor_data_file, NULL);
	check_file(judge, "ignition.config-file", NULL, plan->vm->ignition.config_file, NULL);
	check_file(judge, "boot.kernel", NULL, plan->vm->boot.kernel, NULL);
	check_file(judge, "boot.initrd", NULL, plan->vm->boot.initrd, NULL);
}

/* How cloud-init knows what user-data is (its documentation, "User data formats"). */
static bool has_known_header(const char *text)
{
	static const char *const headers[] = {"#cloud-config", "#!", "#include", "#cloud-boothook",
		"#part-handler", "## template: jinja",
		"Content-Type:", "MIME-Version:", "From nobody"};
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		if (strncasecmp(text, headers[i], strlen(headers[i])) == 0)
			return true;
	return false;
}

static void check_user_data(const struct judge *judge)
{
	const char *text = judge->plan->vm->cloud_init.user_data;
	if (text && !has_known_header(text))
		diag_add(judge->diags, SEVERITY_WARNING,
			place_of(judge, "cloud-init.user-data", NULL), "cloud-init-header",
			"begin it with '#cloud-config', or '#!' for a script",
			"cloud-init ignores user-data that does not begin with a header it knows");
}

int warnings_check(const struct member *member, const struct host_facts *facts, struct diags *diags)
{
	if (member->document->broken)
		return 0;
	const struct judge judge = {member->document, &member->plan, facts, diags};
	check_memory(&judge);
	check_cpus(&judge);
	check_accel(&judge);
	check_files(&judge);
	check_user_data(&judge);
	return diags->out_of_memory ? -ENOMEM : 0;
}
