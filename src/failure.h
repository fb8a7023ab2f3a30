/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What follows from frames that do not decrypt (spec 5.7).
 *
 * No state but its own and no clock: times are in milliseconds and are passed
 * in, so that every limit can be tested exactly.
 */
#ifndef FMP_FAILURE_H
#define FMP_FAILURE_H

#include <linux/types.h>

/* This many in a row are no accident. */
#define FMP_FAILURE_THRESHOLD		4U
/* Both ends are still cutting over: while nothing proved the session, after. */
#define FMP_FAILURE_GRACE_MS		30000U
#define FMP_FAILURE_GRACE_PROVEN_MS	10000U
/* Recovery is asked for once in that time. */
#define FMP_FAILURE_ASK_MS		30000U
/* What an agent gets before it is given up, as long without a proof of life. */
#define FMP_FAILURE_PATIENCE_MS		90000U
/* Waiting is told at the threshold and then once in so many failures ... */
#define FMP_FAILURE_TELL_EACH		1000U
/* ... but no more than so many times in that time, whoever sends how much. */
#define FMP_FAILURE_TELL_MAX		10U
#define FMP_FAILURE_TELL_MS		30000U

/**
 * enum fmp_failure_verdict - what to do about a failure
 * @FMP_FAILURE_NOTHING: it is one of too few, or too early
 * @FMP_FAILURE_WAIT: keep everything, recovery is under way
 * @FMP_FAILURE_AWAIT: the same, and tell
 * @FMP_FAILURE_ASK: ask for a new session
 * @FMP_FAILURE_GIVE_UP: take down what cannot be recovered
 */
enum fmp_failure_verdict {
	FMP_FAILURE_NOTHING,
	FMP_FAILURE_WAIT,
	FMP_FAILURE_AWAIT,
	FMP_FAILURE_ASK,
	FMP_FAILURE_GIVE_UP,
};

/**
 * struct fmp_failure - the failures of a peer
 * @count: those of the current session since the last authentic frame
 * @told: how often waiting was told since @told_since
 * @next_ask: when recovery may be asked for again
 * @hopeless: when the agent that was asked has had its time; 0 while none was
 * @told_since: start of the time in which @told counts
 *
 * All zeroes is the state of a new peer. Calls are serialized by the caller.
 */
struct fmp_failure {
	u32 count;
	u32 told;
	u64 next_ask;
	u64 hopeless;
	u64 told_since;
};

/**
 * struct fmp_failure_facts - what is known when a frame does not decrypt
 * @now: time
 * @established: when the session became current
 * @silent: how long nothing authentic has arrived
 * @proven: something has authenticated under the session
 * @pending: a session is waiting for its cutover
 * @agent: somebody can make a session
 */
struct fmp_failure_facts {
	u64 now;
	u64 established;
	u64 silent;
	bool proven;
	bool pending;
	bool agent;
};

void fmp_failure_reset(struct fmp_failure *failure);
enum fmp_failure_verdict fmp_failure_add(struct fmp_failure *failure,
					 const struct fmp_failure_facts *facts);

#endif /* FMP_FAILURE_H */
