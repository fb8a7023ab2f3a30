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

/*
 * Closes the loop over a table: each entry was run, and as many were run as
 * the file has.
 */
#define FMP_EXPECT_ENTRIES(test, label, run, entries)			\
do {									\
	KUNIT_EXPECT_EQ(test, (size_t)(run), (size_t)(entries));	\
	kunit_log(KERN_INFO, test, KUNIT_SUBTEST_INDENT			\
		  "# %s: %zu entries", label, (size_t)(run));		\
} while (0)

#define FMP_NEED_FILE(test, missing)					\
do {									\
	const char *why = missing;					\
									\
	if (why)							\
		kunit_skip(test, "%s", why);				\
} while (0)

#endif /* FMP_SUITES_H */
