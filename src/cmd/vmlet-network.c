/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vmlet-network: opens the taps of a VM as root and hands them to the unit's descriptor store. It
 * runs as ExecStartPre=+, before QEMU and inside the unit's own, empty network namespace.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/install.h"
#include "base/log.h"
#include "host/fdstore.h"
#include "host/link.h"
#include "host/tap.h"

#define INTERFACES_MAX 8

static const char help[] =
	"Usage: vmlet-network nic=NAME,tap=NAME,bridge=NAME[,altname=NAME]...\n"
	"\n"
	"Opens a tap in the host's network namespace for each argument, attaches it to\n"
	"the bridge (which is created when there is none) and puts it, as tap-NAME, into\n"
	"the descriptor store of the unit that runs this. /dev/vhost-net goes with it as\n"
	"vhost-NAME where the host has it.\n";

struct interface {
	const char *nic;
	const char *tap;
	const char *bridge;
	const char *altname;
};

static int parse_interface(char *argument, struct interface *ret, struct error *error)
{
	enum { NIC, TAP, BRIDGE, ALTNAME };
	/* getsubopt(3) wants words that it could write to. */
	static char words[][8] = {
		[NIC] = "nic", [TAP] = "tap", [BRIDGE] = "bridge", [ALTNAME] = "altname"};
	char *const keys[] = {words[NIC], words[TAP], words[BRIDGE], words[ALTNAME], NULL};
	const char *values[] = {NULL, NULL, NULL, NULL};
	while (*argument) {
		char *value = NULL;
		int key = getsubopt(&argument, keys, &value);
		if (key < 0 || !value || !*value)
			return error_set(
				error, EINVAL, "cannot read '%s'", value ? value : argument);
		values[key] = value;
	}
	if (!values[NIC] || !values[TAP] || !values[BRIDGE])
		return error_set(error, EINVAL, "an interface needs nic=, tap= and bridge=");
	*ret = (struct interface){values[NIC], values[TAP], values[BRIDGE], values[ALTNAME]};
	return 0;
}

/* systemd runs "+" commands inside PrivateNetwork=; the bridges are where PID 1 is. */
static int enter_host_network(struct error *error)
{
	int fd AUTO_CLOSE = open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		return error_set_errno(error, errno, "cannot enter the host's network namespace");
	return 0;
}

static void store_name(char name[64], const char *prefix, const struct interface *interface)
{
	snprintf(name, 64, "%s-%s", prefix, interface->nic);
}

/* After a start that failed half-way the store may still hold its taps, and a tap has one owner. */
static int forget(const struct interface *interfaces, size_t count, struct error *error)
{
	for (size_t i = 0; i < count; i++) {
		char name[64];
		store_name(name, "tap", &interfaces[i]);
		int r = fdstore_remove(name, error);
		store_name(name, "vhost", &interfaces[i]);
		if (r == 0)
			r = fdstore_remove(name, error);
		if (r < 0)
			return r;
	}
	return fdstore_sync(error);
}

/* Returns 1 when the host has no vhost-net. */
static int store_vhost(const struct interface *interface, struct error *error)
{
	int fd AUTO_CLOSE = -1;
	char name[64];
	if (vhost_net_open(&fd) < 0)
		return 1;
	store_name(name, "vhost", interface);
	return fdstore_add(name, fd, error);
}

static int attach(struct nl_sock *socket, const struct interface *interface, struct error *error)
{
	int bridge;
	unsigned mtu;
	int r = link_ensure_bridge(socket, interface->bridge, &bridge, &mtu, error);
	if (r < 0)
		return r;
	int fd AUTO_CLOSE = -1;
	r = tap_open(interface->tap, &fd, error);
	if (r == 0)
		r = link_attach_port(
			socket, interface->tap, interface->altname, bridge, mtu, error);
	if (r < 0)
		return r;
	char name[64];
	store_name(name, "tap", interface);
	r = fdstore_add(name, fd, error);
	return r < 0 ? r : store_vhost(interface, error);
}

static int run(const struct log *log, const struct interface *interfaces, size_t count,
	struct error *error)
{
	int r = forget(interfaces, count, error);
	if (r == 0)
		r = enter_host_network(error);
	if (r < 0)
		return r;
	struct nl_sock *socket CLEANUP(links_close) = NULL;
	r = links_open(&socket, error);
	bool vhost = true;
	for (size_t i = 0; r == 0 && i < count; i++) {
		r = attach(socket, &interfaces[i], error);
		vhost = vhost && r != 1;
		r = r < 0 ? r : 0;
	}
	if (r == 0 && !vhost)
		log_line(log, LOG_LEVEL_INFO,
			"no /dev/vhost-net: QEMU moves packets itself, which is slower; 'modprobe "
			"vhost_net' mends it");
	/* QEMU is started when this has ended, and must find every descriptor in the store. */
	return r < 0 ? r : fdstore_sync(error);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("vmlet-network " VMLET_VERSION);
		return 0;
	}
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || argc - 1 > INTERFACES_MAX) {
		fputs(help, argc == 2 ? stdout : stderr);
		return argc == 2 ? 0 : 2;
	}
	struct log log = log_open_stderr("vmlet-network");
	struct error error = {""};
	struct interface interfaces[INTERFACES_MAX] = {0};
	size_t count = 0;
	int r = 0;
	for (int i = 1; r == 0 && i < argc; i++)
		r = parse_interface(argv[i], &interfaces[count++], &error);
	if (r == 0)
		r = run(&log, interfaces, count, &error);
	if (r == 0)
		return 0;
	log_line(&log, LOG_LEVEL_ERROR, "%s", error.message);
	sd_notifyf(0, "STATUS=%s", error.message);
	/* systemd looks up who speaks: this process must still be there. */
	fdstore_sync(&error);
	return 1;
}
