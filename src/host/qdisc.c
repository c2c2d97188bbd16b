/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/qdisc.h"

#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_gact.h>
#include <netinet/in.h>

/* The kernel's clock of packet schedulers: 64 ns (net/pkt_sched.h, PSCHED_SHIFT). */
#define TICK_NSEC 64
#define FRAME_BYTES 18
/* Segments of a guest's TCP come joined, of up to this size (GSO). */
#define SEGMENT_BYTES 65536
#define BURST_MSEC 20
/* Where nothing is queued TCP takes each lost segment for a jam: it needs room for what it sends in
 * a few round trips to come near the limit. */
#define POLICE_BURST_MSEC 500
#define QUEUE_MSEC 50

/* How many bytes pass in a time. */
static uint64_t bytes_in(uint64_t bits, unsigned milliseconds)
{
	return bits / 8 * milliseconds / 1000;
}

static uint32_t burst_bytes(uint64_t bits, unsigned milliseconds, unsigned mtu)
{
	uint64_t burst = bytes_in(bits, milliseconds);
	uint64_t least = SEGMENT_BYTES + mtu + FRAME_BYTES;
	if (burst < least)
		burst = least;
	return burst > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)burst;
}

/* How long the burst takes at that rate, in the scheduler's ticks. */
static uint32_t burst_ticks(uint64_t bits, uint32_t burst)
{
	uint64_t ticks = (uint64_t)burst * 8 * (1000000000 / TICK_NSEC) / bits;
	return ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks;
}

static struct tc_ratespec rate_spec(uint64_t bits)
{
	uint64_t bytes = bits / 8;
	return (struct tc_ratespec){
		.linklayer = TC_LINKLAYER_ETHERNET,
		.rate = bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes,
	};
}

/* --- what the guest receives --------------------------------------------------------------- */

static void limit_inbound(
	struct netlink *netlink, int index, const char *name, uint64_t bits, unsigned mtu)
{
	const struct tcmsg header = {
		.tcm_family = AF_UNSPEC, .tcm_ifindex = index, .tcm_parent = TC_H_ROOT};
	uint32_t burst = burst_bytes(bits, BURST_MSEC, mtu);
	struct tc_tbf_qopt options = {
		.rate = rate_spec(bits),
		.limit = (uint32_t)bytes_in(bits, QUEUE_MSEC) + burst,
		.buffer = burst_ticks(bits, burst),
	};
	struct nl_msg *message = netlink_add(netlink, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE,
		&header, sizeof(header), "limit what %s receives", name);
	if (!message)
		return;
	nla_put_string(message, TCA_KIND, "tbf");
	struct nlattr *list = nla_nest_start(message, TCA_OPTIONS);
	nla_put(message, TCA_TBF_PARMS, sizeof(options), &options);
	nla_put_u32(message, TCA_TBF_BURST, burst);
	if (bits / 8 > UINT32_MAX)
		nla_put_u64(message, TCA_TBF_RATE64, bits / 8);
	nla_nest_end(message, list);
}

/* --- what the guest sends ------------------------------------------------------------------ */

/* What is over the limit is dropped: there is no queue on the way in. */
static void put_police(struct nl_msg *message, uint64_t bits, unsigned mtu)
{
	uint32_t burst = burst_bytes(bits, POLICE_BURST_MSEC, mtu);
	struct tc_police police = {
		.action = TC_POLICE_SHOT,
		.rate = rate_spec(bits),
		.burst = burst_ticks(bits, burst),
		.mtu = SEGMENT_BYTES + mtu + FRAME_BYTES,
	};
	/* The kernel wants the table of times that older ones used (256 entries). */
	uint32_t table[TC_RTAB_SIZE / sizeof(uint32_t)] = {0};
	police.rate.cell_log = 9;
	for (size_t i = 0; i < TC_RTAB_SIZE / sizeof(uint32_t); i++)
		table[i] = burst_ticks(bits, (uint32_t)((i + 1) << police.rate.cell_log));
	nla_put(message, TCA_POLICE_TBF, sizeof(police), &police);
	nla_put(message, TCA_POLICE_RATE, TC_RTAB_SIZE, table);
	if (bits / 8 > UINT32_MAX)
		nla_put_u64(message, TCA_POLICE_RATE64, bits / 8);
}

static void limit_outbound(
	struct netlink *netlink, int index, const char *name, uint64_t bits, unsigned mtu)
{
	const struct tcmsg qdisc = {.tcm_family = AF_UNSPEC,
		.tcm_ifindex = index,
		.tcm_handle = TC_H_MAKE(TC_H_INGRESS, 0),
		.tcm_parent = TC_H_INGRESS};
	struct nl_msg *message = netlink_add(netlink, RTM_NEWQDISC, NLM_F_CREATE, &qdisc,
		sizeof(qdisc), "limit what %s sends", name);
	if (!message)
		return;
	nla_put_string(message, TCA_KIND, "ingress");
	const struct tcmsg filter = {.tcm_family = AF_UNSPEC,
		.tcm_ifindex = index,
		.tcm_handle = 1,
		.tcm_parent = TC_H_MAKE(TC_H_INGRESS, 0),
		.tcm_info = TC_H_MAKE(1U << 16, htons(ETH_P_ALL))};
	message = netlink_add(netlink, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_REPLACE, &filter,
		sizeof(filter), "limit what %s sends", name);
	if (!message)
		return;
	nla_put_string(message, TCA_KIND, "matchall");
	struct nlattr *options = nla_nest_start(message, TCA_OPTIONS);
	struct nlattr *actions = nla_nest_start(message, TCA_MATCHALL_ACT);
	struct nlattr *action = nla_nest_start(message, 1);
	nla_put_string(message, TCA_ACT_KIND, "police");
	struct nlattr *police = nla_nest_start(message, TCA_ACT_OPTIONS);
	put_police(message, bits, mtu);
	nla_nest_end(message, police);
	nla_nest_end(message, action);
	nla_nest_end(message, actions);
	nla_nest_end(message, options);
}

static void remove_qdisc(struct netlink *netlink, int index, const char *name, uint32_t parent)
{
	const struct tcmsg header = {
		.tcm_family = AF_UNSPEC, .tcm_ifindex = index, .tcm_parent = parent};
	netlink_add(netlink, RTM_DELQDISC, 0, &header, sizeof(header), "take the limit of %s away",
		name);
	/* There is none: the one for the way in, and the kernel's own for the way out. */
	netlink_tolerate(netlink, EINVAL);
	netlink_tolerate(netlink, ENOENT);
}

void qdisc_limit(struct netlink *netlink, int index, const char *name, uint64_t inbound,
	uint64_t outbound, unsigned mtu)
{
	if (inbound)
		limit_inbound(netlink, index, name, inbound, mtu);
	else
		remove_qdisc(netlink, index, name, TC_H_ROOT);
	/* A filter that matches all is not replaced: it goes with its qdisc. */
	remove_qdisc(netlink, index, name, TC_H_INGRESS);
	if (outbound)
		limit_outbound(netlink, index, name, outbound, mtu);
}
