// SPDX-License-Identifier: GPL-2.0
/*
 * Token buckets, heartbeats and silence: every limit, by a clock of their own.
 *
 * The sources are included, so that this module has its own objects of them;
 * fmp_backoff_due() is that of failure_test.c.
 */
#include "../../src/bucket.c"
#include "../../src/heartbeat.c"

#include "suites.h"

/* Beyond 32 bits. */
#define START	(7ULL << 32)

static const struct fmp_bucket_limit strangers = {
	.burst = 100, .rate = 10, .period = 1000,
};

static const struct fmp_bucket_limit known = {
	.burst = 6, .rate = 1, .period = 2000,
};

/* How many of those asked for are let through at a time. */
static unsigned int fmp_take(struct fmp_bucket *bucket,
			     const struct fmp_bucket_limit *limit, u64 now,
			     unsigned int wanted)
{
	unsigned int got = 0;

	while (wanted--)
		got += fmp_bucket_take(bucket, limit, now);
	return got;
}

static void fmp_bucket_starts_full(struct kunit *test)
{
	struct fmp_bucket bucket = {};

	KUNIT_EXPECT_EQ(test, fmp_take(&bucket, &strangers, START, 200), 100);
	bucket = (struct fmp_bucket){};
	KUNIT_EXPECT_EQ(test, fmp_take(&bucket, &known, START, 200), 6);
	/* As early as there is a clock. */
	bucket = (struct fmp_bucket){};
	KUNIT_EXPECT_EQ(test, fmp_take(&bucket, &known, 0, 200), 6);
}

static void fmp_bucket_comes_back(struct kunit *test)
{
	struct fmp_bucket bucket = {};

	fmp_take(&bucket, &strangers, START, 100);
	KUNIT_EXPECT_EQ(test, fmp_take(&bucket, &strangers, START + 99, 1), 0);
	KUNIT_EXPECT_EQ(test, fmp_take(&bucket, &strangers, START + 100, 5), 1);
	KUNIT_EXPECT_EQ(test, fmp_take(&bucket, &strangers, START + 1100, 20),
			10);

	bucket = (struct fmp_bucket){};
	fmp_take(&bucket, &known, START, 6);
	KUNIT_EXPECT_EQ(test, fmp_take(&bucket, &known, START + 1999, 1), 0);
	KUNIT_EXPECT_EQ(test, fmp_take(&bucket, &known, START + 2000, 2), 1);
}

/* Asking often loses no part of a token. */
static void fmp_bucket_keeps_fractions(struct kunit *test)
{
	struct fmp_bucket bucket = {};
	unsigned int got = 0;
	u64 now;

	fmp_take(&bucket, &strangers, START, 100);
	for (now = START + 1; now <= START + 10000; now++)
		got += fmp_bucket_take(&bucket, &strangers, now);
	KUNIT_EXPECT_EQ(test, got, 100);

	bucket = (struct fmp_bucket){};
	fmp_take(&bucket, &known, START, 6);
	got = 0;
	for (now = START + 1; now <= START + 20000; now++)
		got += fmp_bucket_take(&bucket, &known, now);
	KUNIT_EXPECT_EQ(test, got, 10);
}

static void fmp_bucket_holds_no_more(struct kunit *test)
{
	struct fmp_bucket bucket = {};

	fmp_take(&bucket, &strangers, START, 100);
	KUNIT_EXPECT_EQ(test,
			fmp_take(&bucket, &strangers, START + 9999, 200), 99);
	KUNIT_EXPECT_EQ(test,
			fmp_take(&bucket, &strangers, U64_MAX, 200), 100);
}

static void fmp_bucket_clock_goes_back(struct kunit *test)
{
	struct fmp_bucket bucket = {};

	fmp_take(&bucket, &strangers, START, 100);
	KUNIT_EXPECT_EQ(test, fmp_take(&bucket, &strangers, START - 5000, 5),
			0);
	KUNIT_EXPECT_EQ(test, fmp_take(&bucket, &strangers, START + 99, 5), 0);
	KUNIT_EXPECT_EQ(test, fmp_take(&bucket, &strangers, START + 100, 5), 1);
}

static void fmp_bucket_limit_changes(struct kunit *test)
{
	struct fmp_bucket_limit limit = strangers;
	struct fmp_bucket bucket = {};

	fmp_take(&bucket, &limit, START, 100);
	/* It was empty, and is; nothing is owed to it. */
	limit.burst = 5;
	KUNIT_EXPECT_EQ(test, fmp_take(&bucket, &limit, START, 5), 0);
	KUNIT_EXPECT_EQ(test, fmp_take(&bucket, &limit, START + 500, 9), 5);
	limit.burst = 7;
	KUNIT_EXPECT_EQ(test, fmp_take(&bucket, &limit, START + 500, 9), 2);
	limit.rate = 1000;
	KUNIT_EXPECT_EQ(test, fmp_take(&bucket, &limit, START + 503, 9), 3);
}

static void fmp_bucket_extremes(struct kunit *test)
{
	struct fmp_bucket_limit limit = {
		.burst = U32_MAX, .rate = U32_MAX, .period = 1000,
	};
	struct fmp_bucket bucket = {};

	KUNIT_EXPECT_EQ(test, fmp_take(&bucket, &limit, U64_MAX, 1000), 1000);
	bucket.taken = U64_MAX;
	KUNIT_EXPECT_EQ(test, fmp_take(&bucket, &limit, U64_MAX, 1), 0);
	limit = (struct fmp_bucket_limit){ .burst = 1, .rate = 1, .period = 1 };
	bucket = (struct fmp_bucket){};
	KUNIT_EXPECT_EQ(test, fmp_take(&bucket, &limit, 0, 2), 1);
	KUNIT_EXPECT_EQ(test, fmp_take(&bucket, &limit, 1, 2), 1);
}

struct fmp_beating {
	struct fmp_heartbeat heartbeat;
	struct fmp_heartbeat_facts facts;
};

static struct fmp_beating fmp_beating(bool initiator)
{
	struct fmp_beating b = {
		.facts = { .interval = 10000, .heard = START },
	};

	fmp_heartbeat_start(&b.heartbeat, START, initiator);
	return b;
}

static bool fmp_beat(struct fmp_beating *b, u64 now)
{
	b->facts.now = now;
	return fmp_heartbeat_due(&b->heartbeat, &b->facts);
}

static bool fmp_silent(struct fmp_beating *b, u64 now)
{
	b->facts.now = now;
	return fmp_heartbeat_silent(&b->heartbeat, &b->facts);
}

static bool fmp_dead(struct fmp_beating *b, u64 now)
{
	b->facts.now = now;
	return fmp_heartbeat_dead(&b->heartbeat, &b->facts);
}

static u64 fmp_next(const struct fmp_beating *b)
{
	return fmp_heartbeat_next(&b->heartbeat, &b->facts) - START;
}

static void fmp_heartbeat_initiator(struct kunit *test)
{
	struct fmp_beating b = fmp_beating(true);

	KUNIT_EXPECT_TRUE(test, fmp_beat(&b, START));
	KUNIT_EXPECT_FALSE(test, fmp_beat(&b, START + 9999));
	KUNIT_EXPECT_EQ(test, fmp_next(&b), 10000);
	KUNIT_EXPECT_TRUE(test, fmp_beat(&b, START + 10000));
	/* A successor is proven at once, and the interval is from there. */
	fmp_heartbeat_start(&b.heartbeat, START + 12000, true);
	KUNIT_EXPECT_TRUE(test, fmp_beat(&b, START + 12000));
	KUNIT_EXPECT_FALSE(test, fmp_beat(&b, START + 21999));
	KUNIT_EXPECT_TRUE(test, fmp_beat(&b, START + 22000));
}

static void fmp_heartbeat_responder(struct kunit *test)
{
	struct fmp_beating b = fmp_beating(false);

	KUNIT_EXPECT_FALSE(test, fmp_beat(&b, START));
	KUNIT_EXPECT_FALSE(test, fmp_beat(&b, START + 9999));
	KUNIT_EXPECT_TRUE(test, fmp_beat(&b, START + 10000));
	/* A cutover does not disturb the interval. */
	fmp_heartbeat_start(&b.heartbeat, START + 15000, false);
	KUNIT_EXPECT_FALSE(test, fmp_beat(&b, START + 19999));
	KUNIT_EXPECT_TRUE(test, fmp_beat(&b, START + 20000));
}

static void fmp_heartbeat_off(struct kunit *test)
{
	struct fmp_beating b = fmp_beating(false);

	b.facts.interval = 0;
	b.heartbeat.sent = START;
	KUNIT_EXPECT_FALSE(test, fmp_beat(&b, START + 60000));
	KUNIT_EXPECT_FALSE(test, fmp_silent(&b, START + 60000));
	KUNIT_EXPECT_EQ(test, fmp_heartbeat_next(&b.heartbeat, &b.facts),
			U64_MAX);
	/* A frame that is waited for is no habit. */
	fmp_heartbeat_start(&b.heartbeat, START + 70000, true);
	b.facts.now = START + 70001;
	KUNIT_EXPECT_EQ(test, fmp_next(&b), 70001);
	KUNIT_EXPECT_TRUE(test, fmp_beat(&b, START + 70001));
	KUNIT_EXPECT_FALSE(test, fmp_beat(&b, START + 90000));
	KUNIT_EXPECT_EQ(test, fmp_heartbeat_next(&b.heartbeat, &b.facts),
			U64_MAX);
}

static void fmp_heartbeat_silence(struct kunit *test)
{
	struct fmp_beating b = fmp_beating(true);

	b.heartbeat.sent = START + 1;
	b.facts.interval = 100000;
	KUNIT_EXPECT_TRUE(test, fmp_beat(&b, START));
	KUNIT_EXPECT_EQ(test, fmp_next(&b), 30000);
	KUNIT_EXPECT_FALSE(test, fmp_silent(&b, START + 29999));
	KUNIT_EXPECT_TRUE(test, fmp_silent(&b, START + 30000));
	/* Again after 1, 2, 4 s and so on. */
	KUNIT_EXPECT_EQ(test, fmp_next(&b), 31000);
	KUNIT_EXPECT_FALSE(test, fmp_silent(&b, START + 30999));
	KUNIT_EXPECT_TRUE(test, fmp_silent(&b, START + 31000));
	KUNIT_EXPECT_FALSE(test, fmp_silent(&b, START + 32999));
	KUNIT_EXPECT_TRUE(test, fmp_silent(&b, START + 33000));

	/* A frame ends it, and the next silence is told anew. */
	b.facts.heard = START + 34000;
	b.heartbeat.sent = START + 34000;
	KUNIT_EXPECT_FALSE(test, fmp_silent(&b, START + 35000));
	KUNIT_EXPECT_FALSE(test, fmp_silent(&b, START + 63999));
	KUNIT_EXPECT_TRUE(test, fmp_silent(&b, START + 64000));
	KUNIT_EXPECT_TRUE(test, fmp_silent(&b, START + 65000));
	/* So does a session. */
	fmp_heartbeat_start(&b.heartbeat, START + 66000, false);
	KUNIT_EXPECT_TRUE(test, fmp_silent(&b, START + 66000));
	KUNIT_EXPECT_FALSE(test, fmp_silent(&b, START + 66999));
	KUNIT_EXPECT_TRUE(test, fmp_silent(&b, START + 67000));
}

/* Heartbeats that get nowhere say nothing of the peer. */
static void fmp_heartbeat_not_sent(struct kunit *test)
{
	struct fmp_beating b = fmp_beating(true);

	KUNIT_EXPECT_TRUE(test, fmp_beat(&b, START));
	KUNIT_EXPECT_FALSE(test, fmp_silent(&b, START + 40000));
	KUNIT_EXPECT_EQ(test, fmp_next(&b), 10000);
	KUNIT_EXPECT_TRUE(test, fmp_beat(&b, START + 40000));
	b.heartbeat.sent = START + 40000;
	KUNIT_EXPECT_TRUE(test, fmp_silent(&b, START + 40000));
}

static struct fmp_beating fmp_dying(void)
{
	struct fmp_beating b = fmp_beating(true);

	b.facts.timeout = 15000;
	b.facts.up = true;
	b.heartbeat.sent = START + 1;
	return b;
}

static void fmp_heartbeat_dies(struct kunit *test)
{
	struct fmp_beating b = fmp_dying();

	KUNIT_EXPECT_TRUE(test, fmp_beat(&b, START));
	KUNIT_EXPECT_TRUE(test, fmp_beat(&b, START + 10000));
	KUNIT_EXPECT_EQ(test, fmp_next(&b), 15000);
	KUNIT_EXPECT_FALSE(test, fmp_dead(&b, START + 14999));
	KUNIT_EXPECT_TRUE(test, fmp_dead(&b, START + 15000));
	/* It cannot die twice. */
	b.facts.up = false;
	KUNIT_EXPECT_FALSE(test, fmp_dead(&b, START + 15000));
	KUNIT_EXPECT_EQ(test, fmp_next(&b), 20000);
}

static void fmp_heartbeat_lives(struct kunit *test)
{
	struct fmp_beating b = fmp_dying();

	b.facts.heard = START + 5000;
	KUNIT_EXPECT_FALSE(test, fmp_dead(&b, START + 15000));
	/* None was due that it could have answered, as after a suspend. */
	KUNIT_EXPECT_FALSE(test, fmp_dead(&b, START + 60000));
	/* One was, and could not leave: that is no reason to think it alive. */
	KUNIT_EXPECT_TRUE(test, fmp_beat(&b, START + 60000));
	b.heartbeat.sent = 0;
	KUNIT_EXPECT_TRUE(test, fmp_dead(&b, START + 60000));
	/* What asks for no end has none. */
	b.facts.timeout = 0;
	KUNIT_EXPECT_FALSE(test, fmp_dead(&b, START + 60000));
	b.facts.timeout = 15000;
	b.facts.interval = 0;
	KUNIT_EXPECT_FALSE(test, fmp_dead(&b, START + 60000));
}

/* A handshake may find it alive: its end is waited for, and seen soon. */
static void fmp_heartbeat_handshake(struct kunit *test)
{
	struct fmp_beating b = fmp_dying();

	b.facts.handshake = true;
	KUNIT_EXPECT_TRUE(test, fmp_beat(&b, START + 15000));
	KUNIT_EXPECT_FALSE(test, fmp_dead(&b, START + 15000));
	KUNIT_EXPECT_EQ(test, fmp_next(&b), 16000);
	b.facts.handshake = false;
	KUNIT_EXPECT_TRUE(test, fmp_dead(&b, START + 16000));
	/* Who always tries again is not waited for. */
	b.facts.handshake = true;
	KUNIT_EXPECT_FALSE(test, fmp_dead(&b, START + 52999));
	KUNIT_EXPECT_TRUE(test, fmp_dead(&b, START + 53000));
}

static struct kunit_case fmp_limits_cases[] = {
	KUNIT_CASE(fmp_bucket_starts_full),
	KUNIT_CASE(fmp_bucket_comes_back),
	KUNIT_CASE(fmp_bucket_keeps_fractions),
	KUNIT_CASE(fmp_bucket_holds_no_more),
	KUNIT_CASE(fmp_bucket_clock_goes_back),
	KUNIT_CASE(fmp_bucket_limit_changes),
	KUNIT_CASE(fmp_bucket_extremes),
	KUNIT_CASE(fmp_heartbeat_initiator),
	KUNIT_CASE(fmp_heartbeat_responder),
	KUNIT_CASE(fmp_heartbeat_off),
	KUNIT_CASE(fmp_heartbeat_silence),
	KUNIT_CASE(fmp_heartbeat_not_sent),
	KUNIT_CASE(fmp_heartbeat_dies),
	KUNIT_CASE(fmp_heartbeat_lives),
	KUNIT_CASE(fmp_heartbeat_handshake),
	{}
};

struct kunit_suite fmp_limits_suite = {
	.name = "fmp_limits",
	.test_cases = fmp_limits_cases,
};
