/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules between keys of one VM, one row each, checked after decoding. */
#pragma once

#include "spec/node.h"
#include "spec/vm.h"

/* Adds a diagnostic for each rule that the VM breaks, at the key that the rule names. */
void rules_check_vm(const struct vm *vm, const struct node *document, struct diags *diags);
