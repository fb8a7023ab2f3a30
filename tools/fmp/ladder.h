/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_LADDER_H
#define FMP_LADDER_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* A step that can be taken back. */
struct rung {
	int (*up)(void *ctx);		/* returns a status after having said what is wrong */
	void (*down)(void *ctx);	/* NULL when there is nothing to take back */
	bool partial;			/* to be taken back even when it failed midway */
};

/*
 * All of the steps, or none of them: when one fails, those before it are taken back.
 * So they are once interrupted is set.
 */
int ladder_climb(const struct rung *rungs, size_t count, void *ctx,
		 const volatile sig_atomic_t *interrupted);

#endif /* FMP_LADDER_H */
