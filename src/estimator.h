/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Estimators of the link metrics (spec 9.8), in integers.
 *
 * No state but their own and no clock. All zeroes is a fresh estimator of
 * each kind. Calls are serialized by the caller.
 */
#ifndef FMP_ESTIMATOR_H
#define FMP_ESTIMATOR_H

#include <linux/types.h>

/* Fractions are in Q16: units of 1 / 65536. */
#define FMP_Q16_SHIFT		16U
#define FMP_Q16_ONE		65536U

/* Of ETX, expected transmissions of a frame; also where nothing arrives. */
#define FMP_ETX_MAX		100U

/**
 * struct fmp_rtt - smoothed round trip time
 * @srtt: smoothed, microseconds
 * @rttvar: its mean deviation, microseconds
 * @known: there was a sample
 */
struct fmp_rtt {
	s64 srtt;
	s64 rttvar;
	bool known;
};

/**
 * struct fmp_jitter - smoothed interarrival jitter
 * @q4: sixteen times the microseconds
 */
struct fmp_jitter {
	u64 q4;
};

static inline u32 fmp_jitter_us(const struct fmp_jitter *jitter)
{
	return jitter->q4 >> 4;
}

/**
 * struct fmp_ewma - two moving averages, from which a trend can be read
 * @fast: four times the one that follows quickly, Q16
 * @slow: 32 times the one that follows slowly, Q16
 * @known: there was a sample, with which both start
 *
 * What division by the weight leaves over is kept, so that rounding does not
 * add up to more than half a unit of Q16.
 */
struct fmp_ewma {
	u64 fast;
	u64 slow : 63;
	u64 known : 1;
};

/**
 * struct fmp_fit - sums for a straight line through points
 * @n: how many points
 * @x: sum of x
 * @y: sum of y
 * @xx: sum of squares of x
 * @xy: sum of products
 *
 * Exact for up to 32 points if x is within 2^20 of 0, and if the largest x times
 * the largest y is within 2^51.
 */
struct fmp_fit {
	s64 n;
	s64 x;
	s64 y;
	s64 xx;
	s64 xy;
};

/**
 * struct fmp_ratio - how much of what was sent has arrived
 * @part: what arrived, no more than @whole
 * @whole: what was sent; 0 while nothing is known, which counts as all
 *
 * Both below 2^24, which a product of two and a fraction of it leave room for.
 */
struct fmp_ratio {
	u32 part;
	u32 whole;
};

void fmp_rtt_add(struct fmp_rtt *rtt, s64 sample_us);
void fmp_jitter_add(struct fmp_jitter *jitter, s32 delta_us);
u64 fmp_average(u64 scaled, unsigned int shift);
u64 fmp_average_next(u64 scaled, u64 sample, unsigned int shift);
void fmp_ewma_add(struct fmp_ewma *ewma, u64 sample);
u64 fmp_ewma_fast(const struct fmp_ewma *ewma);
u64 fmp_ewma_slow(const struct fmp_ewma *ewma);
void fmp_fit_add(struct fmp_fit *fit, s64 x, s64 y);
s32 fmp_fit_slope(const struct fmp_fit *fit);
struct fmp_ratio fmp_ratio(u64 part, u64 whole);
u32 fmp_ratio_loss(struct fmp_ratio ratio);
u32 fmp_etx(struct fmp_ratio forward, struct fmp_ratio reverse);
u64 fmp_link_cost(u32 etx, s64 srtt_us);

#endif /* FMP_ESTIMATOR_H */
