/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames fed to the module's receiver and to the reference side by side.
 */
#ifndef FMP_TRIAL_H
#define FMP_TRIAL_H

#include "receiver.h"
#include "suites.h"
#include "vectors.h"

/**
 * struct fmp_trial - three receivers that are fed the same frames
 * @module: with the module's window
 * @reference: with the window that the vectors were made with
 * @ruled: with the same window and the rules that the vectors do not know
 * @deviating: how often the module's verdict was not that of the vectors
 */
struct fmp_trial {
	struct fmp_rx module;
	struct fmp_rx reference;
	struct fmp_rx ruled;
	unsigned int deviating;
};

struct fmp_trial *fmp_trial_new(struct kunit *test);
void fmp_trial_reset(struct fmp_trial *trial, const u8 *key, u32 index);
void fmp_trial_feed(struct kunit *test, struct fmp_trial *trial,
		    const struct fmp_fed_frame *fed,
		    const struct fmp_bytes *inner, const char *name);
void fmp_deviation_info(struct kunit *test, unsigned int deviating);

#endif /* FMP_TRIAL_H */
