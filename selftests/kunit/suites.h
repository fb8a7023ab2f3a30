/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites of the unit tests share.
 */
#ifndef FMP_SUITES_H
#define FMP_SUITES_H

#include <linux/kconfig.h>

#if IS_ENABLED(CONFIG_KUNIT)
#include <kunit/test.h>
#else
/* Named in full: kernels without KUnit still ship its header. */
#include "compat/kunit/test.h"
#endif

extern struct kunit_suite fmp_frames_suite;
extern struct kunit_suite fmp_frames_negative_suite;
extern struct kunit_suite fmp_replay_suite;
extern struct kunit_suite fmp_link_suite;
extern struct kunit_suite fmp_mmp_wire_suite;
extern struct kunit_suite fmp_wire_suite;
extern struct kunit_suite fmp_crypto_suite;
extern struct kunit_suite fmp_counter_suite;
extern struct kunit_suite fmp_failure_suite;
extern struct kunit_suite fmp_limits_suite;
extern struct kunit_suite fmp_estimator_suite;
extern struct kunit_suite fmp_mmp_receiver_suite;
extern struct kunit_suite fmp_mmp_sender_suite;
extern struct kunit_suite fmp_mmp_metrics_suite;
extern struct kunit_suite fmp_merge_suite;
extern struct kunit_suite fmp_segment_suite;
extern struct kunit_suite fmp_spin_suite;

/*
 * Closes the loop over a table: each entry was run, and as many were run as
 * the file has.
 */
static inline void fmp_expect_entries(struct kunit *test, const char *label,
				      size_t run, size_t entries)
{
	KUNIT_EXPECT_EQ(test, run, entries);
	kunit_log(KERN_INFO, test, KUNIT_SUBTEST_INDENT "# %s: %zu entries",
		  label, run);
}

static inline void fmp_need_file(struct kunit *test, const char *missing)
{
	if (missing)
		kunit_skip(test, "%s", missing);
}

#endif /* FMP_SUITES_H */
