/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rtnetlink(7) in batches: requests are collected, sent as one, and each is answered. The messages
 * are built with libnl, which knows neither batches nor the kernel's own words for what went wrong
 * (NLMSGERR_ATTR_MSG in linux/netlink.h).
 */
#pragma once

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "base/error.h"

struct netlink;

/* libnl only reads what its types would let it write. */
static inline struct nlmsghdr *netlink_message(const struct nlmsghdr *message)
{
	union {
		const struct nlmsghdr *given;
		struct nlmsghdr *wanted;
	} pointer = {.given = message};
	return pointer.wanted;
}

/* Opens a route socket in the network namespace that the thread is in. */
int netlink_open(struct netlink **ret_netlink, struct error *error);
void netlink_close(struct netlink **netlink);

/* Begins a request: its header is copied in, and attributes may be added to what is returned until
 * the next call. flags are those beside NLM_F_REQUEST and NLM_F_ACK. The format says what it does,
 * for "cannot ...". NULL when memory is short, which netlink_commit() reports. */
struct nl_msg *netlink_add(struct netlink *netlink, int type, int flags, const void *header,
	size_t size, const char *format, ...) PRINTF_LIKE(6, 7);

/* The answer -code to the request begun last is as good as none, such as ENOENT to a removal. */
void netlink_tolerate(struct netlink *netlink, int code);

/* Sends the requests and waits for their answers. The kernel handles each by itself; the first that
 * it refuses is the error. There are none left afterwards. */
int netlink_commit(struct netlink *netlink, struct error *error);

/* Sends one request whose answers are messages (NLM_F_DUMP, or for one object 0) and hands each to
 * the function until that returns other than 0, which is returned. */
int netlink_query(struct netlink *netlink, int type, int flags, const void *header, size_t size,
	const char *name, int (*take)(const struct nlmsghdr *message, void *context), void *context,
	struct error *error);
