// SPDX-License-Identifier: GPL-2.0
/*
 * What the reports of a peer say of the link to it (spec 9.7, 9.8).
 */
#include <linux/bits.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "mmp-metrics.h"

/* A terabyte in a second is more than arrives anywhere. */
#define FMP_GOODPUT_MAX		BIT_ULL(30)	/* bytes in a millisecond */
#define FMP_GOODPUT_SHIFT	2U

static u64 fmp_q16(u64 value)
{
	return min_t(u64, value, U64_MAX >> FMP_Q16_SHIFT) << FMP_Q16_SHIFT;
}

/* A frame is reported once: what went back or stood still is an old report. */
static bool fmp_mmp_is_stale(const struct fmp_receiver_report *last,
			     const struct fmp_receiver_report *report)
{
	if (report->highest_counter < last->highest_counter ||
	    report->cumulative_packets < last->cumulative_packets ||
	    report->cumulative_bytes < last->cumulative_bytes ||
	    report->ecn_ce_count < last->ecn_ce_count ||
	    report->cumulative_reorder_count < last->cumulative_reorder_count)
		return true;
	return report->highest_counter == last->highest_counter &&
	       report->cumulative_packets == last->cumulative_packets &&
	       report->cumulative_bytes == last->cumulative_bytes &&
	       report->ecn_ce_count == last->ecn_ce_count &&
	       report->cumulative_reorder_count ==
		       last->cumulative_reorder_count;
}

static enum fmp_mmp_result
fmp_mmp_rtt(struct fmp_mmp_metrics *metrics,
	    const struct fmp_receiver_report *report,
	    const struct fmp_mmp_local *local)
{
	/* Does not fit into 32 bits where the peer says so. */
	u64 sent = (u64)report->timestamp_echo + report->dwell_time;
	s64 sample_us;

	if (!report->timestamp_echo)
		return FMP_MMP_NO_ECHO;
	if (local->timestamp < sent)
		return FMP_MMP_RTT_INVALID;
	if (local->timestamp == sent)
		return FMP_MMP_RTT_ZERO;

	metrics->rtt_last = local->timestamp - sent;
	metrics->rtt_at = local->now;
	sample_us = metrics->rtt_last * 1000LL;
	fmp_rtt_add(&metrics->rtt, sample_us);
	fmp_ewma_add(&metrics->rtt_trend, fmp_q16(sample_us));
	return FMP_MMP_RTT;
}

static void fmp_mmp_etx(struct fmp_mmp_metrics *metrics)
{
	metrics->etx = fmp_etx(metrics->forward, metrics->reverse);
	fmp_ewma_add(&metrics->etx_trend, metrics->etx);
}

static void fmp_mmp_forward(struct fmp_mmp_metrics *metrics,
			    const struct fmp_receiver_report *report)
{
	const struct fmp_receiver_report *last = &metrics->last;
	u64 sent = report->highest_counter - last->highest_counter;
	u64 arrived = report->cumulative_packets - last->cumulative_packets;

	if (!sent)
		return;
	metrics->forward = fmp_ratio(arrived, sent);
	fmp_ewma_add(&metrics->loss_trend, fmp_ratio_loss(metrics->forward));
	fmp_mmp_etx(metrics);
}

/* Bytes a second, Q16. The remainder keeps the product within 64 bits. */
static u64 fmp_mmp_rate(u64 bytes, u32 ms)
{
	u64 whole = div64_u64(bytes, ms);
	u64 rest = bytes - whole * ms;
	u64 second = 1000ULL << FMP_Q16_SHIFT;

	if (whole >= FMP_GOODPUT_MAX)
		return FMP_GOODPUT_MAX * second;
	return whole * second + div_u64(rest * second, ms);
}

static void fmp_mmp_goodput(struct fmp_mmp_metrics *metrics,
			    const struct fmp_receiver_report *report, u64 now)
{
	u64 bytes = report->cumulative_bytes - metrics->last.cumulative_bytes;
	u64 rate;

	fmp_ewma_add(&metrics->goodput_trend, fmp_q16(bytes));
	if (now <= metrics->last_at)
		return;
	rate = fmp_mmp_rate(bytes,
			    min_t(u64, now - metrics->last_at, U32_MAX));
	if (!metrics->goodput)
		metrics->goodput = rate << FMP_GOODPUT_SHIFT;
	else
		metrics->goodput = fmp_average_next(metrics->goodput, rate,
						    FMP_GOODPUT_SHIFT);
}

static enum fmp_mmp_result
fmp_mmp_received(struct fmp_mmp_metrics *metrics,
		 const struct fmp_receiver_report *report,
		 const struct fmp_mmp_local *local)
{
	enum fmp_mmp_result result;

	if (metrics->has_last && fmp_mmp_is_stale(&metrics->last, report))
		return FMP_MMP_STALE;

	result = fmp_mmp_rtt(metrics, report, local);
	if (metrics->has_last) {
		fmp_mmp_forward(metrics, report);
		fmp_mmp_goodput(metrics, report, local->now);
	}
	fmp_ewma_add(&metrics->jitter_trend, fmp_q16(report->jitter));
	metrics->last = *report;
	metrics->last_at = local->now;
	metrics->has_last = true;
	return result;
}

static void fmp_mmp_reverse(struct fmp_mmp_metrics *metrics, u64 packets,
			    u64 highest)
{
	u64 arrived = packets - min_t(u64, packets, metrics->reverse_packets);

	if (metrics->has_reverse && highest > metrics->reverse_highest) {
		metrics->reverse = fmp_ratio(arrived, highest -
					     metrics->reverse_highest);
		fmp_mmp_etx(metrics);
	}
	metrics->reverse_packets = packets;
	metrics->reverse_highest = highest;
	metrics->has_reverse = true;
}

/**
 * fmp_mmp_metrics_report() - a report of the peer arrived
 * @metrics: of the peer
 * @report: what it says
 * @local: what is known here
 *
 * It must have arrived under the current session: counters and echoes of
 * another one have nothing to do with those that are known (spec 9.7). What is
 * known of the other direction is taken in as well, also with a stale report.
 *
 * Context: Any; calls are serialized by the caller.
 * Return: What the report was good for.
 */
enum fmp_mmp_result
fmp_mmp_metrics_report(struct fmp_mmp_metrics *metrics,
		       const struct fmp_receiver_report *report,
		       const struct fmp_mmp_local *local)
{
	enum fmp_mmp_result result = fmp_mmp_received(metrics, report, local);

	fmp_mmp_reverse(metrics, local->packets, local->highest);
	return result;
}

/**
 * fmp_mmp_metrics_reset() - another session became current
 * @metrics: of the peer
 *
 * What was smoothed stays, and so do the round trip time and ETX: it is the
 * same link. The loss of the last interval goes.
 *
 * Context: Any; calls are serialized by the caller.
 */
void fmp_mmp_metrics_reset(struct fmp_mmp_metrics *metrics)
{
	metrics->forward = (struct fmp_ratio){};
	metrics->has_last = false;
	metrics->has_reverse = false;
}

/**
 * fmp_mmp_metrics_loss() - tell what the last interval lost on the way there
 * @metrics: of the peer
 *
 * Context: Any; calls are serialized by the caller.
 * Return: Q16 between 0 and 1.
 */
u32 fmp_mmp_metrics_loss(const struct fmp_mmp_metrics *metrics)
{
	return fmp_ratio_loss(metrics->forward);
}

/**
 * fmp_mmp_metrics_etx() - tell the expected transmissions of a frame
 * @metrics: of the peer
 *
 * Context: Any; calls are serialized by the caller.
 * Return: Q16 between 1 and FMP_ETX_MAX.
 */
u32 fmp_mmp_metrics_etx(const struct fmp_mmp_metrics *metrics)
{
	return metrics->etx ?: FMP_Q16_ONE;
}

/**
 * fmp_mmp_metrics_goodput() - tell what reaches the peer
 * @metrics: of the peer
 *
 * Context: Any; calls are serialized by the caller.
 * Return: Bytes a second, smoothed.
 */
u64 fmp_mmp_metrics_goodput(const struct fmp_mmp_metrics *metrics)
{
	return fmp_average(metrics->goodput, FMP_GOODPUT_SHIFT + FMP_Q16_SHIFT);
}

/**
 * fmp_mmp_metrics_cost() - weigh the link, for who chooses between several
 * @metrics: of the peer
 *
 * Context: Any; calls are serialized by the caller.
 * Return: Q16, as fmp_link_cost() has it.
 */
u64 fmp_mmp_metrics_cost(const struct fmp_mmp_metrics *metrics)
{
	return fmp_link_cost(fmp_mmp_metrics_etx(metrics), metrics->rtt.srtt);
}

static bool fmp_mmp_is_lossy(struct fmp_ratio forward, u32 permille)
{
	u64 lost = forward.whole - forward.part;

	if (!permille || !forward.whole)
		return false;
	return lost * 1000 >= (u64)forward.whole * permille;
}

/**
 * fmp_mmp_metrics_congested() - tell whether frames to the peer are congested
 * @metrics: of the peer
 * @loss_permille: from which loss of the last interval on; 0: whatever it is
 * @etx_hundredths: from which ETX on; 0: whatever it is
 *
 * By the last interval as it was and not by what is smoothed: a congestion mark
 * is of use while the queue is there. The loss is compared exactly, and so is
 * an ETX that is a whole number (spec 9.8).
 *
 * Context: Any; calls are serialized by the caller.
 * Return: true if one of the two is reached.
 */
bool fmp_mmp_metrics_congested(const struct fmp_mmp_metrics *metrics,
			       u32 loss_permille, u32 etx_hundredths)
{
	if (fmp_mmp_is_lossy(metrics->forward, loss_permille))
		return true;
	return etx_hundredths && fmp_mmp_metrics_etx(metrics) * 100ULL >=
				 (u64)etx_hundredths << FMP_Q16_SHIFT;
}
