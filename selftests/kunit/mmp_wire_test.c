// SPDX-License-Identifier: GPL-2.0
/*
 * Reports of mmp_wire.json, field by field, and their extremes.
 */
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "../../src/link.h"
#include "../../src/wire.h"
#include "suites.h"
#include "vectors.h"

#include "vectors/mmp-wire.h"

static void fmp_expect_sr(struct kunit *test, const char *name,
			  const struct fmp_sender_report *a,
			  const struct fmp_sender_report *b)
{
	KUNIT_EXPECT_EQ_MSG(test, a->start_counter, b->start_counter,
			    "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, a->end_counter, b->end_counter, "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, a->start_timestamp, b->start_timestamp,
			    "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, a->end_timestamp, b->end_timestamp,
			    "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, a->interval_bytes, b->interval_bytes,
			    "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, a->cumulative_packets, b->cumulative_packets,
			    "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, a->cumulative_bytes, b->cumulative_bytes,
			    "%s", name);
}

static void fmp_expect_rr(struct kunit *test, const char *name,
			  const struct fmp_receiver_report *a,
			  const struct fmp_receiver_report *b)
{
	KUNIT_EXPECT_EQ_MSG(test, a->highest_counter, b->highest_counter,
			    "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, a->cumulative_packets, b->cumulative_packets,
			    "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, a->cumulative_bytes, b->cumulative_bytes,
			    "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, a->timestamp_echo, b->timestamp_echo,
			    "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, a->dwell_time, b->dwell_time, "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, a->max_burst_loss, b->max_burst_loss,
			    "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, a->mean_burst_loss, b->mean_burst_loss,
			    "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, a->jitter, b->jitter, "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, a->ecn_ce_count, b->ecn_ce_count, "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, a->owd_trend, b->owd_trend, "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, a->burst_loss_count, b->burst_loss_count,
			    "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, a->cumulative_reorder_count,
			    b->cumulative_reorder_count, "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, a->interval_packets, b->interval_packets,
			    "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, a->interval_bytes, b->interval_bytes,
			    "%s", name);
}

/* Written over rubbish, since the reserved bytes must become zero. */
static void fmp_mmp_sender_reports(struct kunit *test)
{
	const struct fmp_sender_report_vector *v;
	u8 msg[FMP_SENDER_REPORT_LEN];
	size_t run = 0;

	fmp_need_file(test, FMP_MMP_WIRE_MISSING);

	for (; run < fmp_sender_report_rows; run++) {
		struct fmp_sender_report sr = {};

		v = &fmp_sender_report_vectors[run];
		KUNIT_ASSERT_EQ_MSG(test, v->wire.len, sizeof(msg), "[%zu]",
				    run);
		memset(msg, 0xff, sizeof(msg));
		fmp_link_write_sender_report(msg, &v->fields);
		KUNIT_EXPECT_MEMEQ_MSG(test, msg, v->wire.data, sizeof(msg),
				       "[%zu]", run);
		KUNIT_EXPECT_EQ_MSG(test,
				    fmp_link_read_sender_report(&sr,
								v->wire.data,
								v->wire.len),
				    0, "[%zu]", run);
		fmp_expect_sr(test, "sender report", &sr, &v->fields);
	}
	fmp_expect_entries(test, "fmp_mmp_wire sender_report", run,
			   FMP_SENDER_REPORT_ENTRIES);
}

static void fmp_mmp_receiver_reports(struct kunit *test)
{
	const struct fmp_receiver_report_vector *v;
	u8 msg[FMP_RECEIVER_REPORT_LEN];
	size_t run = 0;

	fmp_need_file(test, FMP_MMP_WIRE_MISSING);

	for (; run < fmp_receiver_report_rows; run++) {
		struct fmp_receiver_report rr = {};

		v = &fmp_receiver_report_vectors[run];
		KUNIT_ASSERT_EQ_MSG(test, v->wire.len, sizeof(msg), "[%zu]",
				    run);
		memset(msg, 0xff, sizeof(msg));
		fmp_link_write_receiver_report(msg, &v->fields);
		KUNIT_EXPECT_MEMEQ_MSG(test, msg, v->wire.data, sizeof(msg),
				       "[%zu]", run);
		KUNIT_EXPECT_EQ_MSG(test,
				    fmp_link_read_receiver_report(&rr,
								  v->wire.data,
								  v->wire.len),
				    0, "[%zu]", run);
		fmp_expect_rr(test, "receiver report", &rr, &v->fields);
	}
	fmp_expect_entries(test, "fmp_mmp_wire receiver_report", run,
			   FMP_RECEIVER_REPORT_ENTRIES);
}

static void fmp_mmp_decode(struct kunit *test)
{
	const struct fmp_report_decode_vector *v;
	size_t run = 0;
	int err;
	u8 *msg;

	fmp_need_file(test, FMP_MMP_WIRE_MISSING);

	for (; run < fmp_report_decode_rows; run++) {
		struct fmp_receiver_report rr = {};
		struct fmp_sender_report sr = {};

		v = &fmp_report_decode_vectors[run];
		msg = kunit_kmalloc(test, v->wire.len, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, msg);
		memcpy(msg, v->wire.data, v->wire.len);

		if (msg[0] == FMP_LINK_SENDER_REPORT)
			err = fmp_link_read_sender_report(&sr, msg,
							  v->wire.len);
		else
			err = fmp_link_read_receiver_report(&rr, msg,
							    v->wire.len);
		KUNIT_EXPECT_EQ_MSG(test, err, v->ok ? 0 : -EBADMSG, "%s",
				    v->name);
		/* All zeroes on both sides where decoding is an error. */
		fmp_expect_sr(test, v->name, &sr, &v->sr);
		fmp_expect_rr(test, v->name, &rr, &v->rr);
		kunit_kfree(test, msg);
	}
	fmp_expect_entries(test, "fmp_mmp_wire decode", run,
			   FMP_REPORT_DECODE_ENTRIES);
}

static void fmp_mmp_extremes(struct kunit *test)
{
	static const s32 trends[] = { S32_MIN, -1, 0, 1, S32_MAX };
	struct fmp_receiver_report rr, rr_out;
	struct fmp_sender_report sr, sr_out;
	u8 msg[FMP_RECEIVER_REPORT_LEN];
	unsigned int i;

	memset(&sr, 0xff, sizeof(sr));
	memset(&sr_out, 0, sizeof(sr_out));
	fmp_link_write_sender_report(msg, &sr);
	KUNIT_EXPECT_EQ(test, 0,
			fmp_link_read_sender_report(&sr_out, msg,
						    FMP_SENDER_REPORT_LEN));
	fmp_expect_sr(test, "all ones", &sr_out, &sr);

	for (i = 0; i < ARRAY_SIZE(trends); i++) {
		memset(&rr, 0xff, sizeof(rr));
		memset(&rr_out, 0, sizeof(rr_out));
		rr.owd_trend = trends[i];
		fmp_link_write_receiver_report(msg, &rr);
		KUNIT_EXPECT_EQ(test, 0,
				fmp_link_read_receiver_report(&rr_out, msg,
							      sizeof(msg)));
		fmp_expect_rr(test, "all ones", &rr_out, &rr);
	}
}

static struct kunit_case fmp_mmp_wire_cases[] = {
	KUNIT_CASE(fmp_mmp_sender_reports),
	KUNIT_CASE(fmp_mmp_receiver_reports),
	KUNIT_CASE(fmp_mmp_decode),
	KUNIT_CASE(fmp_mmp_extremes),
	{}
};

struct kunit_suite fmp_mmp_wire_suite = {
	.name = "fmp_mmp_wire",
	.test_cases = fmp_mmp_wire_cases,
};
