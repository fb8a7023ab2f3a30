// SPDX-License-Identifier: GPL-2.0
/*
 * Recovery: when a peer needs a new session, and who is told (spec 5.7, 8.1).
 *
 * failure.c and rekey.c decide; here is what they know and what comes of it.
 */
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/random.h>

#include "device.h"
#include "notify.h"
#include "peer.h"
#include "recovery.h"
#include "session.h"
#include "trace.h"

/**
 * fmp_recovery_init() - set up what a new peer needs for recovery
 * @peer: all zeroes so far
 *
 * Context: Any.
 */
void fmp_recovery_init(struct fmp_peer *peer)
{
	spin_lock_init(&peer->recovery_lock);
}

static void fmp_recovery_tell(struct fmp_peer *peer,
			      enum fmp_rekey_reason reason)
{
	const struct fmp_peer_event event = {
		.cmd	= FMP_CMD_REKEY_NEEDED_NTF,
		.attr	= FMP_A_PEER_REKEY_REASON,
		.reason	= reason,
		.code	= -1,
	};

	trace_fmp_rekey_needed(peer, reason);
	fmp_notify_peer_event(peer, &event);
}

static void fmp_recovery_tell_await(struct fmp_peer *peer)
{
	const struct fmp_peer_event event = {
		.cmd	= FMP_CMD_PEER_AWAIT_NTF,
		.code	= -1,
	};

	fmp_notify_peer_event(peer, &event);
}

static bool fmp_recovery_wanted(struct fmp_peer *peer)
{
	u64 now = fmp_session_now_ms();
	bool due;

	if (now < READ_ONCE(peer->wanted.next))
		return false;
	spin_lock_bh(&peer->recovery_lock);
	due = fmp_backoff_due(&peer->wanted, now, FMP_WANTED_AGAIN_MS,
			      FMP_WANTED_AGAIN_MAX_MS);
	spin_unlock_bh(&peer->recovery_lock);
	return due;
}

/**
 * fmp_recovery_ask() - ask for a new session
 * @peer: who needs it
 * @reason: why
 *
 * FMP_REKEY_REASON_NO_SESSION may come with every packet: it is told at once,
 * and again after 1 s, 2 s and so on up to 60 s, until there is a session.
 *
 * Context: Any but hard interrupt; the peer is valid for the caller, who may
 * hold its lock.
 */
void fmp_recovery_ask(struct fmp_peer *peer, enum fmp_rekey_reason reason)
{
	if (reason != FMP_REKEY_REASON_NO_SESSION || fmp_recovery_wanted(peer))
		fmp_recovery_tell(peer, reason);
}

/* Jiffies stand still while the machine sleeps: it hears nothing then. */
static u64 fmp_recovery_silence(const struct fmp_peer *peer,
				const struct fmp_failure_facts *facts)
{
	u64 last = READ_ONCE(peer->last_rx);

	if (!last)
		return facts->now - facts->established;
	return jiffies64_to_msecs(get_jiffies_64() - last);
}

/**
 * fmp_recovery_failed() - a frame did not decrypt
 * @session: found by its receiver index
 *
 * Context: RCU read section, bottom halves disabled, the peer's lock not held.
 */
void fmp_recovery_failed(struct fmp_session *session)
{
	struct fmp_failure_facts facts = {
		.now		= fmp_session_now_ms(),
		.established	= READ_ONCE(session->established),
		.proven		= fmp_replay_any(&session->replay),
	};
	struct fmp_peer *peer = session->peer;
	enum fmp_failure_verdict verdict;
	u32 count;

	facts.silent = fmp_recovery_silence(peer, &facts);
	facts.pending = rcu_access_pointer(peer->pending);
	facts.agent = fmp_subscriber_bound(&peer->fmp->agent);

	spin_lock(&peer->recovery_lock);
	/* Frames under the others are late, or ahead of the cutover. */
	if (rcu_access_pointer(peer->current_session) != session) {
		spin_unlock(&peer->recovery_lock);
		return;
	}
	verdict = fmp_failure_add(&peer->failure, &facts);
	count = peer->failure.count;
	spin_unlock(&peer->recovery_lock);

	trace_fmp_failure(session, count, verdict);
	switch (verdict) {
	case FMP_FAILURE_AWAIT:
		fmp_recovery_tell_await(peer);
		break;
	case FMP_FAILURE_ASK:
		fmp_stat_inc(peer->fmp, FMP_RX_RECOVERY_REKEY);
		fmp_recovery_tell(peer, FMP_REKEY_REASON_FAILURES);
		break;
	case FMP_FAILURE_GIVE_UP:
		fmp_session_down(session, FMP_DOWN_REASON_FAILURES, -1);
		break;
	case FMP_FAILURE_NOTHING:
	case FMP_FAILURE_WAIT:
		break;
	}
}

/**
 * fmp_recovery_reset() - forget the failures of a peer
 * @peer: the peer
 *
 * Context: Any but hard interrupt; the caller may hold the peer's lock.
 */
void fmp_recovery_reset(struct fmp_peer *peer)
{
	spin_lock_bh(&peer->recovery_lock);
	fmp_failure_reset(&peer->failure);
	spin_unlock_bh(&peer->recovery_lock);
}

/**
 * fmp_recovery_started() - a session became current
 * @session: the session
 *
 * Context: The peer's lock held.
 * Return: jiffies64 at which fmp_recovery_due() has to look at it.
 */
u64 fmp_recovery_started(struct fmp_session *session)
{
	struct fmp_peer *peer = session->peer;
	u64 now = session->established;

	lockdep_assert_held(&peer->lock);

	spin_lock(&peer->recovery_lock);
	fmp_failure_reset(&peer->failure);
	peer->wanted = (struct fmp_backoff){};
	spin_unlock(&peer->recovery_lock);

	fmp_rekey_start(&session->rekey, now,
			reciprocal_scale(get_random_u32(),
					 FMP_REKEY_JITTER_MS + 1));
	return fmp_session_deadline(session->rekey.due, now);
}

static u64 fmp_recovery_received(const struct fmp_replay *replay)
{
	return fmp_replay_any(replay) ? READ_ONCE(replay->highest) + 1 : 0;
}

/**
 * fmp_recovery_due() - ask for a successor of a session that has had its time
 * @session: the current one
 *
 * Context: Softirq, the peer's lock held.
 * Return: jiffies64 at which to look at it again.
 */
u64 fmp_recovery_due(struct fmp_session *session)
{
	struct fmp_peer *peer = session->peer;
	struct fmp_rekey_facts facts = {
		.now		= fmp_session_now_ms(),
		.sent		= atomic64_read(&session->send_counter),
		.pending	= rcu_access_pointer(peer->pending),
	};

	lockdep_assert_held(&peer->lock);

	facts.used = facts.sent + fmp_recovery_received(&session->replay);
	if (fmp_rekey_due(&session->rekey, &facts))
		fmp_recovery_ask(peer, fmp_rekey_is_spent(facts.sent) ?
				 FMP_REKEY_REASON_COUNTER :
				 FMP_REKEY_REASON_AGE);
	return fmp_session_deadline(session->rekey.due, facts.now);
}
