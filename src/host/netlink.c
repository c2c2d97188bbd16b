/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/netlink.h"

#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* As many answers as the socket's buffer surely holds. */
#define BATCH_MAX 64
#define ANSWER_BYTES 32768
#define PURPOSE_BYTES 96
#define TOLERATED_MAX 2

struct request {
	struct nl_msg *message;
	char purpose[PURPOSE_BYTES];
	int tolerated[TOLERATED_MAX];
};

struct netlink {
	struct nl_sock *socket;
	struct request requests[BATCH_MAX];
	size_t count;
	uint32_t next_sequence;
	struct error early; /* of a batch that was sent because it was full */
	int early_result;
	unsigned char answers[ANSWER_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
};

int netlink_open(struct netlink **ret_netlink, struct error *error)
{
	struct netlink *netlink = calloc(1, sizeof(*netlink));
	struct nl_sock *socket = netlink ? nl_socket_alloc() : NULL;
	if (!socket) {
		free(netlink);
		return error_set(error, ENOMEM, "not enough memory for a netlink socket");
	}
	netlink->socket = socket;
	netlink->next_sequence = 1;
	int on = 1;
	int r = nl_connect(socket, NETLINK_ROUTE);
	if (r < 0 ||
		setsockopt(nl_socket_get_fd(socket), SOL_NETLINK, NETLINK_EXT_ACK, &on,
			sizeof(on)) < 0 ||
		setsockopt(nl_socket_get_fd(socket), SOL_NETLINK, NETLINK_CAP_ACK, &on,
			sizeof(on)) < 0) {
		netlink_close(&netlink);
		return error_set(error, EIO, "cannot open a netlink socket: %s",
			r < 0 ? nl_geterror(r) : strerror(errno));
	}
	*ret_netlink = netlink;
	return 0;
}

static void drop_requests(struct netlink *netlink)
{
	for (size_t i = 0; i < netlink->count; i++)
		nlmsg_free(netlink->requests[i].message);
	netlink->count = 0;
}

void netlink_close(struct netlink **netlink)
{
	if (*netlink) {
		drop_requests(*netlink);
		nl_socket_free((*netlink)->socket);
		free(*netlink);
	}
	*netlink = NULL;
}

static int send_batch(struct netlink *netlink, struct error *error);

/* A message with its header, to which attributes may be added. */
static struct nl_msg *new_message(int type, int flags, const void *header, size_t size)
{
	struct nl_msg *message = nlmsg_alloc_simple(type, flags);
	void *place = message ? nlmsg_reserve(message, size, NLMSG_ALIGNTO) : NULL;
	if (place)
		memcpy(place, header, size);
	if (place)
		return message;
	nlmsg_free(message);
	return NULL;
}

struct nl_msg *netlink_add(struct netlink *netlink, int type, int flags, const void *header,
	size_t size, const char *format, ...)
{
	if (netlink->count == BATCH_MAX && netlink->early_result == 0)
		netlink->early_result = send_batch(netlink, &netlink->early);
	struct nl_msg *message = new_message(type, flags | NLM_F_REQUEST | NLM_F_ACK, header, size);
	if (!message) {
		netlink->early_result =
			error_set(&netlink->early, ENOMEM, "not enough memory for netlink");
		return NULL;
	}
	struct request *request = &netlink->requests[netlink->count++];
	*request = (struct request){.message = message};
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(request->purpose, sizeof(request->purpose), format, arguments);
	va_end(arguments);
	return message;
}

void netlink_tolerate(struct netlink *netlink, int code)
{
	if (netlink->count == 0)
		return;
	struct request *request = &netlink->requests[netlink->count - 1];
	request->tolerated[request->tolerated[0] != 0] = code;
}

/* --- answers ------------------------------------------------------------------------------- */

static ssize_t receive(struct netlink *netlink)
{
	for (;;) {
		ssize_t length = recv(nl_socket_get_fd(netlink->socket), netlink->answers,
			sizeof(netlink->answers), MSG_TRUNC);
		if (length > (ssize_t)sizeof(netlink->answers))
			return -EMSGSIZE;
		if (length >= 0 || errno != EINTR)
			return length < 0 ? -errno : length;
	}
}

/* The kernel's own words, behind the header of the refused request. */
static const char *kernel_words(const struct nlmsghdr *answer, const struct nlmsgerr *refusal)
{
	struct nlattr *attributes[NLMSGERR_ATTR_MAX + 1];
	if (!(answer->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	size_t skipped = sizeof(*refusal);
	if (!(answer->nlmsg_flags & NLM_F_CAPPED))
		skipped += NLMSG_ALIGN(refusal->msg.nlmsg_len) - sizeof(refusal->msg);
	if (nlmsg_parse(netlink_message(answer), (int)skipped, attributes, NLMSGERR_ATTR_MAX,
		    NULL) < 0 ||
		!attributes[NLMSGERR_ATTR_MSG])
		return NULL;
	return nla_get_string(attributes[NLMSGERR_ATTR_MSG]);
}

static int refuse(struct error *error, const char *purpose, const struct nlmsghdr *answer, int code)
{
	const char *words = kernel_words(answer, nlmsg_data(answer));
	return error_set(error, code, "cannot %s: %s%s%s", purpose, strerror(code),
		words ? ": " : "", words ? words : "");
}

static bool is_tolerated(const struct request *request, int code)
{
	return code && (request->tolerated[0] == code || request->tolerated[1] == code);
}

/* Takes the answers in one datagram; each counts. */
static int take_answers(struct netlink *netlink, ssize_t length, uint32_t first, size_t *answered,
	struct error *error)
{
	int result = 0;
	int left = (int)length;
	for (struct nlmsghdr *answer = (struct nlmsghdr *)(void *)netlink->answers;
		nlmsg_ok(answer, left); answer = nlmsg_next(answer, &left)) {
		uint32_t index = answer->nlmsg_seq - first;
		if (answer->nlmsg_type != NLMSG_ERROR || index >= netlink->count)
			continue;
		const struct request *request = &netlink->requests[index];
		int code = -((const struct nlmsgerr *)nlmsg_data(answer))->error;
		(*answered)++;
		if (code && !is_tolerated(request, code) && result == 0)
			result = refuse(error, request->purpose, answer, code);
	}
	return result;
}

static int send_batch(struct netlink *netlink, struct error *error)
{
	struct iovec parts[BATCH_MAX];
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	struct msghdr header = {
		.msg_name = &kernel,
		.msg_namelen = sizeof(kernel),
		.msg_iov = parts,
		.msg_iovlen = netlink->count,
	};
	uint32_t first = netlink->next_sequence;
	for (size_t i = 0; i < netlink->count; i++) {
		struct nlmsghdr *message = nlmsg_hdr(netlink->requests[i].message);
		message->nlmsg_seq = netlink->next_sequence++;
		parts[i] = (struct iovec){message, NLMSG_ALIGN(message->nlmsg_len)};
	}
	int result = 0;
	if (sendmsg(nl_socket_get_fd(netlink->socket), &header, 0) < 0)
		result = error_set_errno(error, errno, "cannot send to netlink");
	size_t answered = 0;
	bool sent = result == 0;
	while (sent && answered < netlink->count) {
		struct error later;
		ssize_t length = receive(netlink);
		if (length < 0) {
			result = error_set_errno(error, (int)-length, "no answer from netlink");
			break;
		}
		int r = take_answers(netlink, length, first, &answered, result ? &later : error);
		result = result ? result : r;
	}
	drop_requests(netlink);
	return result;
}

int netlink_commit(struct netlink *netlink, struct error *error)
{
	int r = netlink->early_result;
	netlink->early_result = 0;
	if (r < 0) {
		*error = netlink->early;
		drop_requests(netlink);
		return r;
	}
	return netlink->count ? send_batch(netlink, error) : 0;
}

/* --- questions ----------------------------------------------------------------------------- */

/* Hands the messages of one datagram over. Returns 1 when the last has come. */
static int take_messages(struct netlink *netlink, ssize_t length, uint32_t sequence,
	const char *purpose, int (*take)(const struct nlmsghdr *message, void *context),
	void *context, int *taken, struct error *error)
{
	int left = (int)length;
	for (struct nlmsghdr *answer = (struct nlmsghdr *)(void *)netlink->answers;
		nlmsg_ok(answer, left); answer = nlmsg_next(answer, &left)) {
		if (answer->nlmsg_seq != sequence)
			continue;
		if (answer->nlmsg_type == NLMSG_DONE)
			return 1;
		if (answer->nlmsg_type == NLMSG_ERROR) {
			int code = -((const struct nlmsgerr *)nlmsg_data(answer))->error;
			return code ? refuse(error, purpose, answer, code) : 1;
		}
		if (*taken == 0)
			*taken = take(answer, context);
	}
	return 0;
}

int netlink_query(struct netlink *netlink, int type, int flags, const void *header, size_t size,
	const char *name, int (*take)(const struct nlmsghdr *message, void *context), void *context,
	struct error *error)
{
	char purpose[PURPOSE_BYTES];
	snprintf(purpose, sizeof(purpose), "look up %s", name);
	/* What is one object is answered by it, and then by an ACK. */
	struct nl_msg *message = new_message(
		type, NLM_F_REQUEST | flags | ((flags & NLM_F_DUMP) ? 0 : NLM_F_ACK), header, size);
	if (!message || (!(flags & NLM_F_DUMP) && type == RTM_GETLINK &&
				nla_put_string(message, IFLA_IFNAME, name) < 0)) {
		nlmsg_free(message);
		return error_set(error, ENOMEM, "not enough memory for netlink");
	}
	struct nlmsghdr *request = nlmsg_hdr(message);
	uint32_t sequence = netlink->next_sequence++;
	request->nlmsg_seq = sequence;
	ssize_t sent = send(nl_socket_get_fd(netlink->socket), request, request->nlmsg_len, 0);
	nlmsg_free(message);
	if (sent < 0)
		return error_set_errno(error, errno, "cannot %s", purpose);
	int taken = 0;
	for (;;) {
		ssize_t length = receive(netlink);
		if (length < 0)
			return error_set_errno(error, (int)-length, "cannot %s", purpose);
		int r = take_messages(
			netlink, length, sequence, purpose, take, context, &taken, error);
		if (r < 0)
			return r;
		if (r > 0)
			return taken;
	}
}
