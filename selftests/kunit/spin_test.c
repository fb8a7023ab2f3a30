// SPDX-License-Identifier: GPL-2.0
/*
 * The spin bit: spin_bit.json, and a rekey.
 *
 * The source is included, so that this module has its own object of it.
 */
#include "../../src/spin.c"

#include <linux/kernel.h>
#include <linux/limits.h>

#include "mmp_vectors.h"
#include "suites.h"

#include "vectors/spin-bit.h"

static void fmp_spin_sequences(struct kunit *test)
{
	size_t run = 0, ops = 0, i;

	fmp_need_file(test, FMP_SPIN_BIT_MISSING);

	for (; run < fmp_spin_rows; run++) {
		const struct fmp_spin_sequence *v = &fmp_spin_vectors[run];
		struct fmp_spin spin = {};

		KUNIT_EXPECT_EQ_MSG(test, fmp_spin_tx(&spin), v->tx, "%s",
				    v->name);
		for (i = 0; i < v->entries; i++, ops++) {
			const struct fmp_spin_op *op = &v->ops[i];
			s64 rtt = fmp_spin_received(&spin, v->initiator,
						    op->counter, op->rx,
						    op->now);

			KUNIT_EXPECT_EQ_MSG(test, rtt, op->rtt, "%s[%zu]: rtt",
					    v->name, i);
			KUNIT_EXPECT_EQ_MSG(test, fmp_spin_tx(&spin), op->tx,
					    "%s[%zu]: tx", v->name, i);
		}
	}
	KUNIT_EXPECT_EQ(test, ops, FMP_SPIN_OPS);
	fmp_expect_entries(test, "fmp_spin", run, FMP_SPIN_ENTRIES);
}

/* Without the reset the bit stands still until the old counter is passed. */
static void fmp_spin_rekey_responder(struct kunit *test)
{
	struct fmp_spin spin = {};

	fmp_spin_received(&spin, false, 1000000, true, 1);
	KUNIT_EXPECT_TRUE(test, fmp_spin_tx(&spin));
	fmp_spin_received(&spin, false, 1, false, 2);
	KUNIT_EXPECT_TRUE(test, fmp_spin_tx(&spin));

	fmp_spin_reset(&spin);
	KUNIT_EXPECT_TRUE(test, fmp_spin_tx(&spin));
	fmp_spin_received(&spin, false, 1, false, 3);
	KUNIT_EXPECT_FALSE(test, fmp_spin_tx(&spin));
	fmp_spin_received(&spin, false, 2, true, 4);
	KUNIT_EXPECT_TRUE(test, fmp_spin_tx(&spin));
}

/* The edge was one of another session, and perhaps of the other's making. */
static void fmp_spin_rekey_initiator(struct kunit *test)
{
	struct fmp_spin spin = {};

	KUNIT_EXPECT_EQ(test, fmp_spin_received(&spin, true, 1, false, 10),
			FMP_SPIN_NONE);
	KUNIT_EXPECT_EQ(test, fmp_spin_received(&spin, true, 2, true, 30), 20);
	fmp_spin_reset(&spin);
	KUNIT_EXPECT_EQ(test, fmp_spin_received(&spin, true, 0, false, 9000),
			FMP_SPIN_NONE);
	KUNIT_EXPECT_EQ(test, fmp_spin_received(&spin, true, 1, true, 9040),
			40);
}

static void fmp_spin_ends(struct kunit *test)
{
	struct fmp_spin spin = {};

	fmp_spin_received(&spin, false, U64_MAX, true, 0);
	KUNIT_EXPECT_TRUE(test, fmp_spin_tx(&spin));
	fmp_spin_received(&spin, false, U64_MAX, false, 0);
	KUNIT_EXPECT_TRUE(test, fmp_spin_tx(&spin));

	/* A clock that goes back makes no round trip of it. */
	fmp_spin_received(&spin, true, 0, true, 1000);
	KUNIT_EXPECT_EQ(test, fmp_spin_received(&spin, true, 0, false, 999), 0);
}

static struct kunit_case fmp_spin_cases[] = {
	KUNIT_CASE(fmp_spin_sequences),
	KUNIT_CASE(fmp_spin_rekey_responder),
	KUNIT_CASE(fmp_spin_rekey_initiator),
	KUNIT_CASE(fmp_spin_ends),
	{}
};

struct kunit_suite fmp_spin_suite = {
	.name = "fmp_spin",
	.test_cases = fmp_spin_cases,
};
