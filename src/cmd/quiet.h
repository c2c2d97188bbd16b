/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether somebody is at the spec files, and whether they are what they were. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* Waits until nothing in the spec directories has changed for half a second and no file there is
 * open for writing; for a minute at most, as somebody may never be quiet. */
int quiet_wait(struct error *error);

/* Notes in a directory what the spec files are now; and says whether they still are. */
int quiet_note(const char *directory, struct error *error);
bool quiet_is_as_noted(const char *directory);
