/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Token buckets: so many at once, and then so many in a time (spec 7.6).
 *
 * No state but their own and no clock: times are in milliseconds and are
 * passed in, so that every limit can be tested exactly.
 */
#ifndef FMP_BUCKET_H
#define FMP_BUCKET_H

#include <linux/types.h>

/**
 * struct fmp_bucket_limit - how much a bucket lets through
 * @burst: tokens that it holds, at least 1
 * @rate: tokens that come back in each period, at least 1
 * @period: milliseconds, at least 1
 *
 * The limit may change from one use of a bucket to the next.
 */
struct fmp_bucket_limit {
	u32 burst;
	u32 rate;
	u32 period;
};

/**
 * struct fmp_bucket - what was taken
 * @taken: tokens that have not come back, in parts of 1 / period of one
 * @last: time to which what came back is accounted for
 *
 * Fractions of a token are kept, and exact. All zeroes is a full bucket.
 * Calls are serialized by the caller.
 */
struct fmp_bucket {
	u64 taken;
	u64 last;
};

bool fmp_bucket_take(struct fmp_bucket *bucket,
		     const struct fmp_bucket_limit *limit, u64 now);

#endif /* FMP_BUCKET_H */
