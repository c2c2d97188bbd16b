/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What this host has, as far as warnings are concerned. */
#pragma once

#include "plan/warnings.h"

struct host_facts facts_gather(void);
