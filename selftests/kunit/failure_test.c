// SPDX-License-Identifier: GPL-2.0
/*
 * What follows from failures, and when a new session is asked for: every limit,
 * by a clock of their own.
 *
 * The sources are included, so that this module has its own objects of them.
 */
#include "../../src/failure.c"
#include "../../src/rekey.c"

#include "suites.h"

/* As good as any time to become current, and beyond 32 bits. */
#define START	(7ULL << 32)

/* A session that was proven and is out of its grace. */
#define LATER	(START + FMP_FAILURE_GRACE_PROVEN_MS)

struct fmp_failing {
	struct fmp_failure failure;
	struct fmp_failure_facts facts;
};

static struct fmp_failing fmp_failing(void)
{
	return (struct fmp_failing){
		.facts = {
			.now = LATER,
			.established = START,
			.proven = true,
		},
	};
}

static enum fmp_failure_verdict fmp_fail(struct fmp_failing *f, u64 now)
{
	f->facts.now = now;
	return fmp_failure_add(&f->failure, &f->facts);
}

/* The last of some failures. */
static enum fmp_failure_verdict fmp_fail_times(struct fmp_failing *f, u64 now,
					       unsigned int times)
{
	enum fmp_failure_verdict verdict = FMP_FAILURE_NOTHING;

	while (times--)
		verdict = fmp_fail(f, now);
	return verdict;
}

static void fmp_failure_threshold(struct kunit *test)
{
	struct fmp_failing f = fmp_failing();
	int i;

	for (i = 1; i <= 3; i++) {
		KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER), FMP_FAILURE_NOTHING);
		KUNIT_EXPECT_EQ(test, f.failure.count, i);
	}
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER), FMP_FAILURE_ASK);
	KUNIT_EXPECT_EQ(test, f.failure.count, 4);
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER), FMP_FAILURE_WAIT);
	KUNIT_EXPECT_EQ(test, f.failure.count, 5);
}

static void fmp_failure_in_a_row(struct kunit *test)
{
	struct fmp_failing f = fmp_failing();
	int i;

	for (i = 0; i < 100; i++) {
		KUNIT_EXPECT_EQ(test, fmp_fail_times(&f, LATER, 3),
				FMP_FAILURE_NOTHING);
		fmp_failure_reset(&f.failure);
	}
	KUNIT_EXPECT_EQ(test, f.failure.count, 0);
	KUNIT_EXPECT_EQ(test, fmp_fail_times(&f, LATER, 4), FMP_FAILURE_ASK);
}

static void fmp_failure_grace(struct kunit *test)
{
	static const struct {
		bool proven;
		u64 age;
		unsigned int count;
	} rows[] = {
		{ false, 0, 0 },
		{ false, 9999, 0 },
		{ false, 10000, 0 },
		{ false, 29999, 0 },
		{ false, 30000, 4 },
		{ false, 1ULL << 40, 4 },
		{ true, 0, 0 },
		{ true, 9999, 0 },
		{ true, 10000, 4 },
		{ true, 29999, 4 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fmp_failing f = fmp_failing();
		enum fmp_failure_verdict verdict;

		f.facts.proven = rows[i].proven;
		verdict = fmp_fail_times(&f, START + rows[i].age, 4);
		KUNIT_EXPECT_EQ_MSG(test, f.failure.count, rows[i].count,
				    "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, verdict,
				    rows[i].count ? FMP_FAILURE_ASK :
						    FMP_FAILURE_NOTHING,
				    "row %u", i);
	}
}

static void fmp_failure_ask_limit(struct kunit *test)
{
	struct fmp_failing f = fmp_failing();

	KUNIT_EXPECT_EQ(test, fmp_fail_times(&f, LATER, 4), FMP_FAILURE_ASK);
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER + 29999), FMP_FAILURE_WAIT);
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER + 30000), FMP_FAILURE_ASK);
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER + 30000), FMP_FAILURE_WAIT);
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER + 59999), FMP_FAILURE_WAIT);
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER + 90000), FMP_FAILURE_ASK);

	/* Frames that come between make no room for more. */
	fmp_failure_reset(&f.failure);
	KUNIT_EXPECT_EQ(test, fmp_fail_times(&f, LATER + 119999, 4),
			FMP_FAILURE_AWAIT);
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER + 120000), FMP_FAILURE_ASK);
}

static void fmp_failure_await(struct kunit *test)
{
	struct fmp_failing f = fmp_failing();
	unsigned int i, told = 0;

	f.facts.pending = true;
	KUNIT_EXPECT_EQ(test, fmp_fail_times(&f, LATER, 3),
			FMP_FAILURE_NOTHING);
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER), FMP_FAILURE_AWAIT);
	for (i = 5; i <= 999; i++)
		told += fmp_fail(&f, LATER) != FMP_FAILURE_WAIT;
	KUNIT_EXPECT_EQ(test, told, 0);
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER), FMP_FAILURE_AWAIT);
	KUNIT_EXPECT_EQ(test, f.failure.count, 1000);
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER), FMP_FAILURE_WAIT);
	KUNIT_EXPECT_EQ(test, fmp_fail_times(&f, LATER, 999),
			FMP_FAILURE_AWAIT);

	/* The one that pends did not make it. */
	f.facts.pending = false;
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER), FMP_FAILURE_ASK);
}

/* Whoever can make failures can make them fast, and frames between them come. */
static void fmp_failure_await_limit(struct kunit *test)
{
	struct fmp_failing f = fmp_failing();
	unsigned int i, told = 0;

	f.facts.pending = true;
	for (i = 0; i < 1000; i++) {
		told += fmp_fail_times(&f, LATER + i, 4) == FMP_FAILURE_AWAIT;
		fmp_failure_reset(&f.failure);
	}
	KUNIT_EXPECT_EQ(test, told, 10);
	KUNIT_EXPECT_EQ(test, fmp_fail_times(&f, LATER + 29999, 4),
			FMP_FAILURE_WAIT);
	fmp_failure_reset(&f.failure);
	KUNIT_EXPECT_EQ(test, fmp_fail_times(&f, LATER + 30000, 4),
			FMP_FAILURE_AWAIT);
}

static void fmp_failure_saturates(struct kunit *test)
{
	struct fmp_failing f = fmp_failing();

	f.failure.count = U32_MAX - 1;
	f.failure.next_ask = U64_MAX;
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER), FMP_FAILURE_WAIT);
	KUNIT_EXPECT_EQ(test, f.failure.count, U32_MAX);
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER), FMP_FAILURE_WAIT);
	KUNIT_EXPECT_EQ(test, f.failure.count, U32_MAX);
}

static void fmp_failure_never_alone(struct kunit *test)
{
	struct fmp_failing f = fmp_failing();
	unsigned int asked = 0;
	u64 now;

	/* Garbage for a day, nothing else, and nobody who could help. */
	for (now = LATER; now < LATER + 86400000; now += 5000) {
		enum fmp_failure_verdict verdict;

		f.facts.silent = now - LATER;
		verdict = fmp_fail_times(&f, now, 4);
		KUNIT_ASSERT_TRUE(test, verdict != FMP_FAILURE_GIVE_UP);
		asked += f.failure.next_ask == now + FMP_FAILURE_ASK_MS;
	}
	KUNIT_EXPECT_EQ(test, asked, 86400 / 30);
}

static void fmp_failure_give_up(struct kunit *test)
{
	struct fmp_failing f = fmp_failing();

	f.facts.agent = true;
	f.facts.silent = 1ULL << 40;
	KUNIT_EXPECT_EQ(test, fmp_fail_times(&f, LATER, 4), FMP_FAILURE_ASK);
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER + 60000), FMP_FAILURE_ASK);
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER + 89999), FMP_FAILURE_WAIT);
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER + 90000),
			FMP_FAILURE_GIVE_UP);
	KUNIT_EXPECT_EQ(test, f.failure.count, 0);

	/* All begins anew. */
	KUNIT_EXPECT_EQ(test, fmp_fail_times(&f, LATER + 200000, 4),
			FMP_FAILURE_ASK);
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER + 289999), FMP_FAILURE_ASK);
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER + 290000),
			FMP_FAILURE_GIVE_UP);
}

static void fmp_failure_proof_of_life(struct kunit *test)
{
	struct fmp_failing f = fmp_failing();

	f.facts.agent = true;
	fmp_fail_times(&f, LATER, 4);
	f.facts.silent = 89999;
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER + 1000000), FMP_FAILURE_ASK);
	f.facts.silent = 90000;
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER + 1000000),
			FMP_FAILURE_GIVE_UP);

	/* Each authentic frame gives the agent all of its time. */
	fmp_fail_times(&f, LATER + 2000000, 4);
	fmp_failure_reset(&f.failure);
	KUNIT_EXPECT_EQ(test, fmp_fail_times(&f, LATER + 2090000, 4),
			FMP_FAILURE_ASK);
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER + 2179999), FMP_FAILURE_ASK);
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER + 2180000),
			FMP_FAILURE_GIVE_UP);
}

static void fmp_failure_agents(struct kunit *test)
{
	struct fmp_failing f = fmp_failing();

	/* What was asked before it came does not count, */
	f.facts.silent = 1ULL << 40;
	fmp_fail_times(&f, LATER, 4);
	f.facts.agent = true;
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER + 100000), FMP_FAILURE_ASK);
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER + 189999), FMP_FAILURE_ASK);
	/* nor what was asked of one that is gone, */
	f.facts.agent = false;
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER + 190000), FMP_FAILURE_WAIT);
	f.facts.agent = true;
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER + 219999), FMP_FAILURE_ASK);
	/* nor does anybody give up while a session is under way. */
	f.facts.pending = true;
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER + 400000), FMP_FAILURE_WAIT);
	f.facts.pending = false;
	KUNIT_EXPECT_EQ(test, fmp_fail(&f, LATER + 400000),
			FMP_FAILURE_GIVE_UP);
}

static void fmp_backoff_intervals(struct kunit *test)
{
	static const u64 due[] = {
		0, 1000, 3000, 7000, 15000, 31000, 63000, 123000, 183000,
		243000,
	};
	struct fmp_backoff backoff = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(due); i++) {
		if (i)
			KUNIT_EXPECT_FALSE_MSG(test,
					       fmp_backoff_due(&backoff,
							       START + due[i] - 1,
							       1000, 60000),
					       "%u, too early", i);
		KUNIT_EXPECT_TRUE_MSG(test,
				      fmp_backoff_due(&backoff, START + due[i],
						      1000, 60000),
				      "%u", i);
		KUNIT_EXPECT_FALSE_MSG(test,
				       fmp_backoff_due(&backoff,
						       START + due[i], 1000,
						       60000),
				       "%u, twice", i);
	}
}

static void fmp_rekey_age(struct kunit *test)
{
	static const u64 due[] = {
		145000, 175000, 235000, 355000, 595000, 1075000, 1675000,
		2275000,
	};
	struct fmp_rekey_facts facts = {};
	struct fmp_rekey rekey;
	unsigned int i;

	fmp_rekey_start(&rekey, START, 5000);
	for (i = 0; i < ARRAY_SIZE(due); i++) {
		facts.used++;
		facts.now = START + due[i] - 1;
		KUNIT_EXPECT_FALSE_MSG(test, fmp_rekey_due(&rekey, &facts),
				       "%u, too early", i);
		facts.now++;
		KUNIT_EXPECT_EQ_MSG(test, rekey.due, facts.now, "%u", i);
		KUNIT_EXPECT_TRUE_MSG(test, fmp_rekey_due(&rekey, &facts),
				      "%u", i);
	}
}

static void fmp_rekey_idle(struct kunit *test)
{
	struct fmp_rekey_facts facts = { .now = START + 140000 };
	struct fmp_rekey rekey;

	fmp_rekey_start(&rekey, START, 0);
	KUNIT_EXPECT_FALSE(test, fmp_rekey_due(&rekey, &facts));
	facts.now += 3600000;
	KUNIT_EXPECT_FALSE(test, fmp_rekey_due(&rekey, &facts));
	KUNIT_EXPECT_EQ(test, rekey.due, facts.now + 30000);

	facts.used = 1;
	KUNIT_EXPECT_FALSE(test, fmp_rekey_due(&rekey, &facts));
	facts.now += 30000;
	KUNIT_EXPECT_TRUE(test, fmp_rekey_due(&rekey, &facts));
	facts.now += 30000;
	KUNIT_EXPECT_FALSE(test, fmp_rekey_due(&rekey, &facts));
}

static void fmp_rekey_pending(struct kunit *test)
{
	struct fmp_rekey_facts facts = {
		.now = START + 155000, .used = 1, .pending = true,
	};
	struct fmp_rekey rekey;

	fmp_rekey_start(&rekey, START, FMP_REKEY_JITTER_MS);
	KUNIT_EXPECT_FALSE(test, fmp_rekey_due(&rekey, &facts));
	facts.now += 29999;
	facts.pending = false;
	KUNIT_EXPECT_FALSE(test, fmp_rekey_due(&rekey, &facts));
	facts.now++;
	KUNIT_EXPECT_TRUE(test, fmp_rekey_due(&rekey, &facts));
}

static void fmp_rekey_frames(struct kunit *test)
{
	const u64 limit = 281474976710656ULL;
	struct fmp_rekey_facts facts = {
		.now = START + 1, .sent = limit - 1, .used = limit - 1,
	};
	struct fmp_rekey rekey;

	KUNIT_EXPECT_FALSE(test, fmp_rekey_is_spent(limit - 1));
	KUNIT_EXPECT_TRUE(test, fmp_rekey_is_spent(limit));
	fmp_rekey_start(&rekey, START, 0);
	KUNIT_EXPECT_FALSE(test, fmp_rekey_due(&rekey, &facts));
	facts.sent++;
	facts.used++;
	KUNIT_EXPECT_TRUE(test, fmp_rekey_due(&rekey, &facts));
	facts.used++;
	KUNIT_EXPECT_FALSE(test, fmp_rekey_due(&rekey, &facts));
	facts.now += 29999;
	KUNIT_EXPECT_FALSE(test, fmp_rekey_due(&rekey, &facts));
	facts.now++;
	KUNIT_EXPECT_TRUE(test, fmp_rekey_due(&rekey, &facts));
}

static struct kunit_case fmp_failure_cases[] = {
	KUNIT_CASE(fmp_failure_threshold),
	KUNIT_CASE(fmp_failure_in_a_row),
	KUNIT_CASE(fmp_failure_grace),
	KUNIT_CASE(fmp_failure_ask_limit),
	KUNIT_CASE(fmp_failure_await),
	KUNIT_CASE(fmp_failure_await_limit),
	KUNIT_CASE(fmp_failure_saturates),
	KUNIT_CASE(fmp_failure_never_alone),
	KUNIT_CASE(fmp_failure_give_up),
	KUNIT_CASE(fmp_failure_proof_of_life),
	KUNIT_CASE(fmp_failure_agents),
	KUNIT_CASE(fmp_backoff_intervals),
	KUNIT_CASE(fmp_rekey_age),
	KUNIT_CASE(fmp_rekey_idle),
	KUNIT_CASE(fmp_rekey_pending),
	KUNIT_CASE(fmp_rekey_frames),
	{}
};

struct kunit_suite fmp_failure_suite = {
	.name = "fmp_failure",
	.test_cases = fmp_failure_cases,
};
