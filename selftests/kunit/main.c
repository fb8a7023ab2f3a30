// SPDX-License-Identifier: GPL-2.0
/*
 * The unit tests as one module.
 */
#include <linux/module.h>

#include "suites.h"

/* Held against the kernel's own network stack. */
#ifndef __KERNEL__
static void fmp_stack_elsewhere(struct kunit *test)
{
	kunit_skip(test, "only in the kernel");
}

static struct kunit_case fmp_stack_cases[] = {
	KUNIT_CASE(fmp_stack_elsewhere),
	{}
};

struct kunit_suite fmp_merge_suite = {
	.name = "fmp_merge",
	.test_cases = fmp_stack_cases,
};

struct kunit_suite fmp_segment_suite = {
	.name = "fmp_segment",
	.test_cases = fmp_stack_cases,
};
#endif

kunit_test_suites(&fmp_wire_suite, &fmp_frames_suite,
		  &fmp_frames_negative_suite, &fmp_crypto_suite,
		  &fmp_replay_suite, &fmp_link_suite, &fmp_mmp_wire_suite,
		  &fmp_failure_suite, &fmp_counter_suite,
		  &fmp_limits_suite, &fmp_estimator_suite,
		  &fmp_mmp_receiver_suite, &fmp_mmp_sender_suite,
		  &fmp_mmp_metrics_suite, &fmp_merge_suite,
		  &fmp_segment_suite, &fmp_spin_suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Unit tests of the FMP tunnel");
