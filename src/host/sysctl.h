/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Switches of the kernel (sysctl(8)), by their path below /proc/sys. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* Whether a switch has that value of one digit; false where there is none. */
bool sysctl_is(const char *path, char value);

/* Sets one to 1 that is not. */
int sysctl_switch_on(const char *path, struct error *error);
