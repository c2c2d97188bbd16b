/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "emit/qemu.h"

void qemu_emit_boot(const struct plan *plan, struct options *options)
{
	const struct boot *boot = &plan->vm->boot;
	if (boot->kernel)
		options_add(options, "-kernel", boot->kernel, NULL);
	if (boot->initrd)
		options_add(options, "-initrd", boot->initrd, NULL);
	if (boot->cmdline)
		options_add(options, "-append", boot->cmdline, NULL);
	/* With an order, what is not in it is not tried. */
	if (boot->order.count)
		options_add(options, "-boot", "strict=on", NULL);
}
