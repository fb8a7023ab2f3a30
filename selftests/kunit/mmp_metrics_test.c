// SPDX-License-Identifier: GPL-2.0
/*
 * The metrics of a link: mmp_metrics.json, thresholds, and reports that lie.
 *
 * The source is included, so that this module has its own object of it.
 */
#include "../../src/mmp-metrics.c"

#include <linux/kernel.h>
#include <linux/string.h>

#include "../../src/wire.h"
#include "mmp_vectors.h"
#include "suites.h"

#include "vectors/mmp-metrics.h"

/* One unit of Q16, where the vectors are in Q32. */
#define UNIT	BIT_ULL(16)

struct fmp_measuring {
	struct fmp_mmp_metrics metrics;
	u32 reports;
	u32 samples;
	u32 zero;
	u32 invalid;
};

static u64 fmp_ratio_q32(struct fmp_ratio ratio)
{
	if (!ratio.whole)
		return 1ULL << 32;
	return div_u64((u64)ratio.part << 32, ratio.whole);
}

static void fmp_expect_near(struct kunit *test, u64 value, u64 expected,
			    u64 bound, const char *what, const char *name,
			    size_t i)
{
	KUNIT_EXPECT_TRUE_MSG(test, fmp_apart(value, expected) <= bound,
			      "%s[%zu]: %s is %llu and not %llu", name, i, what,
			      value, expected);
}

static void fmp_expect_exact(struct kunit *test, const struct fmp_measuring *m,
			     const struct fmp_metrics_state *s,
			     const char *name, size_t i)
{
	const struct fmp_mmp_metrics *metrics = &m->metrics;

	KUNIT_EXPECT_EQ_MSG(test, metrics->rtt.srtt, s->srtt, "%s[%zu]: srtt",
			    name, i);
	KUNIT_EXPECT_EQ_MSG(test, metrics->rtt.rttvar, s->rttvar,
			    "%s[%zu]: rttvar", name, i);
	KUNIT_EXPECT_EQ_MSG(test, metrics->rtt.known, s->known,
			    "%s[%zu]: known", name, i);
	KUNIT_EXPECT_EQ_MSG(test, metrics->rtt_last, s->last_rtt_ms,
			    "%s[%zu]: last rtt", name, i);
	KUNIT_EXPECT_EQ_MSG(test, !!metrics->rtt_at, s->has_last_rtt_ms,
			    "%s[%zu]: last rtt", name, i);
	KUNIT_EXPECT_EQ_MSG(test, m->reports, s->reports, "%s[%zu]: reports",
			    name, i);
	KUNIT_EXPECT_EQ_MSG(test, m->samples, s->samples, "%s[%zu]: samples",
			    name, i);
	KUNIT_EXPECT_EQ_MSG(test, m->zero, s->zero, "%s[%zu]: zero", name, i);
	KUNIT_EXPECT_EQ_MSG(test, m->invalid, s->invalid, "%s[%zu]: invalid",
			    name, i);
	KUNIT_EXPECT_EQ_MSG(test, !!metrics->loss_trend.known,
			    s->has_smoothed_loss, "%s[%zu]: loss", name, i);
	KUNIT_EXPECT_EQ_MSG(test, !!metrics->etx_trend.known,
			    s->has_smoothed_etx, "%s[%zu]: etx", name, i);
}

/* The bounds are those of docs/metrics.md. */
static void fmp_expect_state(struct kunit *test, const struct fmp_measuring *m,
			     const struct fmp_metrics_state *s,
			     const char *name, size_t i)
{
	const struct fmp_mmp_metrics *metrics = &m->metrics;
	u64 etx = (u64)fmp_mmp_metrics_etx(metrics) << 16;

	fmp_expect_exact(test, m, s, name, i);
	fmp_expect_near(test, fmp_ratio_q32(metrics->forward), s->forward, 1,
			"forward", name, i);
	fmp_expect_near(test, fmp_ratio_q32(metrics->reverse), s->reverse, 1,
			"reverse", name, i);
	fmp_expect_near(test, (u64)fmp_mmp_metrics_loss(metrics) << 16, s->loss,
			UNIT / 2 + 1, "loss", name, i);
	fmp_expect_near(test, etx, s->etx, UNIT, "etx", name, i);
	KUNIT_EXPECT_TRUE_MSG(test, etx <= s->etx + 1, "%s[%zu]: etx", name, i);
	fmp_expect_near(test, fmp_average(metrics->goodput, FMP_GOODPUT_SHIFT),
			s->goodput, 2 + (s->goodput >> 50), "goodput", name, i);
	fmp_expect_near(test, fmp_ewma_slow(&metrics->loss_trend) << 16,
			s->smoothed_loss, UNIT * 3 / 2, "smoothed loss", name,
			i);
	fmp_expect_near(test, fmp_ewma_slow(&metrics->etx_trend) << 16,
			s->smoothed_etx, UNIT * 2, "smoothed etx", name, i);
}

static enum fmp_outcome fmp_measuring_count(struct fmp_measuring *m,
					    enum fmp_mmp_result result)
{
	m->reports++;
	switch (result) {
	case FMP_MMP_STALE:
		return FMP_OUTCOME_STALE;
	case FMP_MMP_NO_ECHO:
		return FMP_OUTCOME_NO_ECHO;
	case FMP_MMP_RTT:
		m->samples++;
		return FMP_OUTCOME_SAMPLE;
	case FMP_MMP_RTT_ZERO:
		m->zero++;
		return FMP_OUTCOME_INVALID;
	case FMP_MMP_RTT_INVALID:
		break;
	}
	m->invalid++;
	return FMP_OUTCOME_INVALID;
}

/* The vectors have the two directions apart, which the module takes at once. */
static void fmp_measuring_report(struct kunit *test, struct fmp_measuring *m,
				 const struct fmp_metrics_op *op,
				 const char *name, size_t i)
{
	struct fmp_mmp_local local = {
		.now = op->now,
		.timestamp = op->timestamp,
	};
	bool known = m->metrics.rtt.known;
	struct fmp_receiver_report report;
	enum fmp_outcome outcome;

	KUNIT_ASSERT_EQ(test, 0, fmp_link_read_receiver_report(&report,
							       op->wire.data,
							       op->wire.len));
	outcome = fmp_measuring_count(m, fmp_mmp_received(&m->metrics, &report,
							  &local));
	KUNIT_EXPECT_EQ_MSG(test, outcome, op->outcome, "%s[%zu]: outcome",
			    name, i);
	KUNIT_EXPECT_EQ_MSG(test, !known && m->metrics.rtt.known,
			    op->first_srtt, "%s[%zu]: first", name, i);
	if (op->outcome == FMP_OUTCOME_SAMPLE)
		KUNIT_EXPECT_EQ_MSG(test, m->metrics.rtt_at, op->now,
				    "%s[%zu]: age", name, i);
}

static void fmp_measuring_op(struct kunit *test, struct fmp_measuring *m,
			     const struct fmp_metrics_op *op, const char *name,
			     size_t i)
{
	switch (op->kind) {
	case FMP_METRICS_RECEIVER_REPORT:
		fmp_measuring_report(test, m, op, name, i);
		break;
	case FMP_METRICS_REVERSE_DELIVERY:
		fmp_mmp_reverse(&m->metrics, op->packets, op->highest);
		break;
	case FMP_METRICS_RESET_FOR_REKEY:
		fmp_mmp_metrics_reset(&m->metrics);
		break;
	}
	fmp_expect_state(test, m, &op->state, name, i);
}

static void fmp_mmp_metrics_sequences(struct kunit *test)
{
	size_t run = 0, ops = 0, i;
	struct fmp_measuring *m;

	fmp_need_file(test, FMP_MMP_METRICS_MISSING);
	m = kunit_kmalloc(test, sizeof(*m), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m);

	for (; run < fmp_metrics_rows; run++) {
		const struct fmp_metrics_sequence *v =
			&fmp_metrics_vectors[run];

		memset(m, 0, sizeof(*m));
		for (i = 0; i < v->entries; i++, ops++)
			fmp_measuring_op(test, m, &v->ops[i], v->name, i);
	}
	KUNIT_EXPECT_EQ(test, ops, FMP_METRICS_OPS);
	fmp_expect_entries(test, "fmp_mmp_metrics", run, FMP_METRICS_ENTRIES);
}

static struct fmp_mmp_metrics *fmp_metrics_new(struct kunit *test)
{
	struct fmp_mmp_metrics *metrics;

	metrics = kunit_kzalloc(test, sizeof(*metrics), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, metrics);
	return metrics;
}

/* The peer has got @packets of those up to @highest. */
static enum fmp_mmp_result fmp_say(struct fmp_mmp_metrics *metrics, u64 highest,
				   u64 packets, u64 now)
{
	struct fmp_receiver_report report = {
		.highest_counter = highest,
		.cumulative_packets = packets,
		.cumulative_bytes = packets * 100,
	};
	struct fmp_mmp_local local = { .now = now };

	return fmp_mmp_metrics_report(metrics, &report, &local);
}

/* An interval in which @arrived of 1000 frames arrived. */
static struct fmp_mmp_metrics *fmp_metrics_of(struct kunit *test, u32 arrived)
{
	struct fmp_mmp_metrics *metrics = fmp_metrics_new(test);

	fmp_say(metrics, 100, 101, 1000);
	fmp_say(metrics, 1100, 101 + arrived, 2000);
	return metrics;
}

static void fmp_mmp_metrics_loss_threshold(struct kunit *test)
{
	struct fmp_mmp_metrics *metrics = fmp_metrics_new(test);

	KUNIT_EXPECT_FALSE(test, fmp_mmp_metrics_congested(metrics, 50, 0));
	KUNIT_EXPECT_FALSE(test, fmp_mmp_metrics_congested(metrics, 1, 0));
	metrics = fmp_metrics_of(test, 950);
	KUNIT_EXPECT_TRUE(test, fmp_mmp_metrics_congested(metrics, 50, 0));
	KUNIT_EXPECT_FALSE(test, fmp_mmp_metrics_congested(metrics, 51, 0));
	KUNIT_EXPECT_FALSE(test, fmp_mmp_metrics_congested(metrics, 0, 0));
	metrics = fmp_metrics_of(test, 951);
	KUNIT_EXPECT_FALSE(test, fmp_mmp_metrics_congested(metrics, 50, 0));
	metrics = fmp_metrics_of(test, 0);
	KUNIT_EXPECT_TRUE(test, fmp_mmp_metrics_congested(metrics, 1000, 0));
	KUNIT_EXPECT_FALSE(test, fmp_mmp_metrics_congested(metrics, 1001, 0));
	KUNIT_EXPECT_FALSE(test, fmp_mmp_metrics_congested(metrics, U32_MAX,
							   0));

	/* By the last interval alone, and not by that of another session. */
	fmp_say(metrics, 2100, 1101, 3000);
	KUNIT_EXPECT_FALSE(test, fmp_mmp_metrics_congested(metrics, 1, 0));
	metrics = fmp_metrics_of(test, 0);
	fmp_mmp_metrics_reset(metrics);
	KUNIT_EXPECT_FALSE(test, fmp_mmp_metrics_congested(metrics, 1, 0));
}

static void fmp_mmp_metrics_etx_threshold(struct kunit *test)
{
	struct fmp_mmp_metrics *metrics = fmp_metrics_new(test);

	KUNIT_EXPECT_TRUE(test, fmp_mmp_metrics_congested(metrics, 0, 100));
	KUNIT_EXPECT_FALSE(test, fmp_mmp_metrics_congested(metrics, 0, 101));
	KUNIT_EXPECT_FALSE(test, fmp_mmp_metrics_congested(metrics, 0, 0));
	metrics = fmp_metrics_of(test, 0);
	KUNIT_EXPECT_TRUE(test, fmp_mmp_metrics_congested(metrics, 0, 10000));
	KUNIT_EXPECT_FALSE(test, fmp_mmp_metrics_congested(metrics, 0, 10001));
	KUNIT_EXPECT_FALSE(test, fmp_mmp_metrics_congested(metrics, 0,
							   U32_MAX));

	/* Exactly 3, in both directions together, and a frame less. */
	metrics = fmp_metrics_of(test, 500);
	fmp_mmp_reverse(metrics, 0, 0);
	fmp_mmp_reverse(metrics, 200, 300);
	KUNIT_EXPECT_TRUE(test, fmp_mmp_metrics_congested(metrics, 0, 300));
	metrics = fmp_metrics_of(test, 501);
	fmp_mmp_reverse(metrics, 0, 0);
	fmp_mmp_reverse(metrics, 200, 300);
	KUNIT_EXPECT_FALSE(test, fmp_mmp_metrics_congested(metrics, 0, 300));
}

/* A report from before a rekey must not come here; this is why (spec 9.7). */
static void fmp_mmp_metrics_frozen(struct kunit *test)
{
	struct fmp_mmp_metrics *metrics = fmp_metrics_of(test, 1000);

	fmp_mmp_metrics_reset(metrics);
	fmp_say(metrics, 1u << 20, 1102, 3000);
	KUNIT_EXPECT_EQ(test, fmp_say(metrics, 10, 1110, 4000), FMP_MMP_STALE);

	fmp_mmp_metrics_reset(metrics);
	KUNIT_EXPECT_EQ(test, fmp_say(metrics, 10, 1110, 5000),
			FMP_MMP_NO_ECHO);
	KUNIT_EXPECT_EQ(test, fmp_say(metrics, 20, 1115, 6000),
			FMP_MMP_NO_ECHO);
	KUNIT_EXPECT_EQ(test, fmp_mmp_metrics_loss(metrics), FMP_Q16_ONE / 2);
}

/* One report tells of both directions, a stale one of ours. */
static void fmp_mmp_metrics_both(struct kunit *test)
{
	struct fmp_mmp_local local = { .now = 1000 };
	struct fmp_mmp_metrics *metrics = fmp_metrics_new(test);
	struct fmp_receiver_report report = {};

	fmp_mmp_metrics_report(metrics, &report, &local);
	local.packets = 50;
	local.highest = 100;
	KUNIT_EXPECT_EQ(test, fmp_mmp_metrics_report(metrics, &report, &local),
			FMP_MMP_STALE);
	KUNIT_EXPECT_EQ(test, fmp_mmp_metrics_etx(metrics), 2 * FMP_Q16_ONE);
	/* Ours does not go back but at a rekey, which is no interval. */
	local.highest = 7;
	fmp_mmp_metrics_report(metrics, &report, &local);
	KUNIT_EXPECT_EQ(test, fmp_mmp_metrics_etx(metrics), 2 * FMP_Q16_ONE);
	KUNIT_EXPECT_EQ(test, fmp_mmp_metrics_cost(metrics), FMP_Q16_ONE);
	/* Nor is it one if the new counter is higher already. */
	fmp_mmp_metrics_reset(metrics);
	local.highest = 1000;
	fmp_mmp_metrics_report(metrics, &report, &local);
	KUNIT_EXPECT_EQ(test, fmp_mmp_metrics_etx(metrics), 2 * FMP_Q16_ONE);
}

static void fmp_expect_sane(struct kunit *test,
			    const struct fmp_mmp_metrics *metrics)
{
	u32 etx = fmp_mmp_metrics_etx(metrics);

	KUNIT_EXPECT_TRUE(test, metrics->rtt.srtt >= 0);
	KUNIT_EXPECT_TRUE(test, metrics->rtt.srtt <= U32_MAX * 1000LL);
	KUNIT_EXPECT_TRUE(test, metrics->rtt.rttvar >= 0);
	KUNIT_EXPECT_TRUE(test, metrics->rtt.rttvar <= U32_MAX * 1000LL);
	KUNIT_EXPECT_TRUE(test, fmp_mmp_metrics_loss(metrics) <= FMP_Q16_ONE);
	KUNIT_EXPECT_TRUE(test, etx >= FMP_Q16_ONE);
	KUNIT_EXPECT_TRUE(test, etx <= FMP_ETX_MAX << FMP_Q16_SHIFT);
	KUNIT_EXPECT_TRUE(test, fmp_ewma_slow(&metrics->loss_trend) <=
				FMP_Q16_ONE);
	KUNIT_EXPECT_TRUE(test, fmp_ewma_slow(&metrics->etx_trend) <=
				FMP_ETX_MAX << FMP_Q16_SHIFT);
	KUNIT_EXPECT_TRUE(test, fmp_mmp_metrics_goodput(metrics) <=
				FMP_GOODPUT_MAX * 1000);
	KUNIT_EXPECT_TRUE(test, fmp_mmp_metrics_cost(metrics) >= FMP_Q16_ONE);
}

/* The largest steps between reports, in every order, at odd times. */
static void fmp_mmp_metrics_hostile(struct kunit *test)
{
	static const u64 numbers[] = { 0, 1, U32_MAX, 1ULL << 32, 1ULL << 63,
				       U64_MAX - 1, U64_MAX };
	static const u64 times[] = { 0, 1, 1, U32_MAX, 1ULL << 33, U64_MAX };
	struct fmp_mmp_metrics *metrics = fmp_metrics_new(test);
	struct fmp_receiver_report report;
	struct fmp_mmp_local local;
	unsigned int i;

	for (i = 0; i < 7 * 7 * 7 * 7; i++) {
		memset(&report, 0xff, sizeof(report));
		report.highest_counter = numbers[i % 7];
		report.cumulative_packets = numbers[i / 7 % 7];
		report.cumulative_bytes = numbers[i / 49 % 7];
		report.ecn_ce_count = i / 343;
		report.cumulative_reorder_count = 0;
		report.timestamp_echo = i % 3 ? numbers[i / 5 % 7] : U32_MAX;
		local.now = times[i % 6];
		local.timestamp = numbers[i / 11 % 7];
		local.packets = numbers[i / 13 % 7];
		local.highest = numbers[i / 17 % 7];
		fmp_mmp_metrics_report(metrics, &report, &local);
		fmp_expect_sane(test, metrics);
		if (i % 5 == 4)
			fmp_mmp_metrics_reset(metrics);
	}
}

/* All ones at once, and then nothing newer can come. */
static void fmp_mmp_metrics_all_ones(struct kunit *test)
{
	struct fmp_mmp_local local = { .now = 1000, .timestamp = U32_MAX };
	struct fmp_mmp_metrics *metrics = fmp_metrics_new(test);
	struct fmp_receiver_report report;

	fmp_say(metrics, 0, 0, 1);
	memset(&report, 0xff, sizeof(report));
	KUNIT_EXPECT_EQ(test, fmp_mmp_metrics_report(metrics, &report, &local),
			FMP_MMP_RTT_INVALID);
	fmp_expect_sane(test, metrics);
	KUNIT_EXPECT_EQ(test, fmp_mmp_metrics_loss(metrics), 0);
	KUNIT_EXPECT_FALSE(test, metrics->rtt.known);
	KUNIT_EXPECT_EQ(test, fmp_mmp_metrics_goodput(metrics),
			FMP_GOODPUT_MAX * 1000);
	KUNIT_EXPECT_EQ(test, fmp_mmp_metrics_report(metrics, &report, &local),
			FMP_MMP_STALE);
	KUNIT_EXPECT_EQ(test, fmp_say(metrics, 5, 5, 2000), FMP_MMP_STALE);
}

static struct kunit_case fmp_mmp_metrics_cases[] = {
	KUNIT_CASE(fmp_mmp_metrics_sequences),
	KUNIT_CASE(fmp_mmp_metrics_loss_threshold),
	KUNIT_CASE(fmp_mmp_metrics_etx_threshold),
	KUNIT_CASE(fmp_mmp_metrics_frozen),
	KUNIT_CASE(fmp_mmp_metrics_both),
	KUNIT_CASE(fmp_mmp_metrics_hostile),
	KUNIT_CASE(fmp_mmp_metrics_all_ones),
	{}
};

struct kunit_suite fmp_mmp_metrics_suite = {
	.name = "fmp_mmp_metrics",
	.test_cases = fmp_mmp_metrics_cases,
};
