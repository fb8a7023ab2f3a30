// SPDX-License-Identifier: GPL-2.0
/*
 * The estimators: mmp_estimators.json, and the ends of their ranges.
 *
 * The source is included, so that this module has its own object of it.
 */
#include "../../src/estimator.c"

#include <linux/kernel.h>
#include <linux/string.h>

#include "mmp_vectors.h"
#include "suites.h"

#include "vectors/mmp-estimators.h"

/* One unit of Q16, where the vectors are in Q32. */
#define UNIT	BIT_ULL(16)

static void fmp_estimator_jitter(struct kunit *test)
{
	size_t run = 0, steps = 0, i;

	fmp_need_file(test, FMP_MMP_ESTIMATORS_MISSING);

	for (; run < fmp_jitter_rows; run++) {
		const struct fmp_jitter_vector *v = &fmp_jitter_vectors[run];
		struct fmp_jitter jitter = {};

		for (i = 0; i < v->entries; i++, steps++) {
			fmp_jitter_add(&jitter, v->steps[i].delta);
			KUNIT_EXPECT_EQ_MSG(test, fmp_jitter_us(&jitter),
					    v->steps[i].jitter, "[%zu][%zu]",
					    run, i);
		}
	}
	KUNIT_EXPECT_EQ(test, steps, FMP_JITTER_STEPS);
	fmp_expect_entries(test, "fmp_estimator jitter", run,
			   FMP_JITTER_ENTRIES);
}

/* What a retransmission would wait for; there is none here. */
static s64 fmp_rto(const struct fmp_rtt *rtt)
{
	s64 slack = rtt->rttvar << 2;

	return rtt->srtt + (slack > 1000000 ? slack : 1000000);
}

static void fmp_estimator_srtt(struct kunit *test)
{
	size_t run = 0, steps = 0, i;

	fmp_need_file(test, FMP_MMP_ESTIMATORS_MISSING);

	for (; run < fmp_srtt_rows; run++) {
		const struct fmp_srtt_vector *v = &fmp_srtt_vectors[run];
		struct fmp_rtt rtt = {};

		for (i = 0; i < v->entries; i++, steps++) {
			fmp_rtt_add(&rtt, v->steps[i].sample);
			KUNIT_EXPECT_EQ_MSG(test, rtt.srtt, v->steps[i].srtt,
					    "[%zu][%zu]", run, i);
			KUNIT_EXPECT_EQ_MSG(test, rtt.rttvar,
					    v->steps[i].rttvar, "[%zu][%zu]",
					    run, i);
			KUNIT_EXPECT_EQ_MSG(test, fmp_rto(&rtt),
					    v->steps[i].rto, "[%zu][%zu]", run,
					    i);
		}
	}
	KUNIT_EXPECT_EQ(test, steps, FMP_SRTT_STEPS);
	fmp_expect_entries(test, "fmp_estimator srtt", run, FMP_SRTT_ENTRIES);
}

static void fmp_estimator_ewma(struct kunit *test)
{
	size_t run = 0, steps = 0, i;

	fmp_need_file(test, FMP_MMP_ESTIMATORS_MISSING);

	for (; run < fmp_dual_ewma_rows; run++) {
		const struct fmp_dual_ewma_vector *v =
			&fmp_dual_ewma_vectors[run];
		struct fmp_ewma ewma = {};
		u64 bound = UNIT;

		for (i = 0; i < v->entries; i++, steps++) {
			if (v->steps[i].rounded)
				bound = UNIT * 3 / 2;
			fmp_ewma_add(&ewma, v->steps[i].sample);
			KUNIT_EXPECT_TRUE_MSG(test, fmp_apart(fmp_ewma_fast(&ewma) << 16,
							      v->steps[i].fast) <= bound,
					      "fast [%zu][%zu]", run, i);
			KUNIT_EXPECT_TRUE_MSG(test, fmp_apart(fmp_ewma_slow(&ewma) << 16,
							      v->steps[i].slow) <= bound,
					      "slow [%zu][%zu]", run, i);
		}
	}
	KUNIT_EXPECT_EQ(test, steps, FMP_DUAL_EWMA_STEPS);
	fmp_expect_entries(test, "fmp_estimator dual_ewma", run,
			   FMP_DUAL_EWMA_ENTRIES);
}

/* Beside averages that have 20 bits more, whatever comes. */
static void fmp_estimator_ewma_bound(struct kunit *test)
{
	s64 fast = 0, slow = 0, worst = 0, sample, off;
	struct fmp_ewma ewma = {};
	u64 seed = 1;
	int i;

	fmp_ewma_add(&ewma, 0);
	for (i = 0; i < 100000; i++) {
		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		/* Long stretches of the same, and noise. */
		sample = i / 500 % 2 ? i / 1000 % 3 : seed >> 40 >> i / 5000;
		fmp_ewma_add(&ewma, sample);
		fast += ((sample << 20) - fast) >> 2;
		slow += ((sample << 20) - slow) >> 5;
		off = fmp_apart(fmp_ewma_fast(&ewma) << 20, fast);
		worst = off > worst ? off : worst;
		off = fmp_apart(fmp_ewma_slow(&ewma) << 20, slow);
		worst = off > worst ? off : worst;
	}
	KUNIT_EXPECT_TRUE_MSG(test, worst <= (1 << 20) + 32, "off by %lld",
			      worst);
	/* The bound is reached, almost: a tighter one would not hold. */
	KUNIT_EXPECT_GT(test, worst, (1 << 20) * 3 / 4);
}

/* Rounded down, by less than a unit; a last bit of the vector's is its own. */
static void fmp_estimator_etx(struct kunit *test)
{
	size_t run = 0;

	fmp_need_file(test, FMP_MMP_ESTIMATORS_MISSING);

	for (; run < fmp_etx_rows; run++) {
		const struct fmp_etx_vector *v = &fmp_etx_vectors[run];
		u64 etx = fmp_etx(fmp_ratio(v->forward.part, v->forward.whole),
				  fmp_ratio(v->reverse.part,
					    v->reverse.whole));

		etx <<= 16;
		KUNIT_EXPECT_TRUE_MSG(test, etx <= v->etx + 1, "[%zu]", run);
		KUNIT_EXPECT_TRUE_MSG(test, v->etx < etx + UNIT, "[%zu]", run);
	}
	fmp_expect_entries(test, "fmp_estimator etx", run, FMP_ETX_ENTRIES);
}

static s32 fmp_owd_trend(const struct fmp_owd_step *steps, size_t n)
{
	struct fmp_fit fit = {};
	size_t i;

	for (i = 0; i < n; i++)
		fmp_fit_add(&fit, (s64)steps[i].seq - steps[0].seq,
			    steps[i].owd - steps[0].owd);
	return fmp_fit_slope(&fit);
}

/* Ours is exact, but both cut off what is behind the point. */
static void fmp_estimator_owd(struct kunit *test)
{
	size_t run = 0, steps = 0, i, n;
	s64 trend;

	fmp_need_file(test, FMP_MMP_ESTIMATORS_MISSING);

	for (; run < fmp_owd_rows; run++) {
		const struct fmp_owd_vector *v = &fmp_owd_vectors[run];

		for (i = 0; i < v->entries; i++, steps++) {
			n = min_t(size_t, i + 1, v->capacity);
			trend = fmp_owd_trend(&v->steps[i + 1 - n], n);
			trend -= v->steps[i].trend;
			KUNIT_EXPECT_TRUE_MSG(test, trend >= -1 && trend <= 1,
					      "[%zu][%zu]: off by %lld", run, i,
					      trend);
		}
	}
	KUNIT_EXPECT_EQ(test, steps, FMP_OWD_STEPS);
	fmp_expect_entries(test, "fmp_estimator owd", run, FMP_OWD_ENTRIES);
}

static void fmp_estimator_ratio(struct kunit *test)
{
	struct fmp_ratio none = {}, ratio = fmp_ratio(3, 4);

	KUNIT_EXPECT_EQ(test, ratio.part, 3);
	KUNIT_EXPECT_EQ(test, ratio.whole, 4);
	KUNIT_EXPECT_EQ(test, fmp_ratio_loss(ratio), FMP_Q16_ONE / 4);
	KUNIT_EXPECT_EQ(test, fmp_ratio_loss(fmp_ratio(0, 1)), FMP_Q16_ONE);
	KUNIT_EXPECT_EQ(test, fmp_ratio_loss(fmp_ratio(2, 1)), 0);
	KUNIT_EXPECT_EQ(test, fmp_ratio_loss(none), 0);

	/* The last that is exact, and what is beyond. */
	ratio = fmp_ratio((1 << 24) - 2, (1 << 24) - 1);
	KUNIT_EXPECT_EQ(test, ratio.part, (1 << 24) - 2);
	KUNIT_EXPECT_EQ(test, ratio.whole, (1 << 24) - 1);
	ratio = fmp_ratio(1ULL << 40, 1ULL << 41);
	KUNIT_EXPECT_EQ(test, ratio.part, 1 << 22);
	KUNIT_EXPECT_EQ(test, ratio.whole, 1 << 23);
	ratio = fmp_ratio(U64_MAX, U64_MAX);
	KUNIT_EXPECT_EQ(test, ratio.part, ratio.whole);
	KUNIT_EXPECT_EQ(test, ratio.whole, (1 << 24) - 1);
	ratio = fmp_ratio(1, U64_MAX);
	KUNIT_EXPECT_EQ(test, ratio.part, 0);
	KUNIT_EXPECT_EQ(test, fmp_ratio_loss(ratio), FMP_Q16_ONE);
}

static void fmp_estimator_etx_ends(struct kunit *test)
{
	struct fmp_ratio none = {}, nothing = fmp_ratio(0, 1);
	struct fmp_ratio all = fmp_ratio(U64_MAX, U64_MAX);
	struct fmp_ratio third = fmp_ratio(1, 3);
	u32 max = FMP_ETX_MAX << FMP_Q16_SHIFT;

	KUNIT_EXPECT_EQ(test, fmp_etx(none, none), FMP_Q16_ONE);
	KUNIT_EXPECT_EQ(test, fmp_etx(all, all), FMP_Q16_ONE);
	KUNIT_EXPECT_EQ(test, fmp_etx(none, third), 3 * FMP_Q16_ONE);
	KUNIT_EXPECT_EQ(test, fmp_etx(third, third), 9 * FMP_Q16_ONE);
	KUNIT_EXPECT_EQ(test, fmp_etx(nothing, all), max);
	KUNIT_EXPECT_EQ(test, fmp_etx(all, nothing), max);
	KUNIT_EXPECT_EQ(test, fmp_etx(fmp_ratio(1, 1 << 23),
				      fmp_ratio(1, 1 << 23)), max);
	KUNIT_EXPECT_EQ(test, fmp_etx(fmp_ratio(1, 100), all), max);
	KUNIT_EXPECT_LT(test, fmp_etx(fmp_ratio(10001, 1000000), all), max);
}

static void fmp_estimator_cost(struct kunit *test)
{
	u32 max = FMP_ETX_MAX << FMP_Q16_SHIFT;

	KUNIT_EXPECT_EQ(test, fmp_link_cost(5 * FMP_Q16_ONE, 0), FMP_Q16_ONE);
	KUNIT_EXPECT_EQ(test, fmp_link_cost(FMP_Q16_ONE, 100000),
			2 * FMP_Q16_ONE);
	KUNIT_EXPECT_EQ(test, fmp_link_cost(2 * FMP_Q16_ONE, 50000),
			3 * FMP_Q16_ONE);
	KUNIT_EXPECT_EQ(test, fmp_link_cost(FMP_Q16_ONE, 1), FMP_Q16_ONE);
	KUNIT_EXPECT_EQ(test, fmp_link_cost(max, S64_MAX),
			fmp_link_cost(max, FMP_COST_RTT_MAX_US));
	KUNIT_EXPECT_GT(test, fmp_link_cost(max, S64_MAX),
			fmp_link_cost(max, FMP_COST_RTT_MAX_US - 1));
}

/* It stays where it is, goes all the way, and holds the largest. */
static void fmp_estimator_ewma_ends(struct kunit *test)
{
	static const u64 ends[] = { 0, 1, 65535, 65536, U32_MAX, FMP_EWMA_MAX };
	struct fmp_ewma ewma = {};
	unsigned int i, j;

	KUNIT_EXPECT_EQ(test, fmp_ewma_fast(&ewma), 0);
	KUNIT_EXPECT_EQ(test, fmp_ewma_slow(&ewma), 0);
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		memset(&ewma, 0, sizeof(ewma));
		for (j = 0; j < 100; j++)
			fmp_ewma_add(&ewma, ends[i]);
		KUNIT_EXPECT_EQ(test, fmp_ewma_fast(&ewma), ends[i]);
		KUNIT_EXPECT_EQ(test, fmp_ewma_slow(&ewma), ends[i]);
		for (j = 0; j < 2000; j++)
			fmp_ewma_add(&ewma, 0);
		KUNIT_EXPECT_EQ(test, fmp_ewma_fast(&ewma), 0);
		KUNIT_EXPECT_EQ(test, fmp_ewma_slow(&ewma), 0);
		for (j = 0; j < 2000; j++)
			fmp_ewma_add(&ewma, U64_MAX);
		KUNIT_EXPECT_EQ(test, fmp_ewma_fast(&ewma), FMP_EWMA_MAX);
		KUNIT_EXPECT_EQ(test, fmp_ewma_slow(&ewma), FMP_EWMA_MAX);
	}
}

static void fmp_estimator_jitter_ends(struct kunit *test)
{
	struct fmp_jitter jitter = {};
	unsigned int i;

	for (i = 0; i < 1000; i++)
		fmp_jitter_add(&jitter, i % 2 ? S32_MIN : S32_MAX);
	KUNIT_EXPECT_GT(test, fmp_jitter_us(&jitter), (u32)S32_MAX - 16);
	for (i = 0; i < 1000; i++)
		fmp_jitter_add(&jitter, 0);
	KUNIT_EXPECT_LT(test, fmp_jitter_us(&jitter), 1);
}

/* The steepest lines that 32 delays can make, in each direction. */
static void fmp_estimator_fit_ends(struct kunit *test)
{
	struct fmp_fit up = {}, down = {}, steep = {}, one = {}, none = {};
	int i;

	for (i = 0; i < 32; i++) {
		fmp_fit_add(&up, i, i < 16 ? S32_MIN : S32_MAX);
		fmp_fit_add(&down, i, i < 16 ? S32_MAX : S32_MIN);
		fmp_fit_add(&steep, i, i * (1LL << 41));
	}
	KUNIT_EXPECT_EQ(test, fmp_fit_slope(&up), S32_MAX);
	KUNIT_EXPECT_EQ(test, fmp_fit_slope(&down), S32_MIN);
	KUNIT_EXPECT_EQ(test, fmp_fit_slope(&steep), S32_MAX);
	fmp_fit_add(&one, 7, 7);
	KUNIT_EXPECT_EQ(test, fmp_fit_slope(&one), 0);
	KUNIT_EXPECT_EQ(test, fmp_fit_slope(&none), 0);

	/* The last that does not saturate, and the first that does. */
	memset(&one, 0, sizeof(one));
	fmp_fit_add(&one, 0, 0);
	fmp_fit_add(&one, 1000, S32_MAX);
	KUNIT_EXPECT_EQ(test, fmp_fit_slope(&one), S32_MAX);
	memset(&one, 0, sizeof(one));
	fmp_fit_add(&one, 0, 0);
	fmp_fit_add(&one, 1000, S32_MAX - 1LL);
	KUNIT_EXPECT_EQ(test, fmp_fit_slope(&one), S32_MAX - 1);
	memset(&one, 0, sizeof(one));
	fmp_fit_add(&one, 0, 0);
	fmp_fit_add(&one, 1000, S32_MAX + 1LL);
	KUNIT_EXPECT_EQ(test, fmp_fit_slope(&one), S32_MAX);
}

static struct kunit_case fmp_estimator_cases[] = {
	KUNIT_CASE(fmp_estimator_jitter),
	KUNIT_CASE(fmp_estimator_srtt),
	KUNIT_CASE(fmp_estimator_ewma),
	KUNIT_CASE(fmp_estimator_ewma_bound),
	KUNIT_CASE(fmp_estimator_etx),
	KUNIT_CASE(fmp_estimator_owd),
	KUNIT_CASE(fmp_estimator_ratio),
	KUNIT_CASE(fmp_estimator_etx_ends),
	KUNIT_CASE(fmp_estimator_cost),
	KUNIT_CASE(fmp_estimator_ewma_ends),
	KUNIT_CASE(fmp_estimator_jitter_ends),
	KUNIT_CASE(fmp_estimator_fit_ends),
	{}
};

struct kunit_suite fmp_estimator_suite = {
	.name = "fmp_estimator",
	.test_cases = fmp_estimator_cases,
};
