// SPDX-License-Identifier: GPL-2.0
/*
 * Counters of frames that are sent: each once, also by several threads, and
 * none beyond the budget of the key.
 */
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#include "../../src/counter.h"
#include "suites.h"

#define FMP_TAKERS	4
#define FMP_TAKEN	262144
#define FMP_ALL_TAKEN	((u64)FMP_TAKERS * FMP_TAKEN)

static void fmp_counter_first(struct kunit *test)
{
	atomic64_t next = ATOMIC64_INIT(0);
	u64 counter = U64_MAX;
	u64 i;

	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_TRUE(test, fmp_counter_take(&next, &counter));
		KUNIT_EXPECT_EQ(test, counter, i);
	}
}

static void fmp_counter_limit(struct kunit *test)
{
	atomic64_t next = ATOMIC64_INIT(BIT_ULL(60) - 2);
	u64 counter = 0;
	int i;

	KUNIT_EXPECT_TRUE(test, fmp_counter_take(&next, &counter));
	KUNIT_EXPECT_EQ(test, counter, BIT_ULL(60) - 2);
	KUNIT_EXPECT_TRUE(test, fmp_counter_take(&next, &counter));
	KUNIT_EXPECT_EQ(test, counter, BIT_ULL(60) - 1);
	for (i = 0; i < 1000; i++)
		KUNIT_EXPECT_FALSE(test, fmp_counter_take(&next, &counter));
}

/* Those of a batch follow each other, and are nobody else's. */
static void fmp_counter_many(struct kunit *test)
{
	atomic64_t next = ATOMIC64_INIT(0);
	u64 counter = U64_MAX;

	KUNIT_EXPECT_TRUE(test, fmp_counter_take_many(&next, 44, &counter));
	KUNIT_EXPECT_EQ(test, counter, 0);
	KUNIT_EXPECT_TRUE(test, fmp_counter_take(&next, &counter));
	KUNIT_EXPECT_EQ(test, counter, 44);
	KUNIT_EXPECT_TRUE(test, fmp_counter_take_many(&next, 2, &counter));
	KUNIT_EXPECT_EQ(test, counter, 45);
}

/* All of a batch are within the budget, or none is used. */
static void fmp_counter_many_limit(struct kunit *test)
{
	atomic64_t next = ATOMIC64_INIT(BIT_ULL(60) - 44);
	u64 counter = 0;

	KUNIT_EXPECT_TRUE(test, fmp_counter_take_many(&next, 44, &counter));
	KUNIT_EXPECT_EQ(test, counter, BIT_ULL(60) - 44);
	KUNIT_EXPECT_FALSE(test, fmp_counter_take(&next, &counter));

	atomic64_set(&next, BIT_ULL(60) - 43);
	KUNIT_EXPECT_FALSE(test, fmp_counter_take_many(&next, 44, &counter));
	KUNIT_EXPECT_FALSE(test, fmp_counter_take(&next, &counter));
}

/**
 * struct fmp_taker - one of several that take counters at the same time
 * @next: shared by all
 * @go: likewise: all are there
 * @sum: of the counters it got
 * @disorder: how many of them were not above the one before
 * @done: it has got them
 */
struct fmp_taker {
	atomic64_t *next;
	const bool *go;
	u64 sum;
	unsigned int disorder;
	struct completion done;
};

static int fmp_take(void *data)
{
	struct fmp_taker *taker = data;
	u64 counter, least = 0;
	int i;

	while (!READ_ONCE(*taker->go))
		cond_resched();
	for (i = 0; i < FMP_TAKEN; i++) {
		fmp_counter_take(taker->next, &counter);
		taker->disorder += counter < least;
		taker->sum += counter;
		least = counter + 1;
	}
	kthread_complete_and_exit(&taker->done, 0);
}

/* Had two of them got the same counter, another one would be missing. */
static void fmp_counter_parallel(struct kunit *test)
{
	struct fmp_taker takers[FMP_TAKERS] = {};
	atomic64_t next = ATOMIC64_INIT(0);
	unsigned int disorder = 0;
	u64 sum = 0, counter = 0;
	bool go = false;
	int i, started;

	for (started = 0; started < FMP_TAKERS; started++) {
		takers[started].next = &next;
		takers[started].go = &go;
		init_completion(&takers[started].done);
		if (IS_ERR(kthread_run(fmp_take, &takers[started],
				       "fmp-take")))
			break;
	}
	WRITE_ONCE(go, true);
	for (i = 0; i < started; i++) {
		wait_for_completion(&takers[i].done);
		sum += takers[i].sum;
		disorder += takers[i].disorder;
	}
	KUNIT_EXPECT_EQ(test, started, FMP_TAKERS);
	KUNIT_EXPECT_EQ(test, disorder, 0);
	KUNIT_EXPECT_EQ(test, sum, FMP_ALL_TAKEN * (FMP_ALL_TAKEN - 1) / 2);
	fmp_counter_take(&next, &counter);
	KUNIT_EXPECT_EQ(test, counter, FMP_ALL_TAKEN);
}

static struct kunit_case fmp_counter_cases[] = {
	KUNIT_CASE(fmp_counter_first),
	KUNIT_CASE(fmp_counter_limit),
	KUNIT_CASE(fmp_counter_many),
	KUNIT_CASE(fmp_counter_many_limit),
	KUNIT_CASE(fmp_counter_parallel),
	{}
};

struct kunit_suite fmp_counter_suite = {
	.name = "fmp_counter",
	.test_cases = fmp_counter_cases,
};
