// SPDX-License-Identifier: GPL-2.0
/*
 * Accounts: each frame that arrives is counted once among those where frames end.
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "clock.h"
#include "findings.h"
#include "verdict.h"

/* Seconds, for another CPU. */
#define PATIENCE	10.0

static unsigned long at(const struct ctl_counters *counters, const char *name)
{
	unsigned int i;

	for (i = 0; i < counters->n; i++)
		if (!strcmp(counters->at[i].name, name))
			return counters->at[i].value;
	return 0;
}

static unsigned long ends(const struct ctl_counters *counters)
{
	unsigned long sum = 0;
	unsigned int i;

	for (i = 0; i < counters->n; i++)
		if (verdict_is_end(counters->at[i].name))
			sum += counters->at[i].value;
	return sum;
}

/**
 * account_read() - read the counters of a device, when all that came has been dealt with
 *
 * It is a finding if frames are left that were counted nowhere, or twice.
 */
void account_read(struct ctl *ctl, struct ctl_counters *counters)
{
	double end = now() + PATIENCE;

	do {
		if (ctl_read_counters(ctl, counters)) {
			findings_add("the device does not tell its counters");
			exit(3);
		}
	} while (at(counters, "rx_frames") != ends(counters) && now() < end && !sched_yield());
	if (at(counters, "rx_frames") != ends(counters))
		findings_add("%lu frames came, %lu became something", at(counters, "rx_frames"),
			     ends(counters));
}

/**
 * account_judge() - see where a datagram was counted, if it arrived at all
 * @before: counters before it was sent
 * @verdict: what it may count in
 */
void account_judge(struct ctl *ctl, const struct ctl_counters *before, const char *verdict)
{
	static struct ctl_counters after;
	unsigned int i;

	account_read(ctl, &after);
	for (i = 0; i < after.n; i++)
		if (verdict_is_end(after.at[i].name) &&
		    after.at[i].value != before->at[i].value &&
		    !verdict_allows(verdict, after.at[i].name))
			findings_add("counted in %s, and not in one of%s", after.at[i].name,
				     verdict);
	if (at(&after, "rx_frames") > at(before, "rx_frames") + 1)
		findings_add("counted more than once");
}
