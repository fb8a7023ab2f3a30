// SPDX-License-Identifier: GPL-2.0
/*
 * Established frames of frames.json and frames_negative.json.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "../../src/wire.h"
#include "suites.h"
#include "trial.h"
#include "vectors.h"

#include "vectors/frames.h"
#include "vectors/frames-negative.h"

static size_t fmp_first_difference(const u8 *a, const u8 *b, size_t len)
{
	size_t i = 0;

	while (i < len && a[i] == b[i])
		i++;
	return i;
}

static void fmp_expect_sealed(struct kunit *test, const char *name,
			      const struct fmp_bytes *wire, u8 flags,
			      u32 index, u64 counter,
			      const struct fmp_bytes *inner,
			      const struct fmp_bytes *key)
{
	size_t len = FMP_FRAME_MIN + inner->len;
	struct fmp_key send_key;
	u8 *room, *frame;

	KUNIT_ASSERT_EQ_MSG(test, wire->len, len, "%s: length", name);
	room = kunit_kmalloc(test, FMP_SEAL_HEADROOM + len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, room);
	frame = room + FMP_SEAL_HEADROOM;

	memcpy(send_key.bytes, key->data, sizeof(send_key.bytes));
	fmp_hdr_write(frame, flags, inner->len, index, counter);
	memcpy(frame + FMP_HDR_LEN, inner->data, inner->len);
	fmp_seal(frame, inner->len, counter, &send_key);
	KUNIT_EXPECT_EQ_MSG(test, fmp_first_difference(frame, wire->data, len),
			    len, "%s: differs from the wire", name);

	kunit_kfree(test, room);
}

static void fmp_frames_send(struct kunit *test)
{
	const struct fmp_frame_vector *v;
	size_t run = 0;

	fmp_need_file(test, FMP_FRAMES_MISSING);

	for (; run < fmp_frames_rows; run++) {
		v = &fmp_frames_vectors[run];
		fmp_expect_sealed(test, v->name, &v->wire, v->flags,
				  v->receiver_idx, v->counter, &v->inner,
				  &v->key);
	}
	fmp_expect_entries(test, "fmp_frames send", run, FMP_FRAMES_ENTRIES);
}

static void fmp_frames_receive(struct kunit *test)
{
	const struct fmp_frame_vector *v;
	struct fmp_trial *trial;
	size_t run = 0;

	fmp_need_file(test, FMP_FRAMES_MISSING);
	trial = fmp_trial_new(test);

	for (; run < fmp_frames_rows; run++) {
		struct fmp_fed_frame fed;

		v = &fmp_frames_vectors[run];
		fed = (struct fmp_fed_frame){ v->wire, v->verdict };
		fmp_trial_reset(trial, v->key.data, v->receiver_idx);
		fmp_trial_feed(test, trial, &fed, &v->inner, v->name);
	}
	fmp_deviation_info(test, trial->deviating);
	fmp_expect_entries(test, "fmp_frames", run, FMP_FRAMES_ENTRIES);
}

/* Replay of what was just accepted, from every starting counter. */
static void fmp_frames_receive_twice(struct kunit *test)
{
	const struct fmp_frame_vector *v;
	struct fmp_trial *trial;
	size_t run = 0;

	fmp_need_file(test, FMP_FRAMES_MISSING);
	trial = fmp_trial_new(test);

	for (; run < fmp_frames_rows; run++) {
		struct fmp_fed_frame fed;

		v = &fmp_frames_vectors[run];
		fed = (struct fmp_fed_frame){ v->wire, v->verdict };
		fmp_trial_reset(trial, v->key.data, v->receiver_idx);
		fmp_trial_feed(test, trial, &fed, &v->inner, v->name);
		if (v->verdict == FMP_RX_ACCEPT ||
		    v->verdict == FMP_RX_SHORT_INNER)
			fed.verdict = FMP_RX_REPLAY;
		fmp_trial_feed(test, trial, &fed, &v->inner, v->name);
	}
	fmp_expect_entries(test, "fmp_frames twice", run, FMP_FRAMES_ENTRIES);
}

static void fmp_frames_flags(struct kunit *test)
{
	const struct fmp_frame_vector *v;
	size_t run = 0;

	fmp_need_file(test, FMP_FRAMES_MISSING);

	for (; run < fmp_frames_rows; run++) {
		struct fmp_hdr hdr;

		v = &fmp_frames_vectors[run];
		memcpy(&hdr, v->wire.data, sizeof(hdr));
		KUNIT_EXPECT_EQ_MSG(test, hdr.flags, v->flags, "%s", v->name);
		KUNIT_EXPECT_EQ_MSG(test, !!(hdr.flags & FMP_FLAG_K), v->k,
				    "%s: K", v->name);
		KUNIT_EXPECT_EQ_MSG(test, !!(hdr.flags & FMP_FLAG_CE), v->ce,
				    "%s: CE", v->name);
		KUNIT_EXPECT_EQ_MSG(test, !!(hdr.flags & FMP_FLAG_SP), v->sp,
				    "%s: SP", v->name);
		KUNIT_EXPECT_EQ_MSG(test, le32_to_cpu(hdr.receiver_idx),
				    v->receiver_idx, "%s", v->name);
		KUNIT_EXPECT_EQ_MSG(test, le64_to_cpu(hdr.counter), v->counter,
				    "%s", v->name);
		KUNIT_EXPECT_EQ_MSG(test, le16_to_cpu(hdr.payload_len),
				    v->inner.len, "%s", v->name);
	}
	fmp_expect_entries(test, "fmp_frames header", run, FMP_FRAMES_ENTRIES);
}

static struct kunit_case fmp_frames_cases[] = {
	KUNIT_CASE(fmp_frames_receive),
	KUNIT_CASE(fmp_frames_receive_twice),
	KUNIT_CASE(fmp_frames_send),
	KUNIT_CASE(fmp_frames_flags),
	{}
};

struct kunit_suite fmp_frames_suite = {
	.name = "fmp_frames",
	.test_cases = fmp_frames_cases,
};

static void fmp_frames_negative_base(struct kunit *test)
{
	const struct fmp_bytes *link = &fmp_base.link_message;
	struct fmp_bytes inner;
	struct fmp_hdr hdr;
	u8 *plain;

	fmp_need_file(test, FMP_FRAMES_NEGATIVE_MISSING);

	inner.len = FMP_TIMESTAMP_LEN + link->len;
	plain = kunit_kmalloc(test, inner.len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, plain);
	put_unaligned_le32(fmp_base.timestamp, plain);
	memcpy(plain + FMP_TIMESTAMP_LEN, link->data, link->len);
	inner.data = plain;

	KUNIT_ASSERT_GE(test, fmp_base.wire.len, sizeof(hdr));
	memcpy(&hdr, fmp_base.wire.data, sizeof(hdr));
	fmp_expect_sealed(test, "base", &fmp_base.wire, hdr.flags,
			  fmp_base.our_index, fmp_base.counter, &inner,
			  &fmp_base.recv_key);
}

/* The keys of the two directions are not to be mixed up. */
static void fmp_frames_negative_direction(struct kunit *test)
{
	struct fmp_fed_frame fed = { fmp_base.wire, FMP_RX_DECRYPT_FAIL };
	struct fmp_trial *trial;

	fmp_need_file(test, FMP_FRAMES_NEGATIVE_MISSING);

	trial = fmp_trial_new(test);
	fmp_trial_reset(trial, fmp_base.send_key.data, fmp_base.our_index);
	fmp_trial_feed(test, trial, &fed, NULL, "base");
}

static void fmp_frames_negative_vectors(struct kunit *test)
{
	const struct fmp_negative_vector *v;
	struct fmp_trial *trial;
	size_t i, run = 0;

	fmp_need_file(test, FMP_FRAMES_NEGATIVE_MISSING);
	trial = fmp_trial_new(test);

	for (; run < fmp_negative_rows; run++) {
		struct fmp_fed_frame base;

		v = &fmp_negative_vectors[run];
		base = (struct fmp_fed_frame){ fmp_base.wire, v->then_base };
		fmp_trial_reset(trial, fmp_base.recv_key.data,
				fmp_base.our_index);
		for (i = 0; i < v->before_entries; i++)
			fmp_trial_feed(test, trial, &v->before[i], NULL,
				       v->name);
		fmp_trial_feed(test, trial, &v->fed, NULL, v->name);
		fmp_trial_feed(test, trial, &base, NULL, v->name);
	}
	fmp_deviation_info(test, trial->deviating);
	fmp_expect_entries(test, "fmp_frames_negative", run,
			   FMP_NEGATIVE_ENTRIES);
}

static struct kunit_case fmp_frames_negative_cases[] = {
	KUNIT_CASE(fmp_frames_negative_base),
	KUNIT_CASE(fmp_frames_negative_direction),
	KUNIT_CASE(fmp_frames_negative_vectors),
	{}
};

struct kunit_suite fmp_frames_negative_suite = {
	.name = "fmp_frames_negative",
	.test_cases = fmp_frames_negative_cases,
};
