/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters of the frames that are sent with a key (spec section 6).
 */
#ifndef FMP_COUNTER_H
#define FMP_COUNTER_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/types.h>

/* Budget of one key (spec 13 #10), far from the end of the counter space. */
#define FMP_SEND_LIMIT		BIT_ULL(60)

/**
 * fmp_counter_take() - reserve the counter of a frame to be sent
 * @next: that of the next frame; starts at 0 for each key
 * @counter: result, which nobody else gets
 *
 * A counter is consumed even if the frame is not sent after all (spec 6).
 *
 * Context: Any.
 * Return: false if the key is used up and must not be used any more.
 */
static inline bool fmp_counter_take(atomic64_t *next, u64 *counter)
{
	*counter = atomic64_fetch_inc(next);
	return *counter < FMP_SEND_LIMIT;
}

/**
 * fmp_counter_take_many() - reserve the counters of frames to be sent
 * @next: that of the next frame
 * @n: how many, at least 1
 * @first: result: that of the first of them, which nobody else gets; the others
 *         follow
 *
 * Context: Any.
 * Return: false if the key is not good for all of them; they are consumed all
 * the same.
 */
static inline bool fmp_counter_take_many(atomic64_t *next, unsigned int n,
					 u64 *first)
{
	*first = atomic64_fetch_add(n, next);
	return *first <= FMP_SEND_LIMIT - n;
}

#endif /* FMP_COUNTER_H */
