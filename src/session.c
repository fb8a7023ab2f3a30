// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions: the keys of one handshake and their use (spec 5.1, 8).
 *
 * A peer has three slots for them. Keys come in through netlink, into
 * "current" if it is free and into "pending" otherwise. A pending session
 * becomes current when a frame authenticates under it, or 250 ms after it was
 * installed if we initiated; a candidate waits for such a frame no longer than
 * an attacker who replays handshakes is worth. What was current then receives
 * for 10 s more.
 */
#include <crypto/utils.h>
#include <linux/jiffies.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "device.h"
#include "liveness.h"
#include "notify.h"
#include "peer.h"
#include "recovery.h"
#include "session.h"
#include "trace.h"
#include "wire.h"

/* Spec 8.9 RULE 2, 8.9 RULE 6, 8.6. */
#define FMP_CUTOVER_DELAY	msecs_to_jiffies(250)
#define FMP_PENDING_LIFETIME	(60 * HZ)
/* Spec 7.5 RULE 3. */
#define FMP_CANDIDATE_LIFETIME	(30 * HZ)
#define FMP_DRAIN		(10 * HZ)
/* Below this a timer is late by a quarter of a second at most. */
#define FMP_TIMER_FAR		(16 * HZ)

/* Their size is far from the next one that kmalloc() has. */
static struct kmem_cache *fmp_session_cache;

/**
 * fmp_session_module_init() - set up where sessions come from
 *
 * Context: Process context.
 * Return: 0, or a negative error.
 */
int __init fmp_session_module_init(void)
{
	fmp_session_cache = KMEM_CACHE(fmp_session, SLAB_ACCOUNT);
	return fmp_session_cache ? 0 : -ENOMEM;
}

/**
 * fmp_session_module_exit() - undo what fmp_session_module_init() did
 *
 * Context: Process context; no session is left, nor a callback that frees one.
 */
void fmp_session_module_exit(void)
{
	kmem_cache_destroy(fmp_session_cache);
}

/**
 * fmp_session_now_ms() - clock of session ages and inner timestamps
 *
 * Suspended time counts, so that ages are those of the peer.
 *
 * Context: Any.
 * Return: Boot time in milliseconds.
 */
u64 fmp_session_now_ms(void)
{
	return ktime_to_ms(ktime_get_boottime());
}

/**
 * fmp_session_deadline() - tell the time when the timer of a peer has to come
 * @due: what for, on the clock of fmp_session_now_ms(); U64_MAX for never
 * @now: time on that clock
 *
 * Context: Any.
 * Return: jiffies64, not a moment before @due lest the timer comes in vain;
 * U64_MAX for never.
 */
u64 fmp_session_deadline(u64 due, u64 now)
{
	if (due == U64_MAX)
		return U64_MAX;
	return get_jiffies_64() + 1 +
	       (due > now ? msecs_to_jiffies(due - now) : 0);
}

/**
 * fmp_session_alloc() - make a session that has neither keys nor an index
 * @peer: its owner
 *
 * Context: Process context.
 * Return: The session, for fmp_index_claim() and fmp_session_install(), or
 * fmp_session_free_unused(); NULL without memory.
 */
struct fmp_session *fmp_session_alloc(struct fmp_peer *peer)
{
	struct fmp_session *session;

	session = kmem_cache_zalloc(fmp_session_cache, GFP_KERNEL);
	if (!session)
		return NULL;
	session->hold = kzalloc_obj(*session->hold, GFP_KERNEL_ACCOUNT);
	if (!session->hold) {
		kmem_cache_free(fmp_session_cache, session);
		return NULL;
	}

	session->peer = peer;
	session->slot = FMP_SLOT_PENDING;
	session->k_seen = -1;
	fmp_rxq_init(&session->rxq);
	return session;
}

static void fmp_session_free(struct fmp_session *session)
{
	memzero_explicit(session, sizeof(*session));
	kmem_cache_free(fmp_session_cache, session);
}

/**
 * fmp_session_free_unused() - free a session that was never to be found
 * @session: without an index
 *
 * Context: Any.
 */
void fmp_session_free_unused(struct fmp_session *session)
{
	kfree(session->hold);
	fmp_session_free(session);
}

static void fmp_session_free_rcu(struct rcu_head *rcu)
{
	fmp_session_free(container_of(rcu, struct fmp_session, rcu));
}

/* The slot that held the session no longer does. */
static void fmp_session_retire(struct fmp_session *session)
{
	struct fmp_dev *fmp = session->peer->fmp;

	fmp_dev_changed(fmp);
	fmp_notify_session(session, FMP_CMD_SESSION_DEL_NTF, GFP_ATOMIC);
	fmp_mmp_ended(session);
	fmp_index_release(&fmp->indices, session);
	fmp_lane_forget(fmp, session);
	call_rcu(&session->rcu, fmp_session_free_rcu);
}

static struct fmp_session *fmp_session_current(const struct fmp_peer *peer)
{
	return rcu_dereference_protected(peer->current_session,
					 lockdep_is_held(&peer->lock));
}

static struct fmp_session *fmp_session_take(struct fmp_peer *peer,
					    struct fmp_session __rcu **slot)
{
	struct fmp_session *session;

	session = rcu_dereference_protected(*slot,
					    lockdep_is_held(&peer->lock));
	RCU_INIT_POINTER(*slot, NULL);
	return session;
}

static void fmp_session_retire_slot(struct fmp_peer *peer,
				    struct fmp_session __rcu **slot)
{
	struct fmp_session *session = fmp_session_take(peer, slot);

	if (session)
		fmp_session_retire(session);
}

/*
 * U64_MAX for never. The kernel's timers come late by up to an eighth of the
 * time they were set for: one that is far comes before, and is set again.
 */
static void fmp_session_arm(struct fmp_peer *peer, u64 deadline)
{
	s64 left = deadline - get_jiffies_64();
	unsigned long expires;

	if (deadline == U64_MAX)
		return;
	if (left > FMP_TIMER_FAR)
		left -= left / 8;
	expires = jiffies + (unsigned long)left;
	/* Keeps the earlier one; the timer looks after all slots. */
	if (!timer_pending(&peer->timer) ||
	    time_before(expires, peer->timer.expires))
		mod_timer(&peer->timer, expires);
}

static void fmp_session_learn_epoch(const struct fmp_session *session)
{
	struct fmp_peer *peer = session->peer;

	WRITE_ONCE(peer->epoch, session->epoch);
	/* Whoever describes the peer is without its lock. */
	smp_store_release(&peer->epoch_known, session->epoch_known);
}

static void fmp_session_put_current(struct fmp_session *session, u8 k_bit)
{
	struct fmp_peer *peer = session->peer;

	WRITE_ONCE(session->k_bit, k_bit);
	WRITE_ONCE(session->established, fmp_session_now_ms());
	WRITE_ONCE(session->slot, FMP_SLOT_CURRENT);
	rcu_assign_pointer(peer->current_session, session);
	fmp_session_learn_epoch(session);
	fmp_session_arm(peer, fmp_recovery_started(session));
	fmp_session_arm(peer, fmp_liveness_started(session));
	fmp_mmp_started(session);
	fmp_staging_kick(peer);
}

static u64 fmp_session_patience(const struct fmp_session *session)
{
	if (session->initiator)
		return FMP_CUTOVER_DELAY;
	return session->candidate ? FMP_CANDIDATE_LIFETIME :
				    FMP_PENDING_LIFETIME;
}

static void fmp_session_put_pending(struct fmp_session *session)
{
	struct fmp_peer *peer = session->peer;

	/* At most one, the newest (spec 7.5 RULE 3, 8.9 RULE 1). */
	fmp_session_retire_slot(peer, &peer->pending);

	session->established = fmp_session_now_ms();
	session->deadline = get_jiffies_64() + fmp_session_patience(session);
	rcu_assign_pointer(peer->pending, session);
	fmp_session_arm(peer, session->deadline);
}

static bool fmp_session_shares_key(const struct fmp_session *a,
				   const struct fmp_session *b)
{
	const size_t len = sizeof(a->send_key);

	return b && (!crypto_memneq(&a->send_key, &b->send_key, len) ||
		     !crypto_memneq(&a->send_key, &b->receive_key, len) ||
		     !crypto_memneq(&a->receive_key, &b->send_key, len) ||
		     !crypto_memneq(&a->receive_key, &b->receive_key, len));
}

/**
 * fmp_session_keys_known() - tell whether a key is in use already
 * @session: with keys, not installed yet
 *
 * A second session with a key would begin its counters anew, and so repeat
 * nonces and accept replays. A request may come twice: its first answer can
 * get lost.
 *
 * Context: Process context, the device's lock held.
 * Return: true if another session of the peer has one of the keys.
 */
bool fmp_session_keys_known(const struct fmp_session *session)
{
	struct fmp_peer *peer = session->peer;
	bool known;

	rcu_read_lock();
	known = fmp_session_shares_key(session,
				       rcu_dereference(peer->current_session)) ||
		fmp_session_shares_key(session,
				       rcu_dereference(peer->pending)) ||
		fmp_session_shares_key(session,
				       rcu_dereference(peer->previous));
	rcu_read_unlock();
	return known;
}

/**
 * fmp_session_install() - put a session with keys and an index into its slot
 * @session: owned by its peer from now on
 *
 * Context: Process context, the device's lock held: the peer is not removed
 * meanwhile.
 */
void fmp_session_install(struct fmp_session *session)
{
	struct fmp_peer *peer = session->peer;

	spin_lock_bh(&peer->lock);
	WRITE_ONCE(peer->handshaken, fmp_session_now_ms());
	if (rcu_access_pointer(peer->current_session)) {
		fmp_session_put_pending(session);
	} else {
		/* What pends is older, and must not displace it later. */
		fmp_session_retire_slot(peer, &peer->pending);
		fmp_session_put_current(session, 0);
	}
	fmp_dev_changed(peer->fmp);
	fmp_notify_session(session, FMP_CMD_SESSION_NEW_NTF, GFP_ATOMIC);
	spin_unlock_bh(&peer->lock);
}

static void fmp_session_cut_over(struct fmp_session *session, u8 k_bit)
{
	struct fmp_peer *peer = session->peer;
	struct fmp_session *old;

	fmp_session_take(peer, &peer->pending);

	old = fmp_session_current(peer);
	/* Without one to take its place, what drains keeps its 10 s. */
	if (old) {
		fmp_session_retire_slot(peer, &peer->previous);
		WRITE_ONCE(old->slot, FMP_SLOT_PREVIOUS);
		old->deadline = get_jiffies_64() + FMP_DRAIN;
		rcu_assign_pointer(peer->previous, old);
		fmp_session_arm(peer, old->deadline);
	}
	fmp_session_put_current(session, k_bit);
	fmp_dev_changed(peer->fmp);
	trace_fmp_cutover(session, k_bit);
	fmp_notify_session(session, FMP_CMD_SESSION_CUTOVER_NTF, GFP_ATOMIC);
}

/**
 * fmp_session_promote() - cut over to a session that a frame proved
 * @session: pending when the frame was looked at
 * @k_bit: K bit of that frame, which we send from now on (spec 8.9 RULE 5)
 *
 * Only for frames that authenticated under the session: the proof is the
 * decryption, never the bare K bit (spec 5.4 RULE).
 *
 * Context: RCU read section, bottom halves disabled.
 */
void fmp_session_promote(struct fmp_session *session, u8 k_bit)
{
	struct fmp_peer *peer = session->peer;

	spin_lock(&peer->lock);
	if (rcu_access_pointer(peer->pending) == session)
		fmp_session_cut_over(session, k_bit);
	spin_unlock(&peer->lock);
}

/* What the peer will send is the complement of what it sent last. */
static u8 fmp_session_next_k(const struct fmp_peer *peer)
{
	const struct fmp_session *session = fmp_session_current(peer);
	s8 seen;

	if (!session)
		return 0;
	seen = READ_ONCE(session->k_seen);
	return (seen < 0 ? session->k_bit : seen) ^ FMP_FLAG_K;
}

static void fmp_session_pending_due(struct fmp_peer *peer, u64 now)
{
	struct fmp_session *session;

	session = rcu_dereference_protected(peer->pending,
					    lockdep_is_held(&peer->lock));
	if (!session)
		return;
	if (time_before64(now, session->deadline))
		fmp_session_arm(peer, session->deadline);
	else if (session->initiator)
		fmp_session_cut_over(session, fmp_session_next_k(peer));
	else
		fmp_session_retire_slot(peer, &peer->pending);
}

static void fmp_session_previous_due(struct fmp_peer *peer, u64 now)
{
	struct fmp_session *session;

	session = rcu_dereference_protected(peer->previous,
					    lockdep_is_held(&peer->lock));
	if (!session)
		return;
	if (time_before64(now, session->deadline))
		fmp_session_arm(peer, session->deadline);
	else
		fmp_session_retire_slot(peer, &peer->previous);
}

static void fmp_session_current_due(struct fmp_peer *peer)
{
	struct fmp_session *session = fmp_session_current(peer);

	if (session)
		fmp_session_arm(peer, fmp_recovery_due(session));
}

/**
 * fmp_session_wake() - have the timer of a peer come in time
 * @peer: the peer
 * @deadline: jiffies64 at which there is something to do for it
 *
 * Context: RCU read section, bottom halves disabled, the peer's lock not held.
 */
void fmp_session_wake(struct fmp_peer *peer, u64 deadline)
{
	spin_lock(&peer->lock);
	if (!peer->dead)
		fmp_session_arm(peer, deadline);
	spin_unlock(&peer->lock);
}

static void fmp_session_mmp_due(struct fmp_peer *peer,
				struct fmp_mmp_reports *reports)
{
	struct fmp_session *session = fmp_session_current(peer);

	if (session)
		fmp_session_arm(peer, fmp_mmp_due(session, reports));
}

/* Returns whether a heartbeat is to be sent. */
static bool fmp_session_liveness_due(struct fmp_peer *peer)
{
	struct fmp_session *session;
	bool send;

	session = fmp_session_current(peer);
	if (!session)
		return false;
	fmp_session_arm(peer, fmp_liveness_due(session, &send));
	return send;
}

static void fmp_session_heartbeat(struct fmp_peer *peer)
{
	bool again = true;

	while (again && fmp_liveness_send(peer)) {
		/*
		 * Silence is told of a peer only after a heartbeat; and another
		 * session may have become current, which wants a proof.
		 */
		spin_lock(&peer->lock);
		again = !peer->dead && fmp_session_liveness_due(peer);
		spin_unlock(&peer->lock);
	}
}

/**
 * fmp_session_timer() - do what is due in the slots of a peer, and for it
 * @timer: of the peer
 *
 * Context: Timer softirq.
 */
void fmp_session_timer(struct timer_list *timer)
{
	struct fmp_peer *peer = container_of(timer, struct fmp_peer, timer);
	struct fmp_mmp_reports reports = {};
	u64 now = get_jiffies_64();
	bool heartbeat = false;

	rcu_read_lock();
	spin_lock(&peer->lock);
	if (!peer->dead) {
		fmp_session_previous_due(peer, now);
		fmp_session_pending_due(peer, now);
		fmp_session_current_due(peer);
		heartbeat = fmp_session_liveness_due(peer);
		fmp_session_mmp_due(peer, &reports);
	}
	spin_unlock(&peer->lock);
	if (heartbeat)
		fmp_session_heartbeat(peer);
	fmp_mmp_send(&reports);
	rcu_read_unlock();
}

/**
 * fmp_session_remove() - remove a session before its time
 * @session: found in its device's index table
 *
 * Context: RCU read section.
 * Return: 0, or -ENOENT if it was gone from its slot already.
 */
int fmp_session_remove(struct fmp_session *session)
{
	struct fmp_peer *peer = session->peer;
	struct fmp_session __rcu **slot = NULL;

	spin_lock_bh(&peer->lock);
	if (rcu_access_pointer(peer->current_session) == session)
		slot = &peer->current_session;
	else if (rcu_access_pointer(peer->pending) == session)
		slot = &peer->pending;
	else if (rcu_access_pointer(peer->previous) == session)
		slot = &peer->previous;
	if (slot)
		fmp_session_retire_slot(peer, slot);
	if (slot == &peer->current_session)
		fmp_liveness_lost(peer);
	spin_unlock_bh(&peer->lock);

	return slot ? 0 : -ENOENT;
}

/**
 * fmp_session_remove_all() - remove the sessions of a peer that goes away
 * @peer: the peer
 *
 * Context: The peer's lock held.
 */
void fmp_session_remove_all(struct fmp_peer *peer)
{
	lockdep_assert_held(&peer->lock);

	fmp_session_retire_slot(peer, &peer->current_session);
	fmp_session_retire_slot(peer, &peer->pending);
	fmp_session_retire_slot(peer, &peer->previous);
}

/**
 * fmp_session_down() - take down the sessions of a peer, and tell so
 * @session: what the reason is about
 * @reason: why
 * @code: reason in a Disconnect, -1 for none
 *
 * The peer stays: it was configured, and may come back. Only what is said of
 * its current session counts, an earlier one has no say any more.
 *
 * Context: RCU read section, bottom halves disabled.
 * Return: true if the session was current and all of the peer's are gone.
 */
bool fmp_session_down(struct fmp_session *session, enum fmp_down_reason reason,
		      int code)
{
	struct fmp_peer *peer = session->peer;
	bool down;

	spin_lock(&peer->lock);
	down = rcu_access_pointer(peer->current_session) == session;
	if (down) {
		fmp_session_remove_all(peer);
		fmp_liveness_down(peer, reason, code);
	}
	spin_unlock(&peer->lock);
	return down;
}

/**
 * fmp_session_wipe_all() - remove the sessions of a peer, lest their keys last
 * @peer: the peer, which stays
 *
 * Context: Process context, the device's lock held.
 */
void fmp_session_wipe_all(struct fmp_peer *peer)
{
	bool had_one;

	spin_lock_bh(&peer->lock);
	had_one = rcu_access_pointer(peer->current_session);
	fmp_session_remove_all(peer);
	if (had_one)
		fmp_liveness_down(peer, FMP_DOWN_REASON_WIPED, -1);
	spin_unlock_bh(&peer->lock);
}
