// SPDX-License-Identifier: GPL-2.0
/*
 * Token buckets: so many at once, and then so many in a time (spec 7.6).
 */
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "bucket.h"

/* In parts of 1 / period of a token: a millisecond brings back @rate of them. */
static u64 fmp_bucket_came_back(const struct fmp_bucket *bucket,
				const struct fmp_bucket_limit *limit, u64 now)
{
	u64 elapsed = now > bucket->last ? now - bucket->last : 0;

	/* Beyond 49 days every bucket of use is full. */
	return min_t(u64, elapsed, U32_MAX) * limit->rate;
}

/**
 * fmp_bucket_take() - take a token, if there is one
 * @bucket: the bucket
 * @limit: what it holds and gets back
 * @now: time; one that goes back brings nothing back
 *
 * Context: Any; calls are serialized by the caller.
 * Return: true if there was one.
 */
bool fmp_bucket_take(struct fmp_bucket *bucket,
		     const struct fmp_bucket_limit *limit, u64 now)
{
	u64 capacity = (u64)limit->burst * limit->period;
	u64 back = fmp_bucket_came_back(bucket, limit, now);

	/* It may have held more before. */
	bucket->taken = min_t(u64, bucket->taken, capacity);
	bucket->taken -= min_t(u64, bucket->taken, back);
	if (bucket->last < now)
		bucket->last = now;

	if (capacity - bucket->taken < limit->period)
		return false;
	bucket->taken += limit->period;
	return true;
}
