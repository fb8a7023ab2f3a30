// SPDX-License-Identifier: GPL-2.0
/*
 * SenderReports and the time of reports: mmp_sender.json, and every limit.
 *
 * The sources are included, so that this module has its own objects of them.
 */
#include "../../src/mmp-sender.c"
#include "../../src/mmp-timing.c"

#include <linux/kernel.h>
#include <linux/string.h>

#include "../../src/wire.h"
#include "mmp_vectors.h"
#include "suites.h"

#include "vectors/mmp-sender.h"

/* The facts that the packet path would know. */
struct fmp_sending {
	struct fmp_mmp_sender sender;
	struct fmp_mmp_timing timing;
	struct fmp_mmp_sent sent;
	u32 failures;
};

static bool fmp_sending_has_data(const struct fmp_sending *s)
{
	return fmp_mmp_sender_has_data(&s->sender, s->sent.packets);
}

static void fmp_sending_sent(struct fmp_sending *s,
			     const struct fmp_sender_op *op)
{
	if (!fmp_sending_has_data(s)) {
		s->sent.first_counter = op->counter;
		s->sent.first_timestamp = op->timestamp;
	}
	s->sent.last_counter = op->counter;
	s->sent.last_timestamp = op->timestamp;
	s->sent.packets++;
	s->sent.bytes += op->bytes;
}

static void fmp_expect_wire(struct kunit *test,
			    const struct fmp_sender_report *report,
			    const struct fmp_bytes *wire, const char *name,
			    size_t i)
{
	u8 msg[FMP_SENDER_REPORT_LEN];

	fmp_link_write_sender_report(msg, report);
	KUNIT_ASSERT_EQ_MSG(test, wire->len, sizeof(msg), "%s[%zu]", name, i);
	KUNIT_EXPECT_MEMEQ_MSG(test, msg, wire->data, sizeof(msg), "%s[%zu]",
			       name, i);
}

static void fmp_sending_due(struct kunit *test, const struct fmp_sending *s,
			    const struct fmp_sender_op *op, const char *name,
			    size_t i)
{
	bool has_data = fmp_sending_has_data(s);
	u64 next = fmp_mmp_timing_next(&s->timing, has_data, op->now);

	KUNIT_EXPECT_EQ_MSG(test,
			    fmp_mmp_timing_due(&s->timing, has_data, op->now),
			    op->due, "%s[%zu]: due", name, i);
	KUNIT_EXPECT_EQ_MSG(test, next <= op->now, op->due, "%s[%zu]: next",
			    name, i);
}

static void fmp_sending_report(struct kunit *test, struct fmp_sending *s,
			       const struct fmp_sender_op *op, const char *name,
			       size_t i)
{
	struct fmp_sender_report report = {};
	bool made;

	fmp_sending_due(test, s, op, name, i);
	made = fmp_mmp_sender_report(&s->sender, &s->sent, &report);
	KUNIT_EXPECT_EQ_MSG(test, made, op->reported, "%s[%zu]", name, i);
	if (!made || !op->reported)
		return;
	fmp_mmp_timing_reported(&s->timing, op->now);
	fmp_expect_wire(test, &report, &op->wire, name, i);
	fmp_expect_wire(test, &op->report, &op->wire, name, i);
}

static void fmp_sending_failure(struct kunit *test, struct fmp_sending *s,
				const struct fmp_sender_op *op,
				const char *name, size_t i)
{
	u32 before = fmp_mmp_timing_interval(&(struct fmp_mmp_timing){
		.interval = s->timing.interval });

	fmp_mmp_timing_sent(&s->timing, false);
	s->failures++;
	KUNIT_EXPECT_EQ_MSG(test, s->failures, op->failures, "%s[%zu]", name,
			    i);
	KUNIT_EXPECT_EQ_MSG(test, fmp_mmp_timing_interval(&s->timing),
			    before * op->factor, "%s[%zu]: factor", name, i);
}

static void fmp_sending_op(struct kunit *test, struct fmp_sending *s,
			   const struct fmp_sender_op *op, const char *name,
			   size_t i)
{
	switch (op->kind) {
	case FMP_SENDER_SENT:
		fmp_sending_sent(s, op);
		break;
	case FMP_SENDER_REPORT:
		fmp_sending_report(test, s, op, name, i);
		break;
	case FMP_SENDER_DUE:
		fmp_sending_due(test, s, op, name, i);
		break;
	case FMP_SENDER_SEND_FAILURE:
		fmp_sending_failure(test, s, op, name, i);
		break;
	case FMP_SENDER_SEND_SUCCESS:
		KUNIT_EXPECT_EQ_MSG(test, s->failures, op->failures, "%s[%zu]",
				    name, i);
		fmp_mmp_timing_sent(&s->timing, true);
		s->failures = 0;
		break;
	case FMP_SENDER_UPDATE_INTERVAL:
		fmp_mmp_timing_retune(&s->timing, op->srtt,
				      FMP_MMP_SENDER_RTTS);
		KUNIT_EXPECT_EQ_MSG(test, fmp_mmp_timing_interval(&s->timing),
				    op->interval, "%s[%zu]: interval", name, i);
		break;
	}
}

static void fmp_mmp_sender_sequences(struct kunit *test)
{
	size_t run = 0, ops = 0, i;

	fmp_need_file(test, FMP_MMP_SENDER_MISSING);

	for (; run < fmp_sender_rows; run++) {
		const struct fmp_sender_sequence *v = &fmp_sender_vectors[run];
		struct fmp_sending s = {};

		for (i = 0; i < v->entries; i++, ops++)
			fmp_sending_op(test, &s, &v->ops[i], v->name, i);
	}
	KUNIT_EXPECT_EQ(test, ops, FMP_SENDER_OPS);
	fmp_expect_entries(test, "fmp_mmp_sender", run, FMP_SENDER_ENTRIES);
}

/* Counts are read at different times, and may seem to go back. */
static void fmp_mmp_sender_ends(struct kunit *test)
{
	struct fmp_mmp_sender sender = { .packets = 7, .bytes = 700 };
	struct fmp_mmp_sent sent = { .packets = 7, .bytes = 700 };
	struct fmp_sender_report report = { .interval_bytes = 42 };

	KUNIT_EXPECT_FALSE(test, fmp_mmp_sender_report(&sender, &sent,
						       &report));
	sent.packets = 6;
	KUNIT_EXPECT_FALSE(test, fmp_mmp_sender_report(&sender, &sent,
						       &report));
	KUNIT_EXPECT_EQ(test, report.interval_bytes, 42);
	KUNIT_EXPECT_EQ(test, sender.packets, 7);

	sent.packets = 8;
	sent.bytes = 699;
	KUNIT_EXPECT_TRUE(test, fmp_mmp_sender_report(&sender, &sent, &report));
	KUNIT_EXPECT_EQ(test, report.interval_bytes, 0);
	KUNIT_EXPECT_EQ(test, report.cumulative_bytes, 699);

	sent.packets = U64_MAX;
	sent.bytes = U64_MAX;
	KUNIT_EXPECT_TRUE(test, fmp_mmp_sender_report(&sender, &sent, &report));
	KUNIT_EXPECT_EQ(test, report.interval_bytes, U32_MAX);
	KUNIT_EXPECT_EQ(test, report.cumulative_packets, U64_MAX);
	KUNIT_EXPECT_FALSE(test, fmp_mmp_sender_report(&sender, &sent,
						       &report));
}

static void fmp_mmp_timing_limits(struct kunit *test)
{
	struct fmp_mmp_timing timing = {};

	KUNIT_EXPECT_EQ(test, fmp_mmp_timing_next(&timing, false, 5), U64_MAX);
	KUNIT_EXPECT_EQ(test, fmp_mmp_timing_next(&timing, true, 5), 5);
	KUNIT_EXPECT_FALSE(test, fmp_mmp_timing_due(&timing, false, 5));
	KUNIT_EXPECT_TRUE(test, fmp_mmp_timing_due(&timing, true, 5));

	fmp_mmp_timing_reported(&timing, 5);
	KUNIT_EXPECT_EQ(test, fmp_mmp_timing_next(&timing, false, 5), U64_MAX);
	KUNIT_EXPECT_EQ(test, fmp_mmp_timing_next(&timing, true, 5), 205);
	KUNIT_EXPECT_FALSE(test, fmp_mmp_timing_due(&timing, true, 204));
	KUNIT_EXPECT_TRUE(test, fmp_mmp_timing_due(&timing, true, 205));
	KUNIT_EXPECT_FALSE(test, fmp_mmp_timing_due(&timing, true, 0));
	KUNIT_EXPECT_FALSE(test, fmp_mmp_timing_due(&timing, false, 10000));
}

static void fmp_mmp_timing_saturates(struct kunit *test)
{
	struct fmp_mmp_timing timing = {};
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		fmp_mmp_timing_retune(&timing, S64_MAX, FMP_MMP_SENDER_RTTS);
		fmp_mmp_timing_sent(&timing, false);
	}
	KUNIT_EXPECT_EQ(test, fmp_mmp_timing_interval(&timing), 5000 << 5);
	fmp_mmp_timing_retune(&timing, 1, FMP_MMP_SENDER_RTTS);
	fmp_mmp_timing_sent(&timing, true);
	KUNIT_EXPECT_EQ(test, fmp_mmp_timing_interval(&timing), 1000);
}

static struct kunit_case fmp_mmp_sender_cases[] = {
	KUNIT_CASE(fmp_mmp_sender_sequences),
	KUNIT_CASE(fmp_mmp_sender_ends),
	KUNIT_CASE(fmp_mmp_timing_limits),
	KUNIT_CASE(fmp_mmp_timing_saturates),
	{}
};

struct kunit_suite fmp_mmp_sender_suite = {
	.name = "fmp_mmp_sender",
	.test_cases = fmp_mmp_sender_cases,
};
