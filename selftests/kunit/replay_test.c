// SPDX-License-Identifier: GPL-2.0
/*
 * The replay window: replay_window.json, and what sequences cannot show.
 *
 * The source is included, so that this module has its own object of it.
 */
#include "../../src/replay.c"

#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "model.h"
#include "suites.h"
#include "trial.h"
#include "vectors.h"

#include "vectors/replay-window.h"

#define FMP_RANDOM_OPS	200000
#define FMP_RANDOM_SEED	0x9e3779b97f4a7c15ULL

struct fmp_windows {
	struct fmp_replay replay;
	struct fmp_model model;
	struct fmp_model reference;
};

static struct fmp_windows *fmp_windows_new(struct kunit *test)
{
	struct fmp_windows *w;

	w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, w);
	w->model.rules = true;
	return w;
}

static void fmp_windows_reset(struct fmp_windows *w)
{
	memset(w, 0, sizeof(*w));
	w->model.rules = true;
}

/* As the module does it: a hint first, the decision later. */
static bool fmp_windows_accept(struct kunit *test, struct fmp_windows *w,
			       u64 counter, const char *name)
{
	bool hint = fmp_replay_check(&w->replay, counter);
	bool accepted = fmp_replay_commit(&w->replay, counter);
	bool model = fmp_model_commit(&w->model, counter);

	KUNIT_EXPECT_EQ_MSG(test, hint, accepted,
			    "%s: check and commit of %llu", name, counter);
	KUNIT_EXPECT_EQ_MSG(test, accepted, model, "%s: %llu", name, counter);
	KUNIT_EXPECT_EQ_MSG(test, w->replay.highest, w->model.highest,
			    "%s: highest after %llu", name, counter);
	return accepted;
}

/* Whether the windows agree about all that they can hold, and around it. */
static bool fmp_windows_agree(const struct fmp_windows *w)
{
	u64 counter = w->replay.highest + 2;
	unsigned int i;

	for (i = 0; i < FMP_REPLAY_WINDOW + 4; i++, counter--)
		if (fmp_replay_check(&w->replay, counter) !=
		    fmp_model_check(&w->model, counter))
			return false;
	return true;
}

static unsigned int fmp_replay_sequence(struct kunit *test,
					struct fmp_windows *w,
					const struct fmp_replay_sequence *seq)
{
	bool never_sent = false, accepted;
	unsigned int deviating = 0;
	size_t i;

	for (i = 0; i < seq->ops_entries; i++) {
		const struct fmp_replay_op *op = &seq->ops[i];

		KUNIT_EXPECT_EQ_MSG(test,
				    fmp_model_commit(&w->reference, op->counter),
				    op->accepted,
				    "%s[%zu]: the reference itself, %llu",
				    seq->name, i, op->counter);
		accepted = fmp_windows_accept(test, w, op->counter, seq->name);
		if (fmp_model_never_sent(op->counter)) {
			never_sent = true;
			KUNIT_EXPECT_FALSE_MSG(test, accepted, "%s[%zu]: %s",
					       seq->name, i,
					       fmp_never_sent.what);
		}
		if (!never_sent)
			KUNIT_EXPECT_EQ_MSG(test, accepted, op->accepted,
					    "%s[%zu]: %llu", seq->name, i,
					    op->counter);
		deviating += accepted != op->accepted;
	}

	KUNIT_EXPECT_EQ_MSG(test, w->reference.highest, seq->highest,
			    "%s: highest of the reference itself", seq->name);
	if (!never_sent)
		KUNIT_EXPECT_EQ_MSG(test, w->replay.highest, seq->highest,
				    "%s: highest", seq->name);
	return deviating;
}

static void fmp_replay_sequences(struct kunit *test)
{
	unsigned int deviating = 0;
	size_t run = 0, ops = 0;
	struct fmp_windows *w;

	fmp_need_file(test, FMP_REPLAY_WINDOW_MISSING);
	w = fmp_windows_new(test);

	KUNIT_EXPECT_EQ(test, FMP_REPLAY_BITS, FMP_REPLAY_WINDOW);
	for (; run < fmp_replay_rows; run++) {
		fmp_windows_reset(w);
		deviating += fmp_replay_sequence(test, w,
						 &fmp_replay_vectors[run]);
		ops += fmp_replay_vectors[run].ops_entries;
	}
	fmp_deviation_info(test, deviating);
	fmp_expect_entries(test, "fmp_replay", run, FMP_REPLAY_ENTRIES);
	fmp_expect_entries(test, "fmp_replay operations", ops, FMP_REPLAY_OPS);
}

/* Spec 5.6 has a sequence of its own. */
static void fmp_replay_spec_sequence(struct kunit *test)
{
	static const struct fmp_replay_op ops[] = {
		{ 0, true }, { 0, false }, { 1, true }, { 5, true },
		{ 3, true }, { 3, false }, { 2048, true }, { 1, false },
		{ 0, false }, { 2, true }, { 2049, true }, { 2, false },
		{ 4, true }, { 5000, true }, { 2953, true },
		{ 2952, false }, { 2953, false }, { 7048, true },
		{ 5000, false }, { 5001, true },
	};
	struct fmp_windows *w = fmp_windows_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    fmp_windows_accept(test, w, ops[i].counter,
						       "spec"),
				    ops[i].accepted, "[%u]: %llu", i,
				    ops[i].counter);
}

/* Jumps and differences that a narrower type would truncate to nothing. */
static void fmp_replay_far_jumps(struct kunit *test)
{
	static const u64 jumps[] = {
		1ULL << 31, 1ULL << 32, (1ULL << 32) + 1, 1ULL << 33,
		1ULL << 48, 1ULL << 62, 1ULL << 63, (1ULL << 63) + 1,
		U64_MAX - 4096,
	};
	struct fmp_windows *w = fmp_windows_new(test);
	unsigned int i;
	u64 counter;

	for (i = 0; i < ARRAY_SIZE(jumps); i++) {
		fmp_windows_reset(w);
		for (counter = 0; counter < FMP_REPLAY_WINDOW; counter++)
			fmp_replay_commit(&w->replay, counter);

		counter = jumps[i] + FMP_REPLAY_WINDOW - 1;
		KUNIT_EXPECT_TRUE_MSG(test,
				      fmp_replay_commit(&w->replay, counter),
				      "jump of %llu", jumps[i]);
		KUNIT_EXPECT_FALSE_MSG(test,
				       fmp_replay_commit(&w->replay, counter),
				       "jump of %llu", jumps[i]);
		/* As far below as the truncated difference is small. */
		KUNIT_EXPECT_FALSE_MSG(test,
				       fmp_replay_check(&w->replay,
							counter - jumps[i]),
				       "back by %llu", jumps[i]);
		KUNIT_EXPECT_FALSE_MSG(test, fmp_replay_check(&w->replay, 0),
				       "back to 0 from %llu", counter);
		KUNIT_EXPECT_EQ_MSG(test,
				    bitmap_weight(w->replay.seen,
						  FMP_REPLAY_WINDOW),
				    1, "jump of %llu", jumps[i]);
		KUNIT_EXPECT_TRUE_MSG(test,
				      fmp_replay_check(&w->replay,
						       counter - 2047),
				      "jump of %llu", jumps[i]);
		KUNIT_EXPECT_FALSE_MSG(test,
				       fmp_replay_check(&w->replay,
							counter - 2048),
				       "jump of %llu", jumps[i]);
	}
}

/* Two frames that both passed the check before either was decrypted. */
static void fmp_replay_late_commit(struct kunit *test)
{
	struct fmp_windows *w = fmp_windows_new(test);
	struct fmp_replay *r = &w->replay;

	KUNIT_EXPECT_TRUE(test, fmp_replay_check(r, 100));
	KUNIT_EXPECT_TRUE(test, fmp_replay_check(r, 100));
	KUNIT_EXPECT_TRUE(test, fmp_replay_commit(r, 100));
	KUNIT_EXPECT_FALSE(test, fmp_replay_commit(r, 100));

	KUNIT_EXPECT_TRUE(test, fmp_replay_check(r, 101));
	KUNIT_EXPECT_TRUE(test, fmp_replay_commit(r, 101 + 2048));
	KUNIT_EXPECT_FALSE(test, fmp_replay_commit(r, 101));
	KUNIT_EXPECT_EQ(test, r->highest, 101 + 2048);

	KUNIT_EXPECT_TRUE(test, fmp_replay_check(r, 102));
	KUNIT_EXPECT_TRUE(test, fmp_replay_commit(r, 102));
}

static void fmp_replay_never_sent(struct kunit *test)
{
	struct fmp_windows *w = fmp_windows_new(test);
	struct fmp_replay *r = &w->replay;
	struct fmp_replay before;

	KUNIT_EXPECT_FALSE(test, fmp_replay_check(r, U64_MAX));
	KUNIT_EXPECT_FALSE(test, fmp_replay_commit(r, U64_MAX));
	KUNIT_EXPECT_EQ(test, r->highest, 0);

	KUNIT_EXPECT_TRUE(test, fmp_replay_commit(r, U64_MAX - 1));
	before = *r;
	KUNIT_EXPECT_FALSE(test, fmp_replay_check(r, U64_MAX));
	KUNIT_EXPECT_FALSE(test, fmp_replay_commit(r, U64_MAX));
	KUNIT_EXPECT_MEMEQ(test, r, &before, sizeof(before));
	KUNIT_EXPECT_TRUE(test, fmp_replay_commit(r, U64_MAX - 2048));
	KUNIT_EXPECT_FALSE(test, fmp_replay_check(r, U64_MAX - 2049));
}

/* A bit of the ring stands for another counter each time around. */
static void fmp_replay_ring_reuse(struct kunit *test)
{
	static const u64 starts[] = { 0, 1, 63, 64, 65, 1000, 2046, 2047, 2048,
				      4095, U32_MAX, 1ULL << 63 };
	static const u64 moves[] = { 1, 2, 63, 64, 65, 127, 128, 129, 1023,
				     1024, 2046, 2047, 2048, 2049, 4096 };
	struct fmp_windows *w = fmp_windows_new(test);
	unsigned int s, m, i;
	u64 counter;

	for (s = 0; s < ARRAY_SIZE(starts); s++) {
		for (m = 0; m < ARRAY_SIZE(moves); m++) {
			fmp_windows_reset(w);
			for (i = 0; i <= FMP_REPLAY_WINDOW; i++) {
				counter = starts[s] + i;
				fmp_replay_commit(&w->replay, counter);
				fmp_model_commit(&w->model, counter);
			}
			counter += moves[m];
			KUNIT_ASSERT_TRUE(test,
					  fmp_windows_accept(test, w, counter,
							     "move"));
			KUNIT_ASSERT_TRUE_MSG(test, fmp_windows_agree(w),
					      "from %llu by %llu", starts[s],
					      moves[m]);
		}
		cond_resched();
	}
}

/* Each counter is accepted once, however late, while it is in the window. */
static void fmp_replay_late_arrivals(struct kunit *test)
{
	struct fmp_windows *w = fmp_windows_new(test);
	struct fmp_replay *r = &w->replay;
	u64 counter;

	for (counter = 0; counter < 5 * FMP_REPLAY_WINDOW; counter++) {
		if (counter % 3 == 0)
			continue;
		KUNIT_ASSERT_TRUE(test, fmp_replay_commit(r, counter));
		if (counter < 2046)
			continue;
		KUNIT_ASSERT_EQ(test, fmp_replay_commit(r, counter - 2046),
				(counter - 2046) % 3 == 0);
		KUNIT_ASSERT_FALSE(test, fmp_replay_commit(r, counter - 2046));
	}
}

static u64 fmp_random(u64 *state)
{
	u64 x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	*state = x;
	return x;
}

static u64 fmp_random_counter(u64 *state, u64 highest)
{
	u64 x = fmp_random(state);

	switch (x >> 60) {
	/* Jumps are rare, as a window that is always empty rejects nothing. */
	case 0:
		return (x & 0x3f) ? highest + 1 : highest + (x >> 6 & 0x1fff);
	case 1:
		return (x & 0x3f) ? highest : highest + 2040 + (x >> 6 & 0xf);
	case 2:
		return (x & 0xfff) ? highest - (x & 0x3f) :
				     highest + (1ULL << (x >> 12 & 0x3f));
	case 3:
		return (x & 0xff) ? highest + 1 : U64_MAX - (x >> 8 & 3);
	case 4:
		return highest - 2040 - (x & 0xf);
	case 5:
		return highest - ((x & 0x7ff) << (x >> 12 & 0x1f));
	default:
		return highest - 2100 + (x & 0xffff) % 2104;
	}
}

static void fmp_replay_random(struct kunit *test)
{
	struct fmp_windows *w = fmp_windows_new(test);
	unsigned int i, accepted = 0, bad = 0;
	u64 state = FMP_RANDOM_SEED;
	u64 counter;

	for (i = 0; i < FMP_RANDOM_OPS; i++) {
		bool hint, took, model;

		counter = fmp_random_counter(&state, w->model.highest);
		hint = fmp_replay_check(&w->replay, counter);
		model = fmp_model_commit(&w->model, counter);
		took = fmp_replay_commit(&w->replay, counter);
		accepted += took;
		if (hint != model || took != model ||
		    w->replay.highest != w->model.highest) {
			bad++;
			KUNIT_EXPECT_EQ_MSG(test, took, model,
					    "operation %u: %llu, highest %llu",
					    i, counter, w->model.highest);
			KUNIT_ASSERT_LT(test, bad, 10);
		}
		/* Nothing is left to try at the end of the counters. */
		if (w->model.highest > U64_MAX - 3000)
			fmp_windows_reset(w);
		if (i % 1024 == 0) {
			KUNIT_ASSERT_TRUE_MSG(test, fmp_windows_agree(w),
					      "operation %u", i);
			cond_resched();
		}
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	/* Both outcomes have to be frequent for this to mean anything. */
	KUNIT_EXPECT_GT(test, accepted, FMP_RANDOM_OPS / 4);
	KUNIT_EXPECT_LT(test, accepted, FMP_RANDOM_OPS / 4 * 3);
	kunit_info(test, "%u operations, %u accepted\n", i, accepted);
}

static struct kunit_case fmp_replay_cases[] = {
	KUNIT_CASE(fmp_replay_sequences),
	KUNIT_CASE(fmp_replay_spec_sequence),
	KUNIT_CASE(fmp_replay_far_jumps),
	KUNIT_CASE(fmp_replay_late_commit),
	KUNIT_CASE(fmp_replay_never_sent),
	KUNIT_CASE(fmp_replay_ring_reuse),
	KUNIT_CASE(fmp_replay_late_arrivals),
	KUNIT_CASE(fmp_replay_random),
	{}
};

struct kunit_suite fmp_replay_suite = {
	.name = "fmp_replay",
	.test_cases = fmp_replay_cases,
};
