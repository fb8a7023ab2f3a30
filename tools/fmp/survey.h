/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_SURVEY_H
#define FMP_SURVEY_H

#include "kernel.h"

/* Devices, and the peers of each, as they are at one time. */
struct survey {
	struct devices devices;
	struct peers *peers;	/* of the device of the same number */
};

/*
 * Of all devices, without those that go meanwhile, or of one when the target has a
 * name. Returns a status after having
 * said what went wrong; there is nothing to release then.
 */
int survey_take(struct survey *survey, const struct target *target);

void survey_release(struct survey *survey);

#endif /* FMP_SURVEY_H */
