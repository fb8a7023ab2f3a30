/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the reports of a peer say of the link to it (spec 9.7, 9.8).
 *
 * No state but its own and no clock: times are in milliseconds and are passed
 * in. A peer can write anything into a report: every number is bounded before
 * something is computed from it.
 */
#ifndef FMP_MMP_METRICS_H
#define FMP_MMP_METRICS_H

#include <linux/types.h>

#include "estimator.h"
#include "link.h"

/**
 * enum fmp_mmp_result - what a report was good for
 * @FMP_MMP_STALE: nothing: older than, or the same as, what was known
 * @FMP_MMP_NO_ECHO: all but a round trip time
 * @FMP_MMP_RTT: all
 * @FMP_MMP_RTT_ZERO: as no echo: within the same millisecond
 * @FMP_MMP_RTT_INVALID: as no echo: it echoes what was not sent yet
 */
enum fmp_mmp_result {
	FMP_MMP_STALE,
	FMP_MMP_NO_ECHO,
	FMP_MMP_RTT,
	FMP_MMP_RTT_ZERO,
	FMP_MMP_RTT_INVALID,
};

/**
 * struct fmp_mmp_local - what is known here when a report arrives
 * @now: time
 * @timestamp: what a frame sent now would have for its timestamp
 * @packets: frames received, for the life of the peer
 * @highest: highest counter received in the session
 */
struct fmp_mmp_local {
	u64 now;
	u32 timestamp;
	u64 packets;
	u64 highest;
};

/**
 * struct fmp_mmp_metrics - the link to a peer
 * @rtt: round trip time
 * @rtt_at: when the last sample of it was taken, 0 before one
 * @rtt_last: the last sample, milliseconds
 * @etx: expected transmissions, Q16; 0 before an interval, which counts as 1
 * @forward: frames of the last interval that reached the peer
 * @reverse: frames of the last interval that reached us
 * @goodput: four times the smoothed bytes a second that reach the peer, Q16
 * @rtt_trend: of samples, microseconds
 * @loss_trend: of the loss of intervals, a fraction of 1
 * @etx_trend: of values of @etx
 * @goodput_trend: of bytes that arrived between two reports
 * @jitter_trend: of jitter that was reported, microseconds
 * @last: the last report that was not stale; of use if @has_last
 * @last_at: when it arrived
 * @reverse_packets: frames received up to then; of use if @has_reverse
 * @reverse_highest: highest counter received up to then
 * @has_last: there was a report in this session
 * @has_reverse: there is something that the next interval begins with
 *
 * All zeroes is the state of a new peer. Calls are serialized by the caller.
 */
struct fmp_mmp_metrics {
	struct fmp_rtt rtt;
	u64 rtt_at;
	u32 rtt_last;
	u32 etx;
	struct fmp_ratio forward;
	struct fmp_ratio reverse;
	u64 goodput;
	struct fmp_ewma rtt_trend;
	struct fmp_ewma loss_trend;
	struct fmp_ewma etx_trend;
	struct fmp_ewma goodput_trend;
	struct fmp_ewma jitter_trend;
	struct fmp_receiver_report last;
	u64 last_at;
	u64 reverse_packets;
	u64 reverse_highest;
	bool has_last;
	bool has_reverse;
};

enum fmp_mmp_result
fmp_mmp_metrics_report(struct fmp_mmp_metrics *metrics,
		       const struct fmp_receiver_report *report,
		       const struct fmp_mmp_local *local);
void fmp_mmp_metrics_reset(struct fmp_mmp_metrics *metrics);
u32 fmp_mmp_metrics_loss(const struct fmp_mmp_metrics *metrics);
u32 fmp_mmp_metrics_etx(const struct fmp_mmp_metrics *metrics);
u64 fmp_mmp_metrics_goodput(const struct fmp_mmp_metrics *metrics);
u64 fmp_mmp_metrics_cost(const struct fmp_mmp_metrics *metrics);
bool fmp_mmp_metrics_congested(const struct fmp_mmp_metrics *metrics,
			       u32 loss_permille, u32 etx_hundredths);

#endif /* FMP_MMP_METRICS_H */
