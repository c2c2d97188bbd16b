/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/tap.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>

int tap_open(const char *name, int *ret_fd, struct error *error)
{
	int fd AUTO_CLOSE = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return error_set_errno(error, errno, "cannot open /dev/net/tun (modprobe tun)");
	/* TUN_EXCL: a persistent tap of somebody else's is not taken over. */
	struct ifreq request = {
		.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_TUN_EXCL)};
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &request) < 0) {
		if (errno == EBUSY || errno == EINVAL)
			return error_set(error, EBUSY,
				"an interface named %s exists already, and is not this VM's: "
				"remove it",
				name);
		return error_set_errno(error, errno, "cannot create tap %s", name);
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int vhost_net_open(int *ret_fd)
{
	int fd = open("/dev/vhost-net", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}
