/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The replay window of the reference, to judge the module's by, and where the
 * module deviates from the reference.
 */
#ifndef FMP_MODEL_H
#define FMP_MODEL_H

#include <linux/limits.h>
#include <linux/types.h>

#define FMP_MODEL_WINDOW	2048

/**
 * struct fmp_model - which counters were accepted
 * @rules: deviate from the reference as the module must
 * @highest: highest accepted counter
 * @seen: whether the counter that is this far below @highest was accepted
 */
struct fmp_model {
	bool rules;
	u64 highest;
	bool seen[FMP_MODEL_WINDOW];
};

/**
 * struct fmp_deviation - a rule of the specification that vectors do not know
 * @what: which input it is about
 * @section: section of the specification
 * @why: why the rule is there
 */
struct fmp_deviation {
	const char *what;
	const char *section;
	const char *why;
};

extern const struct fmp_deviation fmp_never_sent;

/* Whether a received counter is what @fmp_never_sent is about. */
static inline bool fmp_model_never_sent(u64 counter)
{
	return counter == U64_MAX;
}

bool fmp_model_check(const struct fmp_model *model, u64 counter);
bool fmp_model_commit(struct fmp_model *model, u64 counter);

#endif /* FMP_MODEL_H */
