// SPDX-License-Identifier: GPL-2.0
/*
 * The unit tests as one module.
 */
#include <linux/module.h>

#include "suites.h"

/* What needs the kernel's own network stack. */
#ifdef __KERNEL__
#define FMP_KERNEL_SUITES	, &fmp_segment_suite
#else
#define FMP_KERNEL_SUITES
#endif

kunit_test_suites(&fmp_wire_suite, &fmp_frames_suite,
		  &fmp_frames_negative_suite, &fmp_crypto_suite,
		  &fmp_replay_suite, &fmp_link_suite, &fmp_mmp_wire_suite,
		  &fmp_failure_suite, &fmp_counter_suite,
		  &fmp_limits_suite, &fmp_estimator_suite,
		  &fmp_mmp_receiver_suite, &fmp_mmp_sender_suite,
		  &fmp_mmp_metrics_suite, &fmp_spin_suite FMP_KERNEL_SUITES);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Unit tests of the FMP tunnel");
