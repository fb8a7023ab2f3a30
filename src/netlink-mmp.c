// SPDX-License-Identifier: GPL-2.0
/*
 * Link metrics of a peer, over generic netlink.
 */
#include <linux/math64.h>
#include <net/netlink.h>
#include <uapi/linux/fmp.h>

#include "mmp.h"
#include "peer.h"
#include "session.h"

#define FMP_NL_MILLION	1000000U
#define FMP_NL_THOUSAND	1000U

/**
 * struct fmp_nl_mmp - the metrics of a peer at one moment
 * @metrics: what the peer reports
 * @packets: frames received, 0 before one
 * @jitter: of what is received, microseconds
 * @owd_trend: the same, microseconds in a thousand frames
 * @reordered: frames received out of order
 * @ce: frames received with the congestion mark
 * @reports_sent: of both kinds
 * @reports_received: of both kinds
 * @reports_ignored: of those
 * @congested: the link is
 */
struct fmp_nl_mmp {
	struct fmp_mmp_metrics metrics;
	u64 packets;
	u32 jitter;
	s32 owd_trend;
	u32 reordered;
	u32 ce;
	u64 reports_sent;
	u64 reports_received;
	u64 reports_ignored;
	bool congested;
};

static void fmp_nl_mmp_read(struct fmp_nl_mmp *to, struct fmp_peer *peer)
{
	struct fmp_mmp *mmp = &peer->mmp;

	to->congested = READ_ONCE(peer->congested_until) >
			fmp_session_now_ms();
	spin_lock_bh(&mmp->lock);
	if (mmp->metrics)
		to->metrics = *mmp->metrics;
	to->packets = mmp->receiver.packets;
	to->jitter = fmp_jitter_us(&mmp->receiver.jitter);
	to->owd_trend = mmp->owd_trend;
	to->reordered = mmp->receiver.reordered;
	to->ce = mmp->receiver.ce;
	to->reports_sent = mmp->reports_sent;
	to->reports_received = mmp->reports_received;
	to->reports_ignored = mmp->reports_ignored;
	spin_unlock_bh(&mmp->lock);
}

/* From Q16 to parts of @unit, rounded. */
static u64 fmp_nl_scale(u64 q16, u32 unit)
{
	return mul_u64_u32_shr(q16, unit, FMP_Q16_SHIFT);
}

static int fmp_nl_put_trend(struct sk_buff *skb, int attr,
			    const struct fmp_ewma *ewma, u32 unit)
{
	struct nlattr *nest;

	if (!ewma->known)
		return 0;
	nest = nla_nest_start(skb, attr);
	if (!nest)
		return -EMSGSIZE;
	if (nla_put_uint(skb, FMP_A_TREND_SHORT,
			 fmp_nl_scale(fmp_ewma_fast(ewma), unit)) ||
	    nla_put_uint(skb, FMP_A_TREND_LONG,
			 fmp_nl_scale(fmp_ewma_slow(ewma), unit))) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int fmp_nl_put_rtt(struct sk_buff *skb,
			  const struct fmp_mmp_metrics *metrics)
{
	if (!metrics->rtt.known)
		return 0;
	if (nla_put_uint(skb, FMP_A_METRICS_RTT_US, metrics->rtt.srtt) ||
	    nla_put_uint(skb, FMP_A_METRICS_RTT_VAR_US, metrics->rtt.rttvar) ||
	    nla_put_uint(skb, FMP_A_METRICS_RTT_AGE_MS,
			 fmp_session_now_ms() - metrics->rtt_at))
		return -EMSGSIZE;
	return fmp_nl_put_trend(skb, FMP_A_METRICS_RTT_TREND,
				&metrics->rtt_trend, 1);
}

/* Of the last report alone, which may be of the session before. */
static int fmp_nl_put_last(struct sk_buff *skb,
			   const struct fmp_mmp_metrics *metrics)
{
	const struct fmp_receiver_report *last = &metrics->last;

	if (!metrics->has_last)
		return 0;
	if (nla_put_u32(skb, FMP_A_METRICS_TX_JITTER_US, last->jitter) ||
	    nla_put_s32(skb, FMP_A_METRICS_TX_OWD_TREND, last->owd_trend) ||
	    nla_put_u16(skb, FMP_A_METRICS_TX_BURST_MAX,
			last->max_burst_loss) ||
	    nla_put_u16(skb, FMP_A_METRICS_TX_BURST_MEAN,
			last->mean_burst_loss) ||
	    nla_put_u32(skb, FMP_A_METRICS_TX_BURSTS,
			last->burst_loss_count) ||
	    nla_put_u32(skb, FMP_A_METRICS_TX_REORDERED,
			last->cumulative_reorder_count) ||
	    nla_put_u32(skb, FMP_A_METRICS_TX_CE, last->ecn_ce_count) ||
	    nla_put_uint(skb, FMP_A_METRICS_REPORT_AGE_MS,
			 fmp_session_now_ms() - metrics->last_at))
		return -EMSGSIZE;
	return 0;
}

static int fmp_nl_put_loss(struct sk_buff *skb,
			   const struct fmp_mmp_metrics *metrics)
{
	u32 loss = fmp_mmp_metrics_loss(metrics);

	if (metrics->forward.whole &&
	    nla_put_u32(skb, FMP_A_METRICS_TX_LOSS,
			fmp_nl_scale(loss, FMP_NL_MILLION)))
		return -EMSGSIZE;
	if (metrics->reverse.whole &&
	    nla_put_u32(skb, FMP_A_METRICS_RX_LOSS,
			fmp_nl_scale(fmp_ratio_loss(metrics->reverse),
				     FMP_NL_MILLION)))
		return -EMSGSIZE;
	return fmp_nl_put_trend(skb, FMP_A_METRICS_TX_LOSS_TREND,
				&metrics->loss_trend, FMP_NL_MILLION);
}

static int fmp_nl_put_metrics(struct sk_buff *skb,
			      const struct fmp_mmp_metrics *metrics)
{
	if (fmp_nl_put_rtt(skb, metrics) || fmp_nl_put_loss(skb, metrics) ||
	    fmp_nl_put_last(skb, metrics) ||
	    fmp_nl_put_trend(skb, FMP_A_METRICS_TX_JITTER_TREND,
			     &metrics->jitter_trend, 1) ||
	    fmp_nl_put_trend(skb, FMP_A_METRICS_TX_GOODPUT_TREND,
			     &metrics->goodput_trend, 1))
		return -EMSGSIZE;
	if (metrics->goodput_trend.known &&
	    nla_put_uint(skb, FMP_A_METRICS_TX_GOODPUT,
			 fmp_mmp_metrics_goodput(metrics)))
		return -EMSGSIZE;
	if (metrics->etx &&
	    nla_put_u32(skb, FMP_A_METRICS_ETX,
			fmp_nl_scale(fmp_mmp_metrics_etx(metrics),
				     FMP_NL_THOUSAND)))
		return -EMSGSIZE;
	if (nla_put_u32(skb, FMP_A_METRICS_LINK_COST,
			min_t(u64, U32_MAX,
			      fmp_nl_scale(fmp_mmp_metrics_cost(metrics),
					   FMP_NL_THOUSAND))))
		return -EMSGSIZE;
	return fmp_nl_put_trend(skb, FMP_A_METRICS_ETX_TREND,
				&metrics->etx_trend, FMP_NL_THOUSAND);
}

static int fmp_nl_put_received(struct sk_buff *skb,
			       const struct fmp_nl_mmp *mmp)
{
	if (mmp->packets &&
	    (nla_put_u32(skb, FMP_A_METRICS_RX_JITTER_US, mmp->jitter) ||
	     nla_put_s32(skb, FMP_A_METRICS_RX_OWD_TREND, mmp->owd_trend) ||
	     nla_put_u32(skb, FMP_A_METRICS_RX_REORDERED, mmp->reordered) ||
	     nla_put_u32(skb, FMP_A_METRICS_RX_CE, mmp->ce)))
		return -EMSGSIZE;
	if (nla_put_uint(skb, FMP_A_METRICS_REPORTS_SENT, mmp->reports_sent) ||
	    nla_put_uint(skb, FMP_A_METRICS_REPORTS_RECEIVED,
			 mmp->reports_received) ||
	    nla_put_uint(skb, FMP_A_METRICS_REPORTS_IGNORED,
			 mmp->reports_ignored) ||
	    (mmp->congested && nla_put_flag(skb, FMP_A_METRICS_CONGESTED)))
		return -EMSGSIZE;
	return 0;
}

/**
 * fmp_mmp_fill() - tell the link metrics of a peer
 * @skb: message buffer
 * @peer: the peer
 *
 * Context: Any but hard interrupt, the peer valid for the caller.
 * Return: 0, or -EMSGSIZE.
 */
int fmp_mmp_fill(struct sk_buff *skb, struct fmp_peer *peer)
{
	struct fmp_nl_mmp mmp = {};
	struct nlattr *nest;

	fmp_nl_mmp_read(&mmp, peer);
	nest = nla_nest_start(skb, FMP_A_PEER_METRICS);
	if (!nest)
		return -EMSGSIZE;
	if (fmp_nl_put_metrics(skb, &mmp.metrics) ||
	    fmp_nl_put_received(skb, &mmp)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}
