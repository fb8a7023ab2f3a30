// SPDX-License-Identifier: GPL-2.0
/*
 * Liveness: heartbeats to a peer, and its silence (spec 10).
 *
 * heartbeat.c decides; here is what it knows and what comes of it. The timer
 * of the peer drives it, whatever the packet paths are doing.
 */
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <uapi/linux/fmp.h>

#include "liveness.h"
#include "peer.h"
#include "recovery.h"
#include "session.h"
#include "tx.h"

static void fmp_liveness_facts(const struct fmp_session *session,
			       struct fmp_heartbeat_facts *facts)
{
	const struct fmp_peer *peer = session->peer;
	u64 last = READ_ONCE(peer->last_rx);
	u64 silent;

	facts->now = fmp_session_now_ms();
	facts->interval = READ_ONCE(peer->heartbeat_interval) * MSEC_PER_SEC;
	facts->heard = session->established;
	if (!last)
		return;
	silent = jiffies64_to_msecs(get_jiffies_64() - last);
	if (silent < facts->now - facts->heard)
		facts->heard = facts->now - silent;
}

static u64 fmp_liveness_deadline(const struct fmp_peer *peer,
				 const struct fmp_heartbeat_facts *facts)
{
	u64 next = fmp_heartbeat_next(&peer->heartbeat, facts);

	if (next == U64_MAX)
		return next;
	/* Not a moment before, lest the timer comes in vain. */
	return get_jiffies_64() + 1 +
	       (next > facts->now ? msecs_to_jiffies(next - facts->now) : 0);
}

/**
 * fmp_liveness_started() - a session became current
 * @session: the session
 *
 * One that we initiated is proven to the peer at once (spec 7.5 RULE 2).
 *
 * Context: The peer's lock held.
 * Return: jiffies64 at which fmp_liveness_due() has to look at it, U64_MAX for
 * never.
 */
u64 fmp_liveness_started(struct fmp_session *session)
{
	struct fmp_peer *peer = session->peer;
	struct fmp_heartbeat_facts facts;

	lockdep_assert_held(&peer->lock);

	fmp_liveness_facts(session, &facts);
	fmp_heartbeat_start(&peer->heartbeat, facts.now, session->initiator);
	return fmp_liveness_deadline(peer, &facts);
}

/**
 * fmp_liveness_due() - do what is due for a peer
 * @session: its current one
 * @send: result, whether to call fmp_liveness_send()
 *
 * Context: Softirq, the peer's lock held.
 * Return: jiffies64 at which to look again, U64_MAX for never.
 */
u64 fmp_liveness_due(struct fmp_session *session, bool *send)
{
	struct fmp_peer *peer = session->peer;
	struct fmp_heartbeat_facts facts;

	lockdep_assert_held(&peer->lock);

	fmp_liveness_facts(session, &facts);
	*send = fmp_heartbeat_due(&peer->heartbeat, &facts);
	if (fmp_heartbeat_silent(&peer->heartbeat, &facts))
		fmp_recovery_ask(peer, FMP_REKEY_REASON_SILENCE);
	return fmp_liveness_deadline(peer, &facts);
}

/**
 * fmp_liveness_send() - send a heartbeat
 * @peer: to whom
 *
 * Context: Softirq, RCU read section, the peer's lock not held: a frame may
 * pass through other tunnels on its way.
 * Return: true if it was handed to the IP layer.
 */
bool fmp_liveness_send(struct fmp_peer *peer)
{
	if (fmp_tx_heartbeat(peer))
		return false;
	WRITE_ONCE(peer->heartbeat.sent, fmp_session_now_ms());
	return true;
}
