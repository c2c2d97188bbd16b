/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vmlet-network: opens the taps of a VM as root and hands them to the unit's descriptor store, as
 * ExecStartPre=+ before QEMU and inside the unit's own, empty network namespace; and brings
 * networks up and down as vm-network@NAME.service.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "base/install.h"
#include "base/log.h"
#include "host/fdstore.h"
#include "host/filter.h"
#include "host/network.h"
#include "host/opened.h"
#include "host/start-slot.h"
#include "host/tap.h"
#include "spec/scalar.h"

#define STORE_NAME_BYTES 64
/* A start that waits says every second that it does. */
#define WAIT_EXTENSION_USEC 10000000

static const char help[] =
	"Usage: vmlet-network open VM [slots=N] [tcp] [vsock|vsock-if-there]\n"
	"                     [nic=NAME,tap=NAME,bridge=NAME[,...]...]\n"
	"       vmlet-network close VM\n"
	"       vmlet-network start NETWORK bridge=NAME [WORD...]\n"
	"       vmlet-network stop NETWORK\n"
	"\n"
	"open   opens a tap or macvtap in the host's network namespace for each argument,\n"
	"       and puts it, as tap-NAME.QUEUE, into the descriptor store of the unit that\n"
	"       runs this; /dev/vhost-net goes with it as vhost-NAME.QUEUE\n"
	"       slots waits until less than N VMs are starting\n"
	"       tcp is a socket for the VM's supervisor, vsock the guest's end of one\n"
	"close  removes what outlives the descriptors: macvtaps, and packet filters\n"
	"start  makes a network's bridge, or brings it to what the words say\n"
	"stop   undoes what start did\n"
	"\n"
	"The units vm@, vm-network@ run it; 'systemctl cat' shows the words.\n";

/* What the words say, which are changed by being read: the record is of the copies. */
struct copies {
	char **words;
	size_t count;
};

static void copies_done(struct copies *copies)
{
	for (size_t i = 0; i < copies->count; i++)
		free(copies->words[i]);
	free(copies->words);
}

static int copy_words(char *const words[], size_t count, struct copies *copies)
{
	copies->words = calloc(count + 1, sizeof(*copies->words));
	for (size_t i = 0; copies->words && i < count; i++) {
		copies->words[i] = strdup(words[i]);
		if (!copies->words[i])
			return -ENOMEM;
		copies->count++;
	}
	return copies->words ? 0 : -ENOMEM;
}

/* systemd runs "+" commands inside PrivateNetwork=; the bridges are where PID 1 is. */
static int enter_host_network(struct error *error)
{
	int fd AUTO_CLOSE = open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		return error_set_errno(error, errno, "cannot enter the host's network namespace");
	return 0;
}

static void store_name(
	char name[STORE_NAME_BYTES], const char *prefix, const struct port *port, size_t queue)
{
	snprintf(name, STORE_NAME_BYTES, "%s-%s.%zu", prefix, port->nic, queue);
}

/* After a start that failed half-way the store may still hold its taps, and a tap has one owner. */
static int forget(const struct port *ports, size_t count, struct error *error)
{
	int r = 0;
	for (size_t i = 0; i < count; i++)
		for (size_t queue = 0; r == 0 && queue < port_queues(&ports[i]); queue++) {
			char name[STORE_NAME_BYTES];
			store_name(name, "tap", &ports[i], queue);
			r = fdstore_remove(name, error);
			store_name(name, "vhost", &ports[i], queue);
			if (r == 0)
				r = fdstore_remove(name, error);
		}
	return r < 0 ? r : fdstore_sync(error);
}

/* Returns 1 when the host has no vhost-net, and nobody insists on it. */
static int store_vhost(const struct port *port, size_t queue, struct error *error)
{
	int fd AUTO_CLOSE = -1;
	char name[STORE_NAME_BYTES];
	if (port->vhost && strcmp(port->vhost, "no") == 0)
		return 0;
	int r = vhost_net_open(&fd);
	if (r < 0 && port->vhost)
		return error_set_errno(error, -r,
			"interface %s has vhost: yes, but /dev/vhost-net cannot be opened "
			"(modprobe vhost_net)",
			port->nic);
	if (r < 0)
		return 1;
	store_name(name, "vhost", port, queue);
	return fdstore_add(name, fd, error);
}

static int store_queues(
	const struct port *port, const int fds[PORT_QUEUES_MAX], struct error *error)
{
	int r = 0;
	for (size_t queue = 0; r >= 0 && queue < port_queues(port); queue++) {
		char name[STORE_NAME_BYTES];
		store_name(name, "tap", port, queue);
		r = fdstore_add(name, fds[queue], error);
		if (r == 0)
			r = store_vhost(port, queue, error);
	}
	return r;
}

static int add_filter(const struct port *port, struct error *error)
{
	if (!opened_leaves(port))
		return 0;
	int lock_fd AUTO_CLOSE = opened_lock(error);
	return lock_fd < 0 ? lock_fd : filter_add_port(port, error);
}

/* The filter is there before the guest can speak. */
static int open_one(struct netlink *netlink, const struct port *port, struct error *error)
{
	int fds[PORT_QUEUES_MAX] = {0};
	int r = add_filter(port, error);
	if (r == 0)
		r = network_tell_server(port, error);
	if (r == 0)
		r = port_open(netlink, port, fds, error);
	if (r < 0)
		return r;
	r = store_queues(port, fds, error);
	for (size_t queue = 0; queue < port_queues(port); queue++)
		close_fd(&fds[queue]);
	return r;
}

static int open_all(
	const struct log *log, const struct port *ports, size_t count, struct error *error)
{
	struct netlink *netlink CLEANUP(netlink_close) = NULL;
	int r = netlink_open(&netlink, error);
	bool vhost = true;
	for (size_t i = 0; r == 0 && i < count; i++) {
		r = open_one(netlink, &ports[i], error);
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

/* What a killed end left is undone first. */
static int remember(const char *vm, char *const words[], const struct port *ports, size_t count,
	struct error *error)
{
	struct netlink *netlink CLEANUP(netlink_close) = NULL;
	bool leaves = false;
	for (size_t i = 0; i < count; i++)
		leaves |= opened_leaves(&ports[i]);
	if (!leaves && !opened_any(vm))
		return 0;
	int r = netlink_open(&netlink, error);
	if (r == 0)
		r = opened_undo(netlink, vm, error);
	return r == 0 && leaves ? opened_write(vm, words, count, error) : r;
}

/* --- sockets ------------------------------------------------------------------------------- */

/* With this the supervisor, which has no network, asks whether the guest takes connections. */
static int store_tcp(struct error *error)
{
	int fd AUTO_CLOSE = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return fd < 0 ? error_set_errno(error, errno, "cannot make a TCP socket")
		      : fdstore_add("tcp", fd, error);
}

static int store_vsock(const struct log *log, bool insist, struct error *error)
{
	int fd AUTO_CLOSE = -1;
	int r = vhost_vsock_open(&fd);
	if (r == 0)
		return fdstore_add("vsock", fd, error);
	if (insist)
		return error_set_errno(error, -r,
			"the VM has 'vsock', but /dev/vhost-vsock cannot be opened (modprobe "
			"vhost_vsock)");
	log_line(log, LOG_LEVEL_INFO,
		"no /dev/vhost-vsock: the guest must say READY=1 on its virtio-serial port; "
		"'modprobe vhost_vsock' mends it");
	return 0;
}

static void on_wait(void *context)
{
	const uint64_t *slots = context;
	sd_notifyf(0,
		"EXTEND_TIMEOUT_USEC=%d\nSTATUS=Waiting, as %" PRIu64
		" VMs are starting (max-parallel-starts).",
		WAIT_EXTENSION_USEC, *slots);
}

/* The supervisor gives it back when the VM is ready. */
static int store_slot(const char *number, struct error *error)
{
	uint64_t slots;
	if (scalar_parse_count(number, &slots) < 0 || slots == 0)
		return error_set(error, EINVAL, "'%s' is no number of slots", number);
	int fd AUTO_CLOSE = start_slot_take(slots, on_wait, &slots, error);
	return fd < 0 ? fd : fdstore_add("slot", fd, error);
}

/* The words before those of interfaces. Returns how many there are. */
static int open_sockets(const struct log *log, const struct copies *copies, struct error *error)
{
	static const char slots[] = "slots=";
	int r = fdstore_remove("tcp", error);
	/* One that this VM still holds would be waited for. */
	if (r == 0)
		r = fdstore_remove("slot", error);
	if (r == 0)
		r = fdstore_sync(error);
	if (r == 0)
		r = fdstore_remove("vsock", error);
	size_t count = 0;
	for (; r == 0 && count < copies->count; count++) {
		const char *word = copies->words[count];
		bool slot = strncmp(word, slots, sizeof(slots) - 1) == 0;
		if (strchr(word, '=') && !slot)
			break;
		if (slot)
			r = store_slot(word + sizeof(slots) - 1, error);
		else if (strcmp(word, "tcp") == 0)
			r = store_tcp(error);
		else if (strcmp(word, "vsock") == 0 || strcmp(word, "vsock-if-there") == 0)
			r = store_vsock(log, strcmp(word, "vsock") == 0, error);
		else
			r = error_set(error, EINVAL, "unknown word '%s'", word);
	}
	return r < 0 ? r : (int)count;
}

static int run_open(const struct log *log, const char *vm, char *const words[],
	const struct copies *copies, struct error *error)
{
	struct port ports[OPENED_PORTS_MAX];
	int first = enter_host_network(error);
	if (first == 0)
		first = open_sockets(log, copies, error);
	if (first < 0)
		return first;
	size_t count = copies->count - (size_t)first;
	if (count > OPENED_PORTS_MAX)
		return error_set(error, EINVAL, "too many interfaces");
	for (size_t i = 0; i < count; i++) {
		int r = port_read(copies->words[(size_t)first + i], &ports[i], error);
		if (r < 0)
			return r;
	}
	int r = forget(ports, count, error);
	if (r == 0)
		r = remember(vm, words + first, ports, count, error);
	return r < 0 ? r : open_all(log, ports, count, error);
}

static int run_close(const char *vm, struct error *error)
{
	struct netlink *netlink CLEANUP(netlink_close) = NULL;
	if (!opened_any(vm))
		return 0;
	int r = enter_host_network(error);
	if (r == 0)
		r = netlink_open(&netlink, error);
	return r < 0 ? r : opened_undo(netlink, vm, error);
}

static int run_start(
	const char *name, char *const words[], const struct copies *copies, struct error *error)
{
	struct network_config config CLEANUP(network_config_done) = {0};
	int r = network_config_read(copies->words, copies->count, &config, error);
	if (r < 0)
		return r;
	config.name = name;
	return network_start(&config, words, copies->count, error);
}

static int run_stop(const struct log *log, const char *name, struct error *error)
{
	char busy[IFNAMSIZ];
	int r = network_stop(name, busy, error);
	if (r == 0 && busy[0])
		log_line(log, LOG_LEVEL_INFO,
			"network %s stays as it is, because %s is attached to its bridge", name,
			busy);
	return r;
}

static int run_verb(
	const struct log *log, char **argv, const struct copies *copies, struct error *error)
{
	if (strcmp(argv[1], "open") == 0)
		return run_open(log, argv[2], argv + 3, copies, error);
	if (strcmp(argv[1], "close") == 0)
		return run_close(argv[2], error);
	if (strcmp(argv[1], "start") == 0)
		return run_start(argv[2], argv + 3, copies, error);
	return run_stop(log, argv[2], error);
}

static bool is_verb(const char *word)
{
	static const char *const verbs[] = {"open", "close", "start", "stop"};
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(word, verbs[i]) == 0)
			return true;
	return false;
}

/* Returns 0 or an errno; 1 for words that make no sense. */
static int run(const struct log *log, int argc, char **argv, struct error *error)
{
	struct copies copies = {0};
	if (!is_verb(argv[1]) || !scalar_is_name(argv[2], NAME_LENGTH_MAX))
		return 1;
	int r = copy_words(argv + 3, (size_t)(argc - 3), &copies);
	r = r < 0 ? error_set(error, ENOMEM, "not enough memory")
		  : run_verb(log, argv, &copies, error);
	copies_done(&copies);
	return r;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("vmlet-network " VMLET_VERSION);
		return 0;
	}
	if (argc < 3) {
		bool asked = argc == 2 && strcmp(argv[1], "--help") == 0;
		fputs(help, asked ? stdout : stderr);
		return asked ? 0 : 2;
	}
	struct log log = log_open_stderr("vmlet-network");
	struct error error = {""};
	/* The networks' servers, which are other users, read what it writes. */
	umask(022);
	int r = run(&log, argc, argv, &error);
	if (r == 0)
		return 0;
	if (r > 0) {
		fputs(help, stderr);
		return 2;
	}
	log_line(&log, LOG_LEVEL_ERROR, "%s", error.message);
	sd_notifyf(0, "STATUS=%s", error.message);
	/* systemd looks up who speaks: this process must still be there. */
	fdstore_sync(&error);
	return 1;
}
