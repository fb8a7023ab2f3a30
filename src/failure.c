// SPDX-License-Identifier: GPL-2.0
/*
 * What follows from frames that do not decrypt (spec 5.7).
 *
 * Whoever has seen an index can send garbage to it, for nothing. So failures
 * alone take nothing down: that needs an agent which was asked and could not
 * help, and a peer of which nothing genuine was heard all the while.
 */
#include <linux/limits.h>
#include <linux/types.h>

#include "failure.h"

/**
 * fmp_failure_reset() - forget the failures
 * @failure: of the peer
 *
 * An authentic frame arrived, or another session became current. When
 * recovery may be asked for again stays: neither makes room for more requests.
 *
 * Context: Any; calls are serialized by the caller.
 */
void fmp_failure_reset(struct fmp_failure *failure)
{
	WRITE_ONCE(failure->count, 0);
	failure->hopeless = 0;
}

static bool fmp_failure_is_early(const struct fmp_failure_facts *facts)
{
	u64 grace = facts->proven ? FMP_FAILURE_GRACE_PROVEN_MS :
				    FMP_FAILURE_GRACE_MS;

	return facts->now < facts->established + grace;
}

static enum fmp_failure_verdict
fmp_failure_wait(struct fmp_failure *failure,
		 const struct fmp_failure_facts *facts)
{
	if (failure->count != FMP_FAILURE_THRESHOLD &&
	    failure->count % FMP_FAILURE_TELL_EACH)
		return FMP_FAILURE_WAIT;

	if (facts->now - failure->told_since >= FMP_FAILURE_TELL_MS) {
		failure->told_since = facts->now;
		failure->told = 0;
	}
	if (failure->told >= FMP_FAILURE_TELL_MAX)
		return FMP_FAILURE_WAIT;
	failure->told++;
	return FMP_FAILURE_AWAIT;
}

static bool fmp_failure_is_hopeless(const struct fmp_failure *failure,
				    const struct fmp_failure_facts *facts)
{
	return failure->hopeless && facts->now >= failure->hopeless &&
	       facts->silent >= FMP_FAILURE_PATIENCE_MS;
}

static void fmp_failure_asked(struct fmp_failure *failure,
			      const struct fmp_failure_facts *facts)
{
	failure->next_ask = facts->now + FMP_FAILURE_ASK_MS;
	if (facts->agent && !failure->hopeless)
		failure->hopeless = facts->now + FMP_FAILURE_PATIENCE_MS;
}

/**
 * fmp_failure_add() - judge a frame of the current session that did not decrypt
 * @failure: of the peer
 * @facts: what is known
 *
 * Failures of other sessions, replays and unknown indices are no business of
 * this function.
 *
 * Context: Any; calls are serialized by the caller.
 * Return: What to do.
 */
enum fmp_failure_verdict fmp_failure_add(struct fmp_failure *failure,
					 const struct fmp_failure_facts *facts)
{
	if (fmp_failure_is_early(facts))
		return FMP_FAILURE_NOTHING;
	if (failure->count < U32_MAX)
		WRITE_ONCE(failure->count, failure->count + 1);
	if (failure->count < FMP_FAILURE_THRESHOLD)
		return FMP_FAILURE_NOTHING;

	/* An agent that comes later has its time before it. */
	if (!facts->agent)
		failure->hopeless = 0;
	if (facts->pending)
		return fmp_failure_wait(failure, facts);
	if (fmp_failure_is_hopeless(failure, facts)) {
		fmp_failure_reset(failure);
		return FMP_FAILURE_GIVE_UP;
	}
	if (facts->now < failure->next_ask)
		return fmp_failure_wait(failure, facts);
	fmp_failure_asked(failure, facts);
	return FMP_FAILURE_ASK;
}
