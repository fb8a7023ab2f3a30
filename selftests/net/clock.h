/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Time, for who waits or stops after a while.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <time.h>

/**
 * now() - seconds on a clock that nobody sets
 */
static inline double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

#endif /* CLOCK_H */
