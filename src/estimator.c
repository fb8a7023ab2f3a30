// SPDX-License-Identifier: GPL-2.0
/*
 * Estimators of the link metrics (spec 9.8), in integers.
 */
#include <linux/bitops.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "estimator.h"

/* What @slow of an average can hold 32 of. */
#define FMP_EWMA_MAX		BIT_ULL(57)
#define FMP_EWMA_FAST_SHIFT	2U
#define FMP_EWMA_SLOW_SHIFT	5U

/* Thousandths of a slope beyond which they do not fit into 32 bits. */
#define FMP_SLOPE_MAX		(S32_MAX / 1000 + 1)

#define FMP_RATIO_BITS		24U

/* 12 days: its product with an ETX fits into 64 bits. */
#define FMP_COST_RTT_MAX_US	BIT_ULL(40)

/**
 * fmp_rtt_add() - take a sample of the round trip time in
 * @rtt: what is smoothed
 * @sample_us: microseconds
 *
 * The rounding is that of the protocol's reference, so that both ends of a link
 * agree to the microsecond.
 *
 * Context: Any; calls are serialized by the caller.
 */
void fmp_rtt_add(struct fmp_rtt *rtt, s64 sample_us)
{
	s64 err = rtt->srtt - sample_us;

	if (!rtt->known) {
		rtt->srtt = sample_us;
		rtt->rttvar = sample_us >> 1;
		rtt->known = true;
		return;
	}
	if (err < 0)
		err = -err;
	rtt->rttvar += (err >> 2) - (rtt->rttvar >> 2);
	rtt->srtt += (sample_us >> 3) - (rtt->srtt >> 3);
}

/**
 * fmp_jitter_add() - take a difference of two transit times in
 * @jitter: what is smoothed
 * @delta_us: microseconds
 *
 * Context: Any; calls are serialized by the caller.
 */
void fmp_jitter_add(struct fmp_jitter *jitter, s32 delta_us)
{
	/* Of the smallest number there is no negative one in 32 bits. */
	u32 size = delta_us < 0 ? -(u32)delta_us : (u32)delta_us;

	jitter->q4 += size - (jitter->q4 >> 4);
}

/**
 * fmp_average() - read a moving average
 * @scaled: 2^@shift times the average
 * @shift: not 0
 *
 * Context: Any.
 * Return: The average, to the nearest.
 */
u64 fmp_average(u64 scaled, unsigned int shift)
{
	return (scaled + (1ULL << (shift - 1))) >> shift;
}

/**
 * fmp_average_next() - take a sample into a moving average
 * @scaled: 2^@shift times the average
 * @sample: what it moves to, by 2^-@shift of the way
 * @shift: not 0
 *
 * Context: Any.
 * Return: 2^@shift times the new average.
 */
u64 fmp_average_next(u64 scaled, u64 sample, unsigned int shift)
{
	return scaled - fmp_average(scaled, shift) + sample;
}

/**
 * fmp_ewma_add() - take a sample into both averages
 * @ewma: the averages
 * @sample: Q16; saturates at 2^41
 *
 * Context: Any; calls are serialized by the caller.
 */
void fmp_ewma_add(struct fmp_ewma *ewma, u64 sample)
{
	sample = min_t(u64, sample, FMP_EWMA_MAX);
	if (!ewma->known) {
		ewma->fast = sample << FMP_EWMA_FAST_SHIFT;
		ewma->slow = sample << FMP_EWMA_SLOW_SHIFT;
		ewma->known = true;
		return;
	}
	ewma->fast = fmp_average_next(ewma->fast, sample,
				      FMP_EWMA_FAST_SHIFT);
	ewma->slow = fmp_average_next(ewma->slow, sample,
				      FMP_EWMA_SLOW_SHIFT);
}

/**
 * fmp_ewma_fast() - read the average that follows quickly
 * @ewma: the averages
 *
 * Context: Any; calls are serialized by the caller.
 * Return: Q16, 0 before a sample.
 */
u64 fmp_ewma_fast(const struct fmp_ewma *ewma)
{
	return fmp_average(ewma->fast, FMP_EWMA_FAST_SHIFT);
}

/**
 * fmp_ewma_slow() - read the average that follows slowly
 * @ewma: the averages
 *
 * Context: Any; calls are serialized by the caller.
 * Return: Q16, 0 before a sample.
 */
u64 fmp_ewma_slow(const struct fmp_ewma *ewma)
{
	return fmp_average(ewma->slow, FMP_EWMA_SLOW_SHIFT);
}

/**
 * fmp_fit_add() - add a point
 * @fit: the points so far
 * @x: best counted from one of the points
 * @y: the same
 *
 * Context: Any; calls are serialized by the caller.
 */
void fmp_fit_add(struct fmp_fit *fit, s64 x, s64 y)
{
	fit->n++;
	fit->x += x;
	fit->y += y;
	fit->xx += x * x;
	fit->xy += x * y;
}

/**
 * fmp_fit_slope() - read the slope of the line with the least squares
 * @fit: the points
 *
 * Context: Any; calls are serialized by the caller.
 * Return: Thousandths, towards 0; saturates. 0 without two values of x.
 */
s32 fmp_fit_slope(const struct fmp_fit *fit)
{
	s64 rise = fit->n * fit->xy - fit->x * fit->y;
	s64 run = fit->n * fit->xx - fit->x * fit->x;
	s64 slope, rest;

	if (run <= 0)
		return 0;
	slope = div64_s64(rise, run);
	rest = rise - slope * run;
	slope = clamp_t(s64, slope, -FMP_SLOPE_MAX, FMP_SLOPE_MAX);
	slope = slope * 1000 + div64_s64(rest * 1000, run);
	return clamp_t(s64, slope, S32_MIN, S32_MAX);
}

/**
 * fmp_ratio() - say how much of what was sent has arrived
 * @part: what arrived; more than @whole is all of it
 * @whole: what was sent, not 0
 *
 * Context: Any.
 * Return: Exact below 2^24, and good to 2^-23 of @whole from there on.
 */
struct fmp_ratio fmp_ratio(u64 part, u64 whole)
{
	unsigned int shift = fls64(whole >> FMP_RATIO_BITS);

	return (struct fmp_ratio){
		.part = min_t(u64, part, whole) >> shift,
		.whole = whole >> shift,
	};
}

/**
 * fmp_ratio_loss() - tell what has not arrived
 * @ratio: how much has
 *
 * Context: Any.
 * Return: Q16 between 0 and 1, 0 while nothing is known.
 */
u32 fmp_ratio_loss(struct fmp_ratio ratio)
{
	u64 lost = ratio.whole - ratio.part;

	if (!ratio.whole)
		return 0;
	return div_u64((lost << FMP_Q16_SHIFT) + ratio.whole / 2, ratio.whole);
}

static struct fmp_ratio fmp_ratio_or_all(struct fmp_ratio ratio)
{
	return ratio.whole ? ratio : (struct fmp_ratio){ 1, 1 };
}

/**
 * fmp_etx() - tell how often a frame has to be sent for an answer to arrive
 * @forward: what of the frames to the peer arrives
 * @reverse: what of the frames from the peer arrives
 *
 * Rounded down, so that it reaches a whole number exactly if the ratios do.
 *
 * Context: Any.
 * Return: Q16 between 1 and FMP_ETX_MAX.
 */
u32 fmp_etx(struct fmp_ratio forward, struct fmp_ratio reverse)
{
	struct fmp_ratio there = fmp_ratio_or_all(forward);
	struct fmp_ratio back = fmp_ratio_or_all(reverse);
	u64 arrived = (u64)there.part * back.part;
	u64 sent = (u64)there.whole * back.whole;
	u64 max = FMP_ETX_MAX << FMP_Q16_SHIFT;

	if (!arrived)
		return max;
	return min_t(u64, div64_u64(sent << FMP_Q16_SHIFT, arrived), max);
}

/**
 * fmp_link_cost() - weigh a link, for who chooses between several
 * @etx: Q16, no more than FMP_ETX_MAX
 * @srtt_us: smoothed round trip time, microseconds; 0 while it is not known
 *
 * Context: Any.
 * Return: ETX times (1 + milliseconds / 100), Q16, rounded down; 1 while the
 * round trip time is not known.
 */
u64 fmp_link_cost(u32 etx, s64 srtt_us)
{
	u64 us = min_t(s64, srtt_us, FMP_COST_RTT_MAX_US);

	if (srtt_us <= 0)
		return FMP_Q16_ONE;
	return etx + div_u64(etx * us, 100000);
}
