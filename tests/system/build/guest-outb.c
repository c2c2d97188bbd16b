/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* guest-outb PORT VALUE: writes a byte to an I/O port, for devices that the kernel has no driver
 * for. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/io.h>

int main(int argc, char **argv)
{
	if (argc != 3 || iopl(3) < 0) {
		perror("guest-outb");
		return 1;
	}
	outb((unsigned char)strtoul(argv[2], NULL, 0), (unsigned short)strtoul(argv[1], NULL, 0));
	return 0;
}
