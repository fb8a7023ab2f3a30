// SPDX-License-Identifier: GPL-2.0
/*
 * The replay window of the reference, to judge the module's by.
 *
 * It shares no idea with the module's: a flag for each distance instead of a
 * ring of bits, moved as a whole.
 */
#include <linux/string.h>

#include "model.h"

const struct fmp_deviation fmp_never_sent = {
	.what = "received counter 2^64-1",
	.section = "5.6",
	.why = "never sent; accepting it would leave no counter above the highest",
};

/**
 * fmp_model_check() - tell whether a counter could be accepted
 * @model: the window
 * @counter: counter of a frame
 *
 * Return: true if so.
 */
bool fmp_model_check(const struct fmp_model *model, u64 counter)
{
	if (model->rules && fmp_model_never_sent(counter))
		return false;
	if (counter > model->highest)
		return true;
	if (model->highest - counter >= FMP_MODEL_WINDOW)
		return false;
	return !model->seen[model->highest - counter];
}

/**
 * fmp_model_commit() - accept a counter, once
 * @model: the window
 * @counter: counter of an authentic frame
 *
 * Return: false if it cannot be accepted.
 */
bool fmp_model_commit(struct fmp_model *model, u64 counter)
{
	u64 moved;

	if (!fmp_model_check(model, counter))
		return false;
	if (counter > model->highest) {
		moved = counter - model->highest;
		if (moved > FMP_MODEL_WINDOW)
			moved = FMP_MODEL_WINDOW;
		memmove(model->seen + moved, model->seen,
			FMP_MODEL_WINDOW - moved);
		memset(model->seen, 0, moved);
		model->highest = counter;
	}
	model->seen[model->highest - counter] = true;
	return true;
}
