// SPDX-License-Identifier: GPL-2.0
#include "ladder.h"

#include "fail.h"

/* From the step before the one given. */
static void descend(const struct rung *rungs, size_t from, void *ctx)
{
	while (from--)
		if (rungs[from].down)
			rungs[from].down(ctx);
}

int ladder_climb(const struct rung *rungs, size_t count, void *ctx,
		 const volatile sig_atomic_t *interrupted)
{
	int status;
	size_t i;

	for (i = 0; i < count; i++) {
		status = rungs[i].up(ctx);
		if (status) {
			descend(rungs, rungs[i].partial ? i + 1 : i, ctx);
			return status;
		}
		if (*interrupted) {
			descend(rungs, i + 1, ctx);
			return refused("interrupted, everything is taken back");
		}
	}
	return STATUS_OK;
}
