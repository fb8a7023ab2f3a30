/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When reports are sent (spec 9.6).
 *
 * No state but its own and no clock: times are in milliseconds and are passed
 * in, so that every limit can be tested exactly.
 */
#ifndef FMP_MMP_TIMING_H
#define FMP_MMP_TIMING_H

#include <linux/types.h>

/* Round trips between two reports. */
#define FMP_MMP_SENDER_RTTS		2U
#define FMP_MMP_RECEIVER_RTTS		1U

/* No more often than that, at first and later, ... */
#define FMP_MMP_INTERVAL_FIRST_MS	200U
#define FMP_MMP_INTERVAL_MIN_MS		1000U
/* ... which is after so many tunings, ... */
#define FMP_MMP_FIRST_TUNINGS		5U
/* ... and no more seldom. */
#define FMP_MMP_INTERVAL_MAX_MS		5000U
/* After failures the interval doubles, so many times. */
#define FMP_MMP_DOUBLINGS_MAX		5U

/**
 * struct fmp_mmp_timing - when one kind of report is sent to a peer
 * @last: when the last one was made; of use if @any
 * @interval: between two, 0 for the first one
 * @tunings: how often it was tuned; saturates
 * @failures: reports in a row that could not be sent; saturates
 * @any: one was made
 *
 * All zeroes is the state of a new peer; a rekey changes nothing. Calls are
 * serialized by the caller.
 */
struct fmp_mmp_timing {
	u64 last;
	u16 interval;
	u8 tunings;
	u8 failures;
	bool any;
};

void fmp_mmp_timing_retune(struct fmp_mmp_timing *timing, s64 srtt_us,
			   u32 rtts);
bool fmp_mmp_timing_due(const struct fmp_mmp_timing *timing, bool has_data,
			u64 now);
u64 fmp_mmp_timing_next(const struct fmp_mmp_timing *timing, bool has_data,
			u64 now);
u32 fmp_mmp_timing_interval(const struct fmp_mmp_timing *timing);
void fmp_mmp_timing_reported(struct fmp_mmp_timing *timing, u64 now);
void fmp_mmp_timing_sent(struct fmp_mmp_timing *timing, bool sent);

#endif /* FMP_MMP_TIMING_H */
