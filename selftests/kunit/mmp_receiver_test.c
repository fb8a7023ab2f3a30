// SPDX-License-Identifier: GPL-2.0
/*
 * The receiver of the link metrics: mmp_receiver.json, what a rule of the
 * protocol does differently, and what a peer could send.
 *
 * The source is included, so that this module has its own object of it.
 */
#include "../../src/mmp-receiver.c"

#include <linux/kernel.h>
#include <linux/string.h>

#include "../../src/mmp-timing.h"
#include "../../src/wire.h"
#include "mmp_vectors.h"
#include "suites.h"

#include "vectors/mmp-receiver.h"

/*
 * Two rings beside that of the receiver. The reference counts each arrival from
 * the one before and takes the timestamp whole, which is what the vectors have;
 * the rule counts both from the first frame (spec 9.3).
 */
struct fmp_delay_model {
	s64 reference[FMP_MMP_DELAYS];
	s64 rule[FMP_MMP_DELAYS];
	unsigned int n;
	u64 last;
	u32 timestamp;
	s64 delay;
};

static void fmp_delay_push(s64 *ring, unsigned int n, s64 value)
{
	if (n == FMP_MMP_DELAYS) {
		memmove(ring, ring + 1, (n - 1) * sizeof(*ring));
		n--;
	}
	ring[n] = value;
}

static void fmp_delay_add(struct fmp_delay_model *model, u64 now_ms,
			  u32 timestamp)
{
	s64 elapsed = model->n ? (s64)(now_ms - model->last) : 0;
	s64 sent = model->n ? (s32)(timestamp - model->timestamp) : 0;

	/* Frame by frame; beyond 35 minutes it wraps as that of the receiver. */
	model->delay += (elapsed - sent) * 1000;
	fmp_delay_push(model->rule, model->n, (s32)(u32)model->delay);
	fmp_delay_push(model->reference, model->n,
		       (elapsed > 0 ? elapsed : 0) * 1000 - timestamp * 1000LL);
	if (model->n < FMP_MMP_DELAYS)
		model->n++;
	model->last = now_ms;
	model->timestamp = timestamp;
}

static s32 fmp_reference_trend(const struct fmp_delay_model *model)
{
	struct fmp_fit fit = {};
	unsigned int i;

	for (i = 0; i < model->n; i++)
		fmp_fit_add(&fit, i, model->reference[i] - model->reference[0]);
	return fmp_fit_slope(&fit);
}

/* With x of 0, 1, 2 ... the line has a formula of its own. */
static s32 fmp_rule_trend(const struct fmp_delay_model *model)
{
	s64 n = model->n, sum = 0, i;

	if (n < 2)
		return 0;
	for (i = 0; i < n; i++)
		sum += (2 * i - n + 1) * (model->rule[i] - model->rule[0]);
	return clamp_t(s64, div64_s64(6000 * sum, n * (n * n - 1)), S32_MIN,
		       S32_MAX);
}

struct fmp_receiving {
	struct fmp_mmp_receiver receiver;
	struct fmp_mmp_timing timing;
	struct fmp_delay_model model;
	unsigned int deviating;
};

static void fmp_receive(struct fmp_mmp_receiver *receiver, u64 counter,
			u32 timestamp, u64 now_ms)
{
	fmp_mmp_receiver_record(receiver, counter, timestamp, 100, false,
				now_ms * 1000);
}

static bool fmp_receiving_due(const struct fmp_receiving *r, u64 now)
{
	return fmp_mmp_timing_due(&r->timing,
				  fmp_mmp_receiver_has_data(&r->receiver), now);
}

static void fmp_expect_wire(struct kunit *test,
			    const struct fmp_receiver_report *report,
			    const struct fmp_bytes *wire, const char *name,
			    size_t i)
{
	u8 msg[FMP_RECEIVER_REPORT_LEN];

	fmp_link_write_receiver_report(msg, report);
	KUNIT_ASSERT_EQ_MSG(test, wire->len, sizeof(msg), "%s[%zu]", name, i);
	KUNIT_EXPECT_MEMEQ_MSG(test, msg, wire->data, sizeof(msg), "%s[%zu]",
			       name, i);
}

static void fmp_receiving_trend(struct kunit *test, struct fmp_receiving *r,
				const struct fmp_receiver_op *op, s32 trend,
				const char *name, size_t i)
{
	s64 off = (s64)fmp_reference_trend(&r->model) - op->report.owd_trend;

	KUNIT_EXPECT_TRUE_MSG(test, off >= -1 && off <= 1,
			      "%s[%zu]: the reference's samples, off by %lld",
			      name, i, off);
	KUNIT_EXPECT_EQ_MSG(test, trend, fmp_rule_trend(&r->model),
			    "%s[%zu]: trend", name, i);
	r->deviating += trend != op->report.owd_trend;
}

static void fmp_receiving_report(struct kunit *test, struct fmp_receiving *r,
				 const struct fmp_receiver_op *op,
				 const char *name, size_t i)
{
	struct fmp_receiver_report report = {};
	bool made;

	KUNIT_EXPECT_EQ_MSG(test, fmp_receiving_due(r, op->now), op->due,
			    "%s[%zu]: due", name, i);
	made = fmp_mmp_receiver_report(&r->receiver, op->now * 1000, &report);
	KUNIT_EXPECT_EQ_MSG(test, made, op->reported, "%s[%zu]", name, i);
	if (!made || !op->reported)
		return;
	fmp_mmp_timing_reported(&r->timing, op->now);
	fmp_receiving_trend(test, r, op, report.owd_trend, name, i);
	/* All other fields are the same, and so are all bytes. */
	report.owd_trend = op->report.owd_trend;
	fmp_expect_wire(test, &report, &op->wire, name, i);
	fmp_expect_wire(test, &op->report, &op->wire, name, i);
}

static void fmp_receiving_op(struct kunit *test, struct fmp_receiving *r,
			     const struct fmp_receiver_op *op, const char *name,
			     size_t i)
{
	switch (op->kind) {
	case FMP_RECEIVER_RECV:
		fmp_mmp_receiver_record(&r->receiver, op->counter,
					op->timestamp, op->bytes, op->ce,
					op->now * 1000);
		fmp_delay_add(&r->model, op->now, op->timestamp);
		KUNIT_EXPECT_EQ_MSG(test, fmp_jitter_us(&r->receiver.jitter),
				    op->jitter, "%s[%zu]: jitter", name, i);
		break;
	case FMP_RECEIVER_REPORT:
		fmp_receiving_report(test, r, op, name, i);
		break;
	case FMP_RECEIVER_DUE:
		KUNIT_EXPECT_EQ_MSG(test, fmp_receiving_due(r, op->now),
				    op->due, "%s[%zu]: due", name, i);
		break;
	case FMP_RECEIVER_RESET_FOR_REKEY:
		fmp_mmp_receiver_reset(&r->receiver, op->now * 1000);
		memset(&r->model, 0, sizeof(r->model));
		break;
	case FMP_RECEIVER_UPDATE_INTERVAL:
		fmp_mmp_timing_retune(&r->timing, op->srtt,
				      FMP_MMP_RECEIVER_RTTS);
		KUNIT_EXPECT_EQ_MSG(test, fmp_mmp_timing_interval(&r->timing),
				    op->interval, "%s[%zu]: interval", name, i);
		break;
	}
}

static void fmp_mmp_receiver_sequences(struct kunit *test)
{
	unsigned int deviating = 0;
	size_t run = 0, ops = 0, i;
	struct fmp_receiving *r;

	fmp_need_file(test, FMP_MMP_RECEIVER_MISSING);
	r = kunit_kmalloc(test, sizeof(*r), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, r);

	for (; run < fmp_receiver_rows; run++) {
		const struct fmp_receiver_sequence *v =
			&fmp_receiver_vectors[run];

		memset(r, 0, sizeof(*r));
		for (i = 0; i < v->entries; i++, ops++)
			fmp_receiving_op(test, r, &v->ops[i], v->name, i);
		deviating += r->deviating;
	}
	KUNIT_EXPECT_EQ(test, ops, FMP_RECEIVER_OPS);
	fmp_expect_entries(test, "fmp_mmp_receiver", run, FMP_RECEIVER_ENTRIES);
	kunit_info(test, "%u trends deviate: fixed reference\n", deviating);
}

static struct fmp_mmp_receiver *fmp_receiver_new(struct kunit *test)
{
	struct fmp_mmp_receiver *receiver;

	receiver = kunit_kzalloc(test, sizeof(*receiver), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, receiver);
	return receiver;
}

static struct fmp_receiver_report fmp_report(struct kunit *test,
					     struct fmp_mmp_receiver *receiver,
					     u64 now_ms)
{
	struct fmp_receiver_report report = {};

	KUNIT_EXPECT_TRUE(test, fmp_mmp_receiver_report(receiver, now_ms * 1000,
							&report));
	KUNIT_EXPECT_FALSE(test, fmp_mmp_receiver_has_data(receiver));
	return report;
}

/* A frame each 10 ms, each later than the one before by @later_us more. */
static s32 fmp_trend_of(struct kunit *test, u32 timestamp, s64 later_us)
{
	struct fmp_mmp_receiver *receiver = fmp_receiver_new(test);
	u64 now_us = 1ULL << 52;
	unsigned int i;

	for (i = 0; i < 100; i++, timestamp += 10, now_us += 10000 + later_us)
		fmp_mmp_receiver_record(receiver, i, timestamp, 100, false,
					now_us);
	return fmp_report(test, receiver, now_us / 1000).owd_trend;
}

static void fmp_mmp_receiver_owd_rule(struct kunit *test)
{
	static const u32 starts[] = { 0, 1, U32_MAX, U32_MAX - 200,
				      U32_MAX - 750, 1U << 31 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		KUNIT_EXPECT_EQ(test, fmp_trend_of(test, starts[i], 0), 0);
		KUNIT_EXPECT_EQ(test, fmp_trend_of(test, starts[i], 7), 7000);
		KUNIT_EXPECT_EQ(test, fmp_trend_of(test, starts[i], -3), -3000);
	}
}

/* For two months, across the wrap of every number that could. */
static void fmp_mmp_receiver_long_session(struct kunit *test)
{
	struct fmp_mmp_receiver *receiver = fmp_receiver_new(test);
	const u64 step = 600000, end = 60ULL * 86400 * 1000;
	u64 now;

	for (now = 0; now < end; now += step)
		fmp_receive(receiver, now / step, now, now);
	KUNIT_EXPECT_EQ(test, fmp_report(test, receiver, end).owd_trend, 0);
	KUNIT_EXPECT_EQ(test, fmp_jitter_us(&receiver->jitter), 0);
	KUNIT_EXPECT_EQ(test, receiver->delays[0], 0);
}

/* What the vector "late_old_epoch" shows does not happen without that frame. */
static void fmp_mmp_receiver_current_only(struct kunit *test)
{
	struct fmp_mmp_receiver *receiver = fmp_receiver_new(test);
	struct fmp_receiver_report report;
	unsigned int i;

	for (i = 40; i < 60; i++)
		fmp_receive(receiver, i, i * 10, 1000 + i * 10);
	fmp_mmp_receiver_reset(receiver, 1610000);
	for (i = 0; i < 8; i++)
		fmp_receive(receiver, i, i * 10, 1620 + i * 10);
	report = fmp_report(test, receiver, 1700);
	KUNIT_EXPECT_EQ(test, report.highest_counter, 7);
	KUNIT_EXPECT_EQ(test, report.cumulative_reorder_count, 0);
	KUNIT_EXPECT_EQ(test, report.burst_loss_count, 0);
	KUNIT_EXPECT_EQ(test, report.cumulative_packets, 28);
	KUNIT_EXPECT_EQ(test, report.interval_packets, 8);
	KUNIT_EXPECT_EQ(test, report.owd_trend, 0);
}

/* Of a gap 16 bits count, also of one that a run goes on with. */
static void fmp_mmp_receiver_gaps(struct kunit *test)
{
	struct fmp_mmp_receiver *receiver = fmp_receiver_new(test);
	struct fmp_receiver_report report;

	fmp_receive(receiver, 0, 0, 0);
	fmp_receive(receiver, 10, 0, 0);
	fmp_receive(receiver, 11 + 65536 + 5, 0, 0);
	report = fmp_report(test, receiver, 0);
	KUNIT_EXPECT_EQ(test, report.burst_loss_count, 1);
	KUNIT_EXPECT_EQ(test, report.max_burst_loss, 9 + 5);

	/* The report ended the run, and what it expects is kept. */
	fmp_receive(receiver, 65555, 0, 0);
	fmp_receive(receiver, 65555 + 65535, 0, 0);
	fmp_receive(receiver, 65555 + 65535 + 100, 0, 0);
	report = fmp_report(test, receiver, 0);
	KUNIT_EXPECT_EQ(test, report.burst_loss_count, 1);
	KUNIT_EXPECT_EQ(test, report.max_burst_loss, U16_MAX);
	KUNIT_EXPECT_EQ(test, report.mean_burst_loss, U16_MAX);
}

static void fmp_mmp_receiver_grace(struct kunit *test)
{
	struct fmp_mmp_receiver *receiver = fmp_receiver_new(test);

	fmp_mmp_receiver_reset(receiver, 1000000);
	KUNIT_EXPECT_FALSE(test, fmp_mmp_receiver_has_data(receiver));
	fmp_receive(receiver, 0, 0, 15000);
	fmp_receive(receiver, 1, 0, 15999);
	KUNIT_EXPECT_EQ(test, fmp_jitter_us(&receiver->jitter), 0);
	fmp_receive(receiver, 2, 0, 16000);
	KUNIT_EXPECT_EQ(test, fmp_jitter_us(&receiver->jitter), 62);
}

static void fmp_mmp_receiver_saturates(struct kunit *test)
{
	struct fmp_mmp_receiver *receiver = fmp_receiver_new(test);
	struct fmp_receiver_report report;

	receiver->interval_packets = U32_MAX - 1;
	receiver->interval_bytes = U32_MAX - 150;
	receiver->ce = U32_MAX - 1;
	fmp_mmp_receiver_record(receiver, 0, 0, 100, true, 0);
	fmp_mmp_receiver_record(receiver, 1, 0, 100, true, 0);
	fmp_mmp_receiver_record(receiver, 2, 0, U32_MAX, true, 0);
	report = fmp_report(test, receiver, 0);
	KUNIT_EXPECT_EQ(test, report.interval_packets, U32_MAX);
	KUNIT_EXPECT_EQ(test, report.interval_bytes, U32_MAX);
	KUNIT_EXPECT_EQ(test, report.ecn_ce_count, U32_MAX);
	KUNIT_EXPECT_EQ(test, report.cumulative_packets, 3);
	KUNIT_EXPECT_EQ(test, report.cumulative_bytes, 200ULL + U32_MAX);
}

/* A peer chooses counters and timestamps; what it gets is within bounds. */
static void fmp_mmp_receiver_hostile(struct kunit *test)
{
	static const u64 counters[] = { U64_MAX - 1, 0, 1ULL << 63, 1,
					U64_MAX - 65536, U64_MAX };
	static const u32 timestamps[] = { U32_MAX, 0, 1U << 31, 1,
					  (1U << 31) - 1 };
	static const u64 times[] = { 0, U64_MAX / 2, 1, 1ULL << 32,
				     U64_MAX - FMP_MMP_GRACE_US };
	struct fmp_mmp_receiver *receiver = fmp_receiver_new(test);
	struct fmp_receiver_report report;
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		fmp_mmp_receiver_record(receiver,
					counters[i % ARRAY_SIZE(counters)],
					timestamps[i % ARRAY_SIZE(timestamps)],
					U32_MAX, i % 2,
					times[i / 7 % ARRAY_SIZE(times)]);
		if (i % 50 == 49)
			report = fmp_report(test, receiver, 0);
		if (i % 300 == 299)
			fmp_mmp_receiver_reset(receiver, times[i % 4]);
	}
	KUNIT_EXPECT_EQ(test, report.dwell_time, 0);
	KUNIT_EXPECT_TRUE(test, report.jitter <= 1U << 31);
	KUNIT_EXPECT_EQ(test, receiver->packets, 1000);
	KUNIT_EXPECT_EQ(test, receiver->bytes, 1000ULL * U32_MAX);
}

static void fmp_mmp_receiver_dwell(struct kunit *test)
{
	struct fmp_mmp_receiver *receiver = fmp_receiver_new(test);
	struct fmp_receiver_report report;

	fmp_receive(receiver, 0, 77, 1000);
	report = fmp_report(test, receiver, U64_MAX / 1000);
	KUNIT_EXPECT_EQ(test, report.timestamp_echo, 0);
	KUNIT_EXPECT_EQ(test, report.dwell_time, U16_MAX);
	/* Microseconds do not round up. */
	fmp_receive(receiver, 1, 78, 1000);
	KUNIT_EXPECT_TRUE(test, fmp_mmp_receiver_report(receiver, 66535999,
							&report));
	KUNIT_EXPECT_EQ(test, report.timestamp_echo, 78);
	KUNIT_EXPECT_EQ(test, report.dwell_time, U16_MAX);
	/* Nor is a time before the frame's one of the future. */
	fmp_receive(receiver, 2, 79, 1000);
	report = fmp_report(test, receiver, 999);
	KUNIT_EXPECT_EQ(test, report.timestamp_echo, 79);
	KUNIT_EXPECT_EQ(test, report.dwell_time, 0);
}

static struct kunit_case fmp_mmp_receiver_cases[] = {
	KUNIT_CASE(fmp_mmp_receiver_sequences),
	KUNIT_CASE(fmp_mmp_receiver_owd_rule),
	KUNIT_CASE(fmp_mmp_receiver_long_session),
	KUNIT_CASE(fmp_mmp_receiver_current_only),
	KUNIT_CASE(fmp_mmp_receiver_gaps),
	KUNIT_CASE(fmp_mmp_receiver_grace),
	KUNIT_CASE(fmp_mmp_receiver_saturates),
	KUNIT_CASE(fmp_mmp_receiver_hostile),
	KUNIT_CASE(fmp_mmp_receiver_dwell),
	{}
};

struct kunit_suite fmp_mmp_receiver_suite = {
	.name = "fmp_mmp_receiver",
	.test_cases = fmp_mmp_receiver_cases,
};
