/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/tap.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>

static void close_all(size_t count, int fds[])
{
	for (size_t i = 0; i < count; i++) {
		close(fds[i]);
		fds[i] = -1;
	}
}

/* What QEMU expects of its taps: frames alone, with the header of virtio-net (tun(4) and
 * Documentation/networking/tuntap.rst of the kernel). */
static short queue_flags(size_t queues)
{
	return (short)(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (queues > 1 ? IFF_MULTI_QUEUE : 0));
}

static int open_queue(const char *name, size_t queues, bool first, int *ret_fd)
{
	int fd AUTO_CLOSE = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	/* TUN_EXCL: a persistent tap of somebody else's is not taken over. */
	struct ifreq request = {
		.ifr_flags = (short)(queue_flags(queues) | (first ? IFF_TUN_EXCL : 0))};
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &request) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int tap_open(const char *name, size_t queues, int fds[], struct error *error)
{
	for (size_t i = 0; i < queues; i++) {
		int r = open_queue(name, queues, i == 0, &fds[i]);
		if (r == 0)
			continue;
		close_all(i, fds);
		if (r == -EBUSY || r == -EINVAL)
			return error_set(error, EBUSY,
				"an interface named %s exists already, and is not this VM's: "
				"remove it",
				name);
		if (r == -ENOENT || r == -ENODEV)
			return error_set_errno(
				error, -r, "cannot open /dev/net/tun (modprobe tun)");
		return error_set_errno(error, -r, "cannot create tap %s", name);
	}
	return 0;
}

/* udev makes the node a moment after the link. */
static int open_node(const char *path)
{
	for (int tries = 0;; tries++) {
		int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
		if (fd >= 0 || errno != ENOENT || tries == 100)
			return fd < 0 ? -errno : fd;
		usleep(10000);
	}
}

int macvtap_open(int index, size_t queues, int fds[], struct error *error)
{
	char path[32];
	snprintf(path, sizeof(path), "/dev/tap%d", index);
	for (size_t i = 0; i < queues; i++) {
		struct ifreq request = {.ifr_flags = queue_flags(queues)};
		int fd = open_node(path);
		if (fd >= 0 && ioctl(fd, TUNSETIFF, &request) == 0) {
			fds[i] = fd;
			continue;
		}
		int r = fd < 0 ? fd : -errno;
		close_fd(&fd);
		close_all(i, fds);
		return error_set_errno(error, -r, "cannot open the macvtap device %s", path);
	}
	return 0;
}

static int open_device(const char *path, int *ret_fd)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int vhost_net_open(int *ret_fd)
{
	return open_device("/dev/vhost-net", ret_fd);
}

int vhost_vsock_open(int *ret_fd)
{
	return open_device("/dev/vhost-vsock", ret_fd);
}
