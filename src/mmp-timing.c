// SPDX-License-Identifier: GPL-2.0
/*
 * When reports are sent (spec 9.6).
 */
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "mmp-timing.h"

/**
 * fmp_mmp_timing_retune() - fit the interval to the round trip time
 * @timing: of one kind of report
 * @srtt_us: smoothed, microseconds; without one nothing but the count changes
 * @rtts: round trips between two reports: FMP_MMP_SENDER_RTTS or
 *        FMP_MMP_RECEIVER_RTTS
 *
 * Once for each report of the peer, whatever it was good for.
 *
 * Context: Any; calls are serialized by the caller.
 */
void fmp_mmp_timing_retune(struct fmp_mmp_timing *timing, s64 srtt_us,
			   u32 rtts)
{
	u32 low = FMP_MMP_INTERVAL_MIN_MS;
	u32 ms;

	if (timing->tunings != U8_MAX)
		timing->tunings++;
	if (srtt_us <= 0)
		return;
	if (timing->tunings <= FMP_MMP_FIRST_TUNINGS)
		low = FMP_MMP_INTERVAL_FIRST_MS;
	srtt_us = min_t(s64, srtt_us, FMP_MMP_INTERVAL_MAX_MS * 1000);
	ms = (u32)srtt_us * rtts / 1000;
	timing->interval = clamp_t(u32, ms, low, FMP_MMP_INTERVAL_MAX_MS);
}

/**
 * fmp_mmp_timing_interval() - tell the time between two reports
 * @timing: of one kind of report
 *
 * Context: Any; calls are serialized by the caller.
 * Return: Milliseconds.
 */
u32 fmp_mmp_timing_interval(const struct fmp_mmp_timing *timing)
{
	u32 ms = timing->interval ?: FMP_MMP_INTERVAL_FIRST_MS;

	return ms << min_t(u32, timing->failures, FMP_MMP_DOUBLINGS_MAX);
}

/**
 * fmp_mmp_timing_next() - tell when to look again
 * @timing: of one kind of report
 * @has_data: there is something to report
 * @now: time
 *
 * Context: Any; calls are serialized by the caller.
 * Return: The time, U64_MAX for never.
 */
u64 fmp_mmp_timing_next(const struct fmp_mmp_timing *timing, bool has_data,
			u64 now)
{
	if (!has_data)
		return U64_MAX;
	if (!timing->any)
		return now;
	return timing->last + fmp_mmp_timing_interval(timing);
}

/**
 * fmp_mmp_timing_due() - tell whether to send a report now
 * @timing: of one kind of report
 * @has_data: there is something to report
 * @now: time
 *
 * Context: Any; calls are serialized by the caller.
 * Return: true if it is to be sent.
 */
bool fmp_mmp_timing_due(const struct fmp_mmp_timing *timing, bool has_data,
			u64 now)
{
	return has_data && fmp_mmp_timing_next(timing, has_data, now) <= now;
}

/**
 * fmp_mmp_timing_reported() - a report was made
 * @timing: of its kind
 * @now: time
 *
 * Context: Any; calls are serialized by the caller.
 */
void fmp_mmp_timing_reported(struct fmp_mmp_timing *timing, u64 now)
{
	timing->last = now;
	timing->any = true;
}

/**
 * fmp_mmp_timing_sent() - a report was handed to the network, or could not be
 * @timing: of its kind
 * @sent: it was
 *
 * Context: Any; calls are serialized by the caller.
 */
void fmp_mmp_timing_sent(struct fmp_mmp_timing *timing, bool sent)
{
	if (sent)
		timing->failures = 0;
	else if (timing->failures != U8_MAX)
		timing->failures++;
}
