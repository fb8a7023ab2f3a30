/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is measured of the frames that a peer sends us (spec 9.3 to 9.5).
 *
 * No state but its own and no clock: times are in microseconds and are passed
 * in, so that every limit can be tested exactly.
 */
#ifndef FMP_MMP_RECEIVER_H
#define FMP_MMP_RECEIVER_H

#include <linux/compiler.h>
#include <linux/types.h>

#include "estimator.h"
#include "link.h"

/* One-way delays of which a trend is made; a power of two. */
#define FMP_MMP_DELAYS		32U
/* After a reset: frames of both sessions arrive, by different paths. */
#define FMP_MMP_GRACE_US	15000000U

/**
 * struct fmp_mmp_gaps - runs of frames that did not arrive
 * @total: frames that are missing in the runs that ended in the interval
 * @open: a run goes on
 * @count: runs that began in the interval
 * @max: longest of the runs that ended in the interval
 * @len: of the run that goes on
 */
struct fmp_mmp_gaps {
	u64 total : 63;
	u64 open : 1;
	u32 count;
	u16 max;
	u16 len;
};

/**
 * struct fmp_mmp_receiver - what is known of frames received
 * @packets: frames, for the life of the peer
 * @bytes: of them
 * @highest: highest counter of the session
 * @last: when the last frame arrived; of use if @any
 * @grace: jitter is not measured before that
 * @last_timestamp: of the last frame, 0 for none
 * @origin_timestamp: of the first frame since the reset; of use if @any
 * @origin: when that arrived, modulo 2^32
 * @interval_packets: frames since the last report; saturates
 * @interval_bytes: of them; saturates
 * @reordered: frames that arrived after one with a higher counter
 * @ce: frames with the congestion mark; saturates
 * @n_delays: how many there are in @delays, at most FMP_MMP_DELAYS
 * @next_delay: where the next one goes
 * @any: a frame has arrived since the reset
 * @jitter: of arrival
 * @gaps: what is missing
 * @delays: ring of one-way delays less that of the first frame, microseconds
 *
 * All zeroes is the state of a new peer. Calls are serialized by the caller.
 */
struct fmp_mmp_receiver {
	u64 packets;
	u64 bytes;
	u64 highest;
	u64 last;
	u64 grace;
	u32 last_timestamp;
	u32 origin_timestamp;
	u32 origin;
	u32 interval_packets;
	u32 interval_bytes;
	u32 reordered;
	u32 ce;
	u8 n_delays;
	u8 next_delay;
	bool any;
	struct fmp_jitter jitter;
	struct fmp_mmp_gaps gaps;
	s32 delays[FMP_MMP_DELAYS];
};

/* Whether a report is of use. May be read without the lock, as a hint. */
static inline bool
fmp_mmp_receiver_has_data(const struct fmp_mmp_receiver *receiver)
{
	return READ_ONCE(receiver->interval_packets);
}

void fmp_mmp_receiver_record(struct fmp_mmp_receiver *receiver, u64 counter,
			     u32 timestamp, unsigned int bytes, bool ce,
			     u64 now_us);
bool fmp_mmp_receiver_report(struct fmp_mmp_receiver *receiver, u64 now_us,
			     struct fmp_receiver_report *report);
void fmp_mmp_receiver_reset(struct fmp_mmp_receiver *receiver, u64 now_us);

#endif /* FMP_MMP_RECEIVER_H */
