// SPDX-License-Identifier: GPL-2.0
/*
 * Drops: counted by cause, and told to the kernel's drop monitors.
 *
 * Subsystems with drop reasons of their own are numbered in the kernel's
 * sources. A module from outside has no number there and must not borrow one,
 * so that here each cause has the nearest of the core's reasons. Those that
 * resemble none, such as replays, have none: the tracepoints of fmp have the
 * exact cause of every drop, as the counters have.
 */
#include <linux/skbuff.h>

#include "device.h"
#include "drop.h"

#define R(name)	SKB_DROP_REASON_##name

static const enum skb_drop_reason fmp_drop_reasons[FMP_STAT_COUNT] = {
	[FMP_RX_DROP_GSO]		= R(SKB_GSO_SEG),
	[FMP_RX_DROP_SHORT]		= R(PKT_TOO_SMALL),
	[FMP_RX_DROP_VERSION]		= R(UNHANDLED_PROTO),
	[FMP_RX_DROP_LENGTH]		= R(DEV_HDR),
	[FMP_RX_DROP_PHASE]		= R(UNHANDLED_PROTO),
	[FMP_RX_DROP_ESTABLISHED_SHORT]	= R(PKT_TOO_SMALL),
	[FMP_RX_DROP_MSG1_MALFORMED]	= R(DEV_HDR),
	[FMP_RX_DROP_MSG2_MALFORMED]	= R(DEV_HDR),
	[FMP_RX_DROP_MSG1_NO_AGENT]	= R(NO_SOCKET),
	[FMP_RX_DROP_MSG2_NO_AGENT]	= R(NO_SOCKET),
	[FMP_RX_DROP_MSG1_LIMIT]	= R(SOCKET_FILTER),
	[FMP_RX_DROP_MSG2_LIMIT]	= R(SOCKET_FILTER),
	[FMP_RX_DROP_MSG2_UNKNOWN]	= R(NO_SOCKET),
	[FMP_RX_DROP_AGENT_BACKLOG]	= R(SOCKET_RCVBUFF),
	[FMP_RX_DROP_RESERVED_INDEX]	= R(NO_SOCKET),
	[FMP_RX_DROP_UNKNOWN_INDEX]	= R(NO_SOCKET),
	[FMP_RX_DROP_INNER_SHORT]	= R(PKT_TOO_SMALL),
	[FMP_RX_DROP_LINK_UNKNOWN]	= R(UNHANDLED_PROTO),
	[FMP_RX_DROP_LINK_UNHANDLED]	= R(UNHANDLED_PROTO),
	[FMP_RX_DROP_LINK_BACKLOG]	= R(SOCKET_RCVBUFF),
	[FMP_RX_DROP_IP_MALFORMED]	= R(IP_INHDR),
	[FMP_RX_DROP_ECN]		= R(IP_TUNNEL_ECN),
	[FMP_RX_DROP_SOURCE]		= R(IP_RPFILTER),
	[FMP_RX_DROP_LANE_FULL]		= R(CPU_BACKLOG),
	[FMP_RX_DROP_DOWN]		= R(DEV_READY),
	[FMP_RX_DROP_NOMEM]		= R(NOMEM),
	[FMP_TX_DROP_NOT_IP]		= R(UNHANDLED_PROTO),
	[FMP_TX_DROP_NO_PEER]		= R(NO_TX_TARGET),
	[FMP_TX_DROP_MULTICAST]		= R(NO_TX_TARGET),
	[FMP_TX_DROP_NO_SESSION]	= R(NEIGH_FAILED),
	[FMP_TX_DROP_STAGING_FULL]	= R(NEIGH_QUEUEFULL),
	[FMP_TX_DROP_NO_ENDPOINT]	= R(NO_TX_TARGET),
	[FMP_TX_DROP_NO_SOCKET]		= R(DEV_READY),
	[FMP_TX_DROP_NO_ROUTE]		= R(IP_OUTNOROUTES),
	[FMP_TX_DROP_LOOP]		= R(RECURSION_LIMIT),
	[FMP_TX_DROP_TOO_LONG]		= R(PKT_TOO_BIG),
	[FMP_TX_DROP_PMTU]		= R(PKT_TOO_BIG),
	[FMP_TX_DROP_GSO]		= R(SKB_GSO_SEG),
	[FMP_TX_DROP_NOMEM]		= R(NOMEM),
};

#undef R

/**
 * fmp_drop_reason() - reason of a drop in the words of the kernel
 * @stat: the cause
 *
 * Context: Any.
 * Return: The reason, for kfree_skb_reason() and its like.
 */
enum skb_drop_reason fmp_drop_reason(enum fmp_stat stat)
{
	return fmp_drop_reasons[stat] ?: SKB_DROP_REASON_NOT_SPECIFIED;
}

/**
 * fmp_drop() - drop a packet and count why
 * @fmp: device
 * @skb: consumed
 * @stat: the cause
 *
 * Context: Any but hard interrupt.
 */
void fmp_drop(struct fmp_dev *fmp, struct sk_buff *skb, enum fmp_stat stat)
{
	fmp_stat_inc(fmp, stat);
	kfree_skb_reason(skb, fmp_drop_reason(stat));
}
