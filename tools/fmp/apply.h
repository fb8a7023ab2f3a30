/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_APPLY_H
#define FMP_APPLY_H

#include "conf.h"
#include "kernel.h"

/* How a device becomes what a configuration says. */
enum apply_mode {
	APPLY_SET,	/* anew: peers lose their sessions */
	APPLY_ADD,	/* what the configuration does not say stays */
	APPLY_SYNC,	/* as APPLY_SET, and what is so already is not touched */
};

/* What was told to the kernel. */
struct applied {
	bool device;
	size_t added, changed, removed;		/* peers */
};

/*
 * Returns a status after having said what went wrong.  What was done until then is in
 * applied, which may be NULL.
 */
int apply_conf(struct nl *nl, const struct target *target, const struct conf *conf,
	       enum apply_mode mode, struct applied *applied);

#endif /* FMP_APPLY_H */
