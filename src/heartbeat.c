// SPDX-License-Identifier: GPL-2.0
/*
 * When a peer is sent a heartbeat, and what its silence means (spec 10).
 *
 * A heartbeat is not answered: the other end sends its own. So silence says
 * something only of a path that heartbeats keep open from this end.
 */
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "heartbeat.h"

/**
 * fmp_heartbeat_start() - a session became current
 * @heartbeat: of its peer
 * @now: time
 * @awaited: the peer waits for a frame under it, also if heartbeats are off
 *
 * Context: Any; calls are serialized by the caller.
 */
void fmp_heartbeat_start(struct fmp_heartbeat *heartbeat, u64 now,
			 bool awaited)
{
	if (!heartbeat->last)
		heartbeat->last = now;
	if (awaited)
		heartbeat->now = true;
	heartbeat->told = (struct fmp_backoff){};
}

/**
 * fmp_heartbeat_due() - tell whether to send a heartbeat now
 * @heartbeat: of the peer
 * @facts: what is known
 *
 * Context: Any; calls are serialized by the caller.
 * Return: true if it is to be sent, the next one an interval later, or with the
 * next session if heartbeats are off.
 */
bool fmp_heartbeat_due(struct fmp_heartbeat *heartbeat,
		       const struct fmp_heartbeat_facts *facts)
{
	if (!heartbeat->now &&
	    (!facts->interval ||
	     facts->now < heartbeat->last + facts->interval))
		return false;
	heartbeat->now = false;
	heartbeat->last = facts->now;
	return true;
}

/* One was due since the peer was heard: that it cannot leave is silence too. */
static bool fmp_heartbeat_mortal(const struct fmp_heartbeat *heartbeat,
				 const struct fmp_heartbeat_facts *facts)
{
	return facts->interval && facts->timeout && facts->up &&
	       heartbeat->last >= facts->heard;
}

static bool fmp_heartbeat_spared(const struct fmp_heartbeat_facts *facts)
{
	return facts->handshake && facts->now < facts->heard + facts->timeout +
						FMP_DEAD_PATIENCE_MS;
}

/**
 * fmp_heartbeat_dead() - tell whether the peer is down now
 * @heartbeat: of the peer
 * @facts: what is known
 *
 * While a handshake of ours is under way its end is waited for (spec 10), but
 * not for that of the next one: it is how a peer is found that is only deaf to
 * the session.
 *
 * Context: Any; calls are serialized by the caller.
 * Return: true if it was not down, and nothing has been heard for the timeout
 * although a heartbeat was due.
 */
bool fmp_heartbeat_dead(const struct fmp_heartbeat *heartbeat,
			const struct fmp_heartbeat_facts *facts)
{
	return fmp_heartbeat_mortal(heartbeat, facts) &&
	       !fmp_heartbeat_spared(facts) &&
	       facts->now >= facts->heard + facts->timeout;
}

static u64 fmp_heartbeat_dead_next(const struct fmp_heartbeat *heartbeat,
				   const struct fmp_heartbeat_facts *facts)
{
	u64 dead = facts->heard + facts->timeout;

	if (!fmp_heartbeat_mortal(heartbeat, facts))
		return U64_MAX;
	return facts->now < dead ? dead : facts->now + FMP_DEAD_AGAIN_MS;
}

/**
 * fmp_heartbeat_silent() - tell whether to tell of silence now
 * @heartbeat: of the peer
 * @facts: what is known
 *
 * Context: Any; calls are serialized by the caller.
 * Return: true if nothing has been heard although a heartbeat went out since,
 * at ever longer intervals.
 */
bool fmp_heartbeat_silent(struct fmp_heartbeat *heartbeat,
			  const struct fmp_heartbeat_facts *facts)
{
	if (!facts->interval)
		return false;
	if (facts->now < facts->heard + FMP_HEARTBEAT_SILENCE_MS) {
		heartbeat->told = (struct fmp_backoff){};
		return false;
	}
	if (heartbeat->sent < facts->heard)
		return false;
	return fmp_backoff_due(&heartbeat->told, facts->now,
			       FMP_WANTED_AGAIN_MS, FMP_WANTED_AGAIN_MAX_MS);
}

/**
 * fmp_heartbeat_next() - tell when to look again
 * @heartbeat: of the peer, after what is due was done
 * @facts: what is known
 *
 * Context: Any; calls are serialized by the caller.
 * Return: The time, U64_MAX for never.
 */
u64 fmp_heartbeat_next(const struct fmp_heartbeat *heartbeat,
		       const struct fmp_heartbeat_facts *facts)
{
	u64 silence = facts->heard + FMP_HEARTBEAT_SILENCE_MS;
	u64 next;

	if (!facts->interval)
		return heartbeat->now ? facts->now : U64_MAX;
	next = heartbeat->now ? facts->now :
				heartbeat->last + facts->interval;
	next = min_t(u64, next, fmp_heartbeat_dead_next(heartbeat, facts));
	if (facts->now < silence)
		return min_t(u64, next, silence);
	/* Until a heartbeat goes out there is nothing to tell. */
	if (heartbeat->sent < facts->heard)
		return next;
	return min_t(u64, next, heartbeat->told.next);
}
