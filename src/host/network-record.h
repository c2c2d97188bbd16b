/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What networks were started with, in /run/vmlet/network/NAME: the words of the command line, for a
 * stop that does not look at the spec, and for the network's server who its VMs are.
 */
#pragma once

#include "base/buf.h"
#include "host/network.h"
#include "host/words.h"

struct record {
	struct words words;
	struct network_config config; /* bridge is NULL when there is no record */
};

/* Networks are started and stopped one at a time. Returns a descriptor, of which the lock is. */
int record_lock(struct error *error);

int record_read(const char *name, struct record *ret_record, struct error *error);
void record_done(struct record *record);

/* Replaces the record of a network. The words are those of the command line, as they were. */
int record_write(const char *name, char *const words[], size_t count, bool uplink_was_down,
	struct error *error);
int record_remove(const char *name, struct error *error);

/* Whether another network than this one has NAT. */
bool record_any_nat(const char *except);

/* Writes what dnsmasq reads of an interface, as it changes (dnsmasq(8), --dhcp-hostsdir and
 * --hostsdir); does nothing where no network of that name is started. */
int record_write_host(const char *network, const char *tap, const struct buf *host,
	const struct buf *name, struct error *error);
