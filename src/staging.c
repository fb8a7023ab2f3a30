// SPDX-License-Identifier: GPL-2.0
/*
 * Staging: packets that wait for a session.
 *
 * They wait while an agent makes one, at most for the 5 s that a handshake
 * may take; whoever sent them is told then. Without an agent nobody is going
 * to make one, and senders are told at once.
 *
 * Only the timer sends what waits: whoever installs a session makes it run.
 * Until it has sent the last packet, newer ones queue up behind, so that
 * order is kept. The order of locking tells who sees what: a session is put
 * into its slot before the queue is locked to make the timer run, and it is
 * looked for with the queue locked.
 */
#include <linux/jiffies.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <uapi/linux/fmp.h>

#include "device.h"
#include "peer.h"
#include "recovery.h"
#include "staging.h"
#include "tx.h"

#define FMP_STAGING_PACKETS	128U
#define FMP_STAGING_BYTES	(256U << 10)
/* As long as a handshake may take (spec 11). */
#define FMP_STAGING_LIFETIME	(5 * HZ)
/* Sent in one go; what is added meanwhile must not hold up the softirq. */
#define FMP_STAGING_BATCH	256

/**
 * struct fmp_staging_queue - where packets of a peer wait
 * @peer: the peer
 * @packets: the oldest first
 * @bytes: memory that they take
 * @timer: sends them or gives them up; runs only while the staging is active
 *
 * All but @peer under the lock of the staging.
 */
struct fmp_staging_queue {
	struct fmp_peer *peer;
	struct sk_buff_head packets;
	unsigned int bytes;
	struct timer_list timer;
};

static unsigned long *fmp_staging_since(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(unsigned long) > sizeof(skb->cb));
	return (unsigned long *)skb->cb;
}

static bool fmp_staging_can_send(const struct fmp_peer *peer)
{
	return rcu_access_pointer(peer->current_session) &&
	       rcu_access_pointer(peer->endpoint);
}

static enum fmp_stat fmp_staging_drop_stat(const struct fmp_peer *peer)
{
	return rcu_access_pointer(peer->current_session) ?
	       FMP_TX_DROP_NO_ENDPOINT : FMP_TX_DROP_NO_SESSION;
}

static void fmp_staging_refuse(struct fmp_peer *peer, struct sk_buff *skb)
{
	fmp_tx_unreachable(skb);
	fmp_tx_drop_peer(peer, skb, fmp_staging_drop_stat(peer));
}

static struct sk_buff *fmp_staging_take(struct fmp_staging_queue *queue)
{
	struct sk_buff *skb = __skb_dequeue(&queue->packets);

	if (skb)
		queue->bytes -= skb->truesize;
	return skb;
}

static bool fmp_staging_full(const struct fmp_staging_queue *queue,
			     const struct sk_buff *skb)
{
	return skb_queue_len(&queue->packets) >= FMP_STAGING_PACKETS ||
	       queue->bytes + skb->truesize > FMP_STAGING_BYTES;
}

static void fmp_staging_put(struct fmp_staging *staging, struct sk_buff *skb,
			    struct sk_buff_head *oldest)
{
	struct fmp_staging_queue *queue = staging->queue;
	struct sk_buff *old;

	while (fmp_staging_full(queue, skb)) {
		old = fmp_staging_take(queue);
		/* Nothing else can be dropped for one that is too big. */
		if (!old)
			break;
		__skb_queue_tail(oldest, old);
	}
	*fmp_staging_since(skb) = jiffies;
	__skb_queue_tail(&queue->packets, skb);
	queue->bytes += skb->truesize;
	if (!staging->active) {
		WRITE_ONCE(staging->active, true);
		mod_timer(&queue->timer, jiffies + FMP_STAGING_LIFETIME);
	}
}

static void fmp_staging_drop_list(struct fmp_peer *peer,
				  struct sk_buff_head *list,
				  enum fmp_stat stat)
{
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(list)))
		fmp_tx_drop_peer(peer, skb, stat);
}

/**
 * enum fmp_staging_verdict - what becomes of a packet
 * @FMP_STAGING_KEPT: it waits
 * @FMP_STAGING_SEND: it can be sent after all
 * @FMP_STAGING_REFUSED: the peer is gone
 * @FMP_STAGING_NOMEM: there is no memory to keep it
 */
enum fmp_staging_verdict {
	FMP_STAGING_KEPT,
	FMP_STAGING_SEND,
	FMP_STAGING_REFUSED,
	FMP_STAGING_NOMEM,
};

static void fmp_staging_timer(struct timer_list *timer);

static bool fmp_staging_has_queue(struct fmp_peer *peer)
{
	struct fmp_staging_queue *queue = peer->staging.queue;

	if (queue)
		return true;
	queue = kzalloc_obj(*queue, GFP_ATOMIC | __GFP_NOWARN);
	if (!queue)
		return false;
	queue->peer = peer;
	__skb_queue_head_init(&queue->packets);
	timer_setup(&queue->timer, fmp_staging_timer, 0);
	peer->staging.queue = queue;
	return true;
}

static enum fmp_staging_verdict
fmp_staging_try(struct fmp_peer *peer, struct sk_buff *skb,
		struct sk_buff_head *oldest)
{
	struct fmp_staging *staging = &peer->staging;
	enum fmp_staging_verdict verdict = FMP_STAGING_KEPT;

	spin_lock_bh(&staging->lock);
	if (staging->closed)
		verdict = FMP_STAGING_REFUSED;
	else if (!staging->active && fmp_staging_can_send(peer))
		verdict = FMP_STAGING_SEND;
	else if (!fmp_staging_has_queue(peer))
		verdict = FMP_STAGING_NOMEM;
	else
		fmp_staging_put(staging, skb, oldest);
	spin_unlock_bh(&staging->lock);
	return verdict;
}

/**
 * fmp_staging_add() - have a packet wait until it can be sent
 * @peer: who it is for
 * @skb: inner packet; consumed
 *
 * Context: RCU read section, bottom halves disabled.
 */
void fmp_staging_add(struct fmp_peer *peer, struct sk_buff *skb)
{
	struct fmp_dev *fmp = peer->fmp;
	struct sk_buff_head oldest;
	bool waits = !fmp_staging_can_send(peer);

	if (waits && !fmp_subscriber_bound(&fmp->agent)) {
		fmp_staging_refuse(peer, skb);
		fmp_recovery_ask(peer, FMP_REKEY_REASON_NO_SESSION);
		return;
	}

	/* Its sender may go on; freeing its memory takes no lock of ours. */
	skb_orphan(skb);
	skb_dst_force(skb);
	__skb_queue_head_init(&oldest);
	switch (fmp_staging_try(peer, skb, &oldest)) {
	case FMP_STAGING_SEND:
		fmp_tx_peer(peer, skb);
		return;
	case FMP_STAGING_REFUSED:
		fmp_tx_drop_peer(peer, skb, FMP_TX_DROP_NO_SESSION);
		return;
	case FMP_STAGING_NOMEM:
		fmp_tx_drop_peer(peer, skb, FMP_TX_DROP_NOMEM);
		return;
	case FMP_STAGING_KEPT:
		break;
	}
	fmp_stat_inc(fmp, FMP_TX_STAGED);
	fmp_staging_drop_list(peer, &oldest, FMP_TX_DROP_STAGING_FULL);
	if (waits)
		fmp_recovery_ask(peer, FMP_REKEY_REASON_NO_SESSION);
}

/* Returns the next packet that can be sent, or NULL. */
static struct sk_buff *fmp_staging_next(struct fmp_peer *peer)
{
	struct fmp_staging *staging = &peer->staging;
	struct sk_buff *skb = NULL;

	spin_lock(&staging->lock);
	if (fmp_staging_can_send(peer))
		skb = fmp_staging_take(staging->queue);
	spin_unlock(&staging->lock);
	return skb;
}

/* Returns the packets that have waited too long; decides what comes next. */
static void fmp_staging_expire(struct fmp_peer *peer,
			       struct sk_buff_head *expired)
{
	struct fmp_staging *staging = &peer->staging;
	struct fmp_staging_queue *queue = staging->queue;
	unsigned long until = 0;
	struct sk_buff *skb;

	spin_lock(&staging->lock);
	while ((skb = skb_peek(&queue->packets))) {
		until = *fmp_staging_since(skb) + FMP_STAGING_LIFETIME;
		if (time_before(jiffies, until))
			break;
		__skb_queue_tail(expired, fmp_staging_take(queue));
	}
	if (!skb)
		WRITE_ONCE(staging->active, false);
	else if (fmp_staging_can_send(peer))
		mod_timer(&queue->timer, jiffies);
	else
		mod_timer(&queue->timer, until);
	spin_unlock(&staging->lock);
}

static void fmp_staging_timer(struct timer_list *timer)
{
	struct fmp_peer *peer =
		container_of(timer, struct fmp_staging_queue, timer)->peer;
	unsigned int left = FMP_STAGING_BATCH;
	struct sk_buff_head expired;
	struct sk_buff *skb;

	__skb_queue_head_init(&expired);
	rcu_read_lock();
	while (left-- && (skb = fmp_staging_next(peer)))
		fmp_tx_staged(peer, skb);
	fmp_staging_expire(peer, &expired);
	while ((skb = __skb_dequeue(&expired)))
		fmp_staging_refuse(peer, skb);
	rcu_read_unlock();
}

/**
 * fmp_staging_init() - set up the staging of a new peer
 * @staging: of the peer
 *
 * Context: Process context.
 */
void fmp_staging_init(struct fmp_staging *staging)
{
	spin_lock_init(&staging->lock);
}

/**
 * fmp_staging_free() - free what the staging of a peer took
 * @staging: closed, or never used
 *
 * Context: Any but hard interrupt.
 */
void fmp_staging_free(struct fmp_staging *staging)
{
	kfree(staging->queue);
}

/**
 * fmp_staging_kick() - send what waits
 * @peer: has got a session or an endpoint
 *
 * Context: Any but hard interrupt.
 */
void fmp_staging_kick(struct fmp_peer *peer)
{
	struct fmp_staging *staging = &peer->staging;

	spin_lock_bh(&staging->lock);
	if (staging->active)
		mod_timer(&staging->queue->timer, jiffies);
	spin_unlock_bh(&staging->lock);
}

static void fmp_staging_purge(struct fmp_peer *peer, bool close)
{
	struct fmp_staging *staging = &peer->staging;
	struct sk_buff_head all;
	struct sk_buff *skb;

	__skb_queue_head_init(&all);
	spin_lock_bh(&staging->lock);
	while (staging->queue && (skb = fmp_staging_take(staging->queue)))
		__skb_queue_tail(&all, skb);
	/* The timer finds nothing, and has nothing to come back for. */
	WRITE_ONCE(staging->active, false);
	staging->closed = close;
	spin_unlock_bh(&staging->lock);
	fmp_staging_drop_list(peer, &all, FMP_TX_DROP_NO_SESSION);
}

/**
 * fmp_staging_purge_all() - drop what waits for any peer
 * @fmp: device that goes down
 *
 * Context: Process context, the device's lock held.
 */
void fmp_staging_purge_all(struct fmp_dev *fmp)
{
	struct fmp_peer *peer;
	unsigned long id;

	xa_for_each(&fmp->peer_ids, id, peer)
		fmp_staging_purge(peer, false);
}

/**
 * fmp_staging_close() - drop what waits, and let nothing wait any more
 * @peer: peer that is removed
 *
 * Context: Process context, without the peer's lock.
 */
void fmp_staging_close(struct fmp_peer *peer)
{
	fmp_staging_purge(peer, true);
	/* None is made any more. */
	if (peer->staging.queue)
		timer_shutdown_sync(&peer->staging.queue->timer);
}
