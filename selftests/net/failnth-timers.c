// SPDX-License-Identifier: GPL-2.0
/*
 * What the module does of its own accord, which failnth walks.
 *
 * That runs in softirqs, where allocations cannot be counted. But of one after the other so
 * many bytes can be granted, and the next one be refused.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "failnth.h"

/* Less than a buffer takes, and more than a report and what tells of it. */
#define STEP		256
#define SPACE_MAX	3072
#define PATIENCE	30

static uint32_t successor;
static time_t until;

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static bool is_late(void)
{
	return now() > until;
}

static void set_upkeep(unsigned int heartbeat, unsigned int mode)
{
	struct request r;

	begin_request(&r, FMP_CMD_PEER_SET, 0);
	put_key(&r, FMP_A_PEER_PUBLIC_KEY, PEER_STAYS);
	mnl_attr_put_u16(r.head, FMP_A_PEER_HEARTBEAT, heartbeat);
	mnl_attr_put_u8(r.head, FMP_A_PEER_MMP_MODE, mode);
	must_be(0, send_request(&r), "peer-set");
}

/* Of what is not measured nothing is told. */
static void have_traffic(void)
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		exchange_packets();
	drain_frames();
}

/* A session that we initiated is in use a quarter of a second later. */
static void have_successor(void)
{
	new_peer(PEER_FRESH);
	new_session(PEER_FRESH, 1, false);
	successor = new_session(PEER_FRESH, 2, true);
}

static bool sends(void)
{
	return drain_frames();
}

static bool cuts_over(void)
{
	return is_current(successor);
}

static bool comes(bool (*what)(void))
{
	until = now() + PATIENCE;
	while (!what())
		if (is_late())
			return false;
		else
			usleep(20000);
	return true;
}

/**
 * walk_timers() - have heartbeats, reports and cutovers fail
 */
void walk_timers(void)
{
	unsigned int space, hits = 0;
	bool good = true, hit = true;

	set_upkeep(1, FMP_MMP_MODE_FULL);
	for (space = 0; good && hit && space < SPACE_MAX; space += STEP) {
		have_traffic();
		have_successor();
		until = now() + PATIENCE;
		hit = all_fail_softly(space, is_late);
		hits += hit;
		good = comes(cuts_over) && comes(sends);
	}
	/* They would change what there is. */
	del_peer(PEER_FRESH);
	set_upkeep(0, FMP_MMP_MODE_MINIMAL);
	if (!good)
		printf("# nothing is done any more, after %u bytes\n", space);
	if (hits < 2)
		printf("# %u allocations, not 2\n", hits);
	printf("%s heartbeats and reports are sent, sessions cut over: %u allocations failed\n",
	       good && hits >= 2 ? "ok" : "not ok", hits);
}
