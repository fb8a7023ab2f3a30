// SPDX-License-Identifier: GPL-2.0
/*
 * Liveness: heartbeats to a peer, its silence, and whether it is up (spec 10).
 *
 * heartbeat.c decides; here is what it knows and what comes of it. The timer
 * of the peer drives it, whatever the packet paths are doing.
 *
 * A peer that falls silent is down, and keeps its sessions: what interrupts a
 * path often ends, and the first frame that gets through brings the peer up
 * again. Only one that nobody configured loses them.
 */
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <uapi/linux/fmp.h>

#include "liveness.h"
#include "notify.h"
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
	facts->timeout = READ_ONCE(peer->dead_timeout) * MSEC_PER_SEC;
	/* One that was never heard is as dead as one that fell silent. */
	facts->up = peer->state != FMP_PEER_STATE_DOWN;
	/* An agent reserves an index for as long as it tries; a hint will do. */
	facts->handshake = !list_empty(&peer->reserved);
	facts->heard = session->established;
	if (!last)
		return;
	silent = jiffies64_to_msecs(get_jiffies_64() - last);
	if (silent < facts->now - facts->heard)
		facts->heard = facts->now - silent;
}

/*
 * Whoever answered a handshake goes by the session when a frame has come under
 * it, and soon calls us if none does. Keys that were typed in, which come with
 * no epoch, are in use on both sides from the first, and then heartbeats that
 * are off are off.
 */
static bool fmp_liveness_awaited(const struct fmp_session *session,
				 const struct fmp_heartbeat_facts *facts)
{
	return session->initiator &&
	       (facts->interval || session->epoch_known);
}

static u64 fmp_liveness_deadline(const struct fmp_peer *peer,
				 const struct fmp_heartbeat_facts *facts)
{
	return fmp_session_deadline(fmp_heartbeat_next(&peer->heartbeat, facts),
				    facts->now);
}

/**
 * fmp_liveness_started() - a session became current
 * @session: the session
 *
 * One that we initiated is proven to the peer at once (spec 7.5 RULE 2), but
 * not one that was typed in on a device without heartbeats.
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
	fmp_heartbeat_start(&peer->heartbeat, facts.now,
			    fmp_liveness_awaited(session, &facts));
	return fmp_liveness_deadline(peer, &facts);
}

static void fmp_liveness_turn(struct fmp_peer *peer, enum fmp_peer_state state)
{
	lockdep_assert_held(&peer->lock);

	if (peer->state == state)
		return;
	WRITE_ONCE(peer->state_since, fmp_session_now_ms());
	WRITE_ONCE(peer->state, state);
}

/**
 * fmp_liveness_up() - a peer is heard that was not up
 * @session: that a frame authenticated under
 *
 * Context: RCU read section, bottom halves disabled.
 */
void fmp_liveness_up(struct fmp_session *session)
{
	const struct fmp_peer_event event = {
		.cmd	= FMP_CMD_PEER_UP_NTF,
		.code	= -1,
	};
	struct fmp_peer *peer = session->peer;

	spin_lock(&peer->lock);
	/* What was taken down in the meantime has no say any more. */
	if (rcu_access_pointer(peer->current_session) == session &&
	    peer->state != FMP_PEER_STATE_UP) {
		fmp_liveness_turn(peer, FMP_PEER_STATE_UP);
		fmp_notify_peer_event(peer, &event);
		/* The timer finds out until when that lasts. */
		mod_timer(&peer->timer, jiffies);
	}
	spin_unlock(&peer->lock);
}

/**
 * fmp_liveness_down() - a peer went down
 * @peer: the peer
 * @reason: why
 * @code: reason in a Disconnect, -1 for none
 *
 * Context: The peer's lock held.
 */
void fmp_liveness_down(struct fmp_peer *peer, enum fmp_down_reason reason,
		       int code)
{
	const struct fmp_peer_event event = {
		.cmd	= FMP_CMD_PEER_DOWN_NTF,
		.attr	= FMP_A_PEER_DOWN_REASON,
		.reason	= reason,
		.code	= code,
	};

	fmp_liveness_turn(peer, FMP_PEER_STATE_DOWN);
	fmp_notify_peer_event(peer, &event);
}

/* Returns whether it keeps its sessions. */
static bool fmp_liveness_dead(struct fmp_peer *peer)
{
	fmp_liveness_down(peer, FMP_DOWN_REASON_TIMEOUT, -1);
	if (!peer->dynamic)
		return true;
	fmp_session_remove_all(peer);
	return false;
}

/**
 * fmp_liveness_lost() - the current session of a peer was taken away
 * @peer: the peer
 *
 * Context: The peer's lock held.
 */
void fmp_liveness_lost(struct fmp_peer *peer)
{
	if (peer->state == FMP_PEER_STATE_UP)
		fmp_liveness_down(peer, FMP_DOWN_REASON_REMOVED, -1);
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
	if (fmp_heartbeat_dead(&peer->heartbeat, &facts) &&
	    !fmp_liveness_dead(peer)) {
		*send = false;
		return U64_MAX;
	}
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
