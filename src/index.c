// SPDX-License-Identifier: GPL-2.0
/*
 * Receiver indices of a device (spec section 4).
 */
#include <linux/jiffies.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "index.h"
#include "peer.h"
#include "session.h"

/* Longer than the 10 s drain of a peer (spec 4.3 RULE). */
#define FMP_INDEX_QUARANTINE	(30 * HZ)
/* Longer than any handshake: the last of its messages is sent after 31 s. */
#define FMP_INDEX_RESERVATION_LIFETIME	(90 * HZ)
/* What a peer may have of them (spec 4.1). */
#define FMP_INDEX_RESERVATIONS	4
#define FMP_INDEX_TRIES		100
/* Entries ended at a time, with bottom halves disabled. */
#define FMP_INDEX_BATCH		256

static const struct rhashtable_params fmp_index_params = {
	.key_len		= sizeof_field(struct fmp_index, local.value),
	.key_offset		= offsetof(struct fmp_index, local.value),
	.head_offset		= offsetof(struct fmp_index, node),
	.automatic_shrinking	= true,
};

static void fmp_index_holds_init(struct fmp_index_holds *holds)
{
	holds->first = NULL;
	holds->end = &holds->first;
}

static void fmp_index_holds_put(struct fmp_index_holds *holds,
				struct fmp_index_hold *hold)
{
	hold->next = NULL;
	*holds->end = hold;
	holds->end = &hold->next;
}

/* There is one. */
static void fmp_index_holds_drop(struct fmp_index_holds *holds)
{
	holds->first = holds->first->next;
	if (!holds->first)
		holds->end = &holds->first;
}

/* It may not have been ended yet. */
static bool fmp_index_is_over(const struct fmp_index_table *table,
			      const struct fmp_reservation *reservation)
{
	return reservation->agent != READ_ONCE(table->agent) ||
	       time_after_eq64(get_jiffies_64(),
			       READ_ONCE(reservation->expires));
}

/* The oldest of either list is the first to end. */
static void fmp_index_schedule(struct fmp_index_table *table)
{
	const struct fmp_index_hold *hold = table->holds.first;
	u64 now = get_jiffies_64(), next = U64_MAX;
	const struct fmp_reservation *reserved;

	reserved = list_first_entry_or_null(&table->reserved,
					    struct fmp_reservation, list);
	if (hold)
		next = hold->expires;
	if (reserved)
		next = fmp_index_is_over(table, reserved) ?
		       now : min(next, reserved->expires);
	cancel_delayed_work(&table->reaper);
	if (next != U64_MAX)
		schedule_delayed_work(&table->reaper,
				      next > now ? next - now : 0);
}

static void fmp_index_hold(struct fmp_index_table *table,
			   struct fmp_index_hold *hold)
{
	bool first = !table->holds.first;

	hold->expires = get_jiffies_64() + FMP_INDEX_QUARANTINE;
	fmp_index_holds_put(&table->holds, hold);
	if (first)
		fmp_index_schedule(table);
}

static void fmp_index_end(struct fmp_index_table *table,
			  struct fmp_reservation *reservation)
{
	list_del(&reservation->of_peer);
	list_del(&reservation->list);
	reservation->peer = NULL;
	WRITE_ONCE(reservation->hold.index.owner, FMP_INDEX_HOLD);
	fmp_index_hold(table, &reservation->hold);
}

static void fmp_index_reap(struct work_struct *work)
{
	struct fmp_index_table *table =
		container_of(to_delayed_work(work), struct fmp_index_table,
			     reaper);
	struct fmp_reservation *reservation, *next;
	struct fmp_index_hold *hold;
	u64 now = get_jiffies_64();
	int left = FMP_INDEX_BATCH;

	spin_lock_bh(&table->lock);
	list_for_each_entry_safe(reservation, next, &table->reserved, list) {
		if (!left || !fmp_index_is_over(table, reservation))
			break;
		left--;
		fmp_index_end(table, reservation);
	}
	while ((hold = table->holds.first)) {
		if (time_before64(now, hold->expires) || !left--)
			break;
		fmp_index_holds_drop(&table->holds);
		rhashtable_remove_fast(&table->entries, &hold->index.node,
				       fmp_index_params);
		kfree_rcu(hold, rcu);
	}
	fmp_index_schedule(table);
	spin_unlock_bh(&table->lock);
}

/**
 * fmp_index_table_init() - set up the index table of a new device
 * @table: the table
 *
 * Context: Process context.
 * Return: 0, or a negative error.
 */
int fmp_index_table_init(struct fmp_index_table *table)
{
	/* What ends is freed as the hold that it becomes. */
	BUILD_BUG_ON(offsetof(struct fmp_reservation, hold));

	spin_lock_init(&table->lock);
	fmp_index_holds_init(&table->holds);
	INIT_LIST_HEAD(&table->reserved);
	INIT_DELAYED_WORK(&table->reaper, fmp_index_reap);
	return rhashtable_init(&table->entries, &fmp_index_params);
}

static void fmp_index_free(void *ptr, void *arg)
{
	struct fmp_index *index = ptr;

	WARN_ON_ONCE(index->owner != FMP_INDEX_HOLD);
	/* The head of a reservation as well. */
	kfree(container_of(index, struct fmp_index_hold, index));
}

/**
 * fmp_index_table_destroy() - free the index table of a device
 * @table: the table; no session is left, and nobody looks up any more
 *
 * Context: Process context.
 */
void fmp_index_table_destroy(struct fmp_index_table *table)
{
	cancel_delayed_work_sync(&table->reaper);
	rhashtable_free_and_destroy(&table->entries, fmp_index_free, NULL);
}

static struct fmp_index *fmp_index_find(struct fmp_index_table *table,
					struct fmp_local_index local)
{
	return rhashtable_lookup(&table->entries, &local.value,
				 fmp_index_params);
}

/* NULL if there is none, or one that has ended. */
static struct fmp_reservation *
fmp_index_find_reservation(struct fmp_index_table *table,
			   struct fmp_local_index local)
{
	struct fmp_reservation *reservation;
	struct fmp_index *index;

	index = fmp_index_find(table, local);
	if (!index || READ_ONCE(index->owner) != FMP_INDEX_RESERVATION)
		return NULL;
	reservation = container_of(index, struct fmp_reservation, hold.index);
	return fmp_index_is_over(table, reservation) ? NULL : reservation;
}

/* The session takes its place in one step. */
static bool fmp_index_take_over(struct fmp_index_table *table,
				struct fmp_session *session)
{
	struct fmp_reservation *reservation;

	rcu_read_lock();
	spin_lock_bh(&table->lock);
	reservation = fmp_index_find_reservation(table, session->index.local);
	if (reservation && reservation->peer == session->peer) {
		rhashtable_replace_fast(&table->entries,
					&reservation->hold.index.node,
					&session->index.node,
					fmp_index_params);
		list_del(&reservation->of_peer);
		list_del(&reservation->list);
		kfree_rcu(reservation, hold.rcu);
	} else {
		reservation = NULL;
	}
	spin_unlock_bh(&table->lock);
	rcu_read_unlock();
	return reservation;
}

static int fmp_index_insert(struct fmp_index_table *table,
			    struct fmp_index *index)
{
	return rhashtable_lookup_insert_fast(&table->entries, &index->node,
					     fmp_index_params);
}

/*
 * Random, so that it tells nothing and cannot be guessed (spec 4.1), for an
 * entry that has an owner.
 */
static int fmp_index_insert_random(struct fmp_index_table *table,
				   struct fmp_index *index)
{
	int tries, err;

	for (tries = 0; tries < FMP_INDEX_TRIES; tries++) {
		index->local.value = get_random_u32();
		err = fmp_index_insert(table, index);
		if (err != -EEXIST)
			return err;
	}
	return -ENOSPC;
}

/**
 * fmp_index_claim() - make a session the owner of an index that was chosen
 * @table: table of the session's device
 * @session: the new owner; it can be found from now on
 * @local: the index
 *
 * One that is reserved for the session's peer is taken over.
 *
 * Context: Any but hard interrupt.
 * Return: 0, -EEXIST if the index is in use, in quarantine or reserved for
 * another peer, or another negative error.
 */
int fmp_index_claim(struct fmp_index_table *table, struct fmp_session *session,
		    struct fmp_local_index local)
{
	session->index.owner = FMP_INDEX_SESSION;
	session->index.local = local;
	if (fmp_index_take_over(table, session))
		return 0;
	return fmp_index_insert(table, &session->index);
}

/**
 * fmp_index_claim_random() - make a session the owner of a fresh index
 * @table: table of the session's device
 * @session: the new owner; it can be found from now on
 *
 * Context: Any but hard interrupt.
 * Return: 0, -ENOSPC if no free index was found, or another negative error.
 */
int fmp_index_claim_random(struct fmp_index_table *table,
			   struct fmp_session *session)
{
	session->index.owner = FMP_INDEX_SESSION;
	return fmp_index_insert_random(table, &session->index);
}

/**
 * fmp_index_release() - put the index of a session into quarantine
 * @table: table of the session's device
 * @session: owner, not to be found any more afterwards
 *
 * There is no moment at which the index could be claimed by another.
 *
 * Context: Any but hard interrupt; once for each session.
 */
void fmp_index_release(struct fmp_index_table *table,
		       struct fmp_session *session)
{
	struct fmp_index_hold *hold = session->hold;

	session->hold = NULL;
	hold->index.owner = FMP_INDEX_HOLD;
	hold->index.local = session->index.local;

	spin_lock_bh(&table->lock);
	rhashtable_replace_fast(&table->entries, &session->index.node,
				&hold->index.node, fmp_index_params);
	fmp_index_hold(table, hold);
	spin_unlock_bh(&table->lock);
}

/* Of those that have ended already the peer keeps none. */
static bool fmp_index_may_reserve(struct fmp_index_table *table,
				  struct fmp_peer *peer)
{
	struct fmp_reservation *reservation, *next;
	int n = 0;

	list_for_each_entry_safe(reservation, next, &peer->reserved, of_peer) {
		if (fmp_index_is_over(table, reservation))
			fmp_index_end(table, reservation);
		else
			n++;
	}
	return n < FMP_INDEX_RESERVATIONS;
}

static int fmp_index_reserve_locked(struct fmp_index_table *table,
				    struct fmp_peer *peer,
				    struct fmp_reservation *reservation)
{
	bool first;
	int err;

	if (!fmp_index_may_reserve(table, peer))
		return -ENOSPC;
	reservation->hold.index.owner = FMP_INDEX_RESERVATION;
	reservation->expires = get_jiffies_64() +
			       FMP_INDEX_RESERVATION_LIFETIME;
	reservation->agent = table->agent;
	reservation->peer = peer;
	err = fmp_index_insert_random(table, &reservation->hold.index);
	if (err)
		return err;
	first = list_empty(&table->reserved);
	list_add_tail(&reservation->list, &table->reserved);
	list_add_tail(&reservation->of_peer, &peer->reserved);
	if (first)
		fmp_index_schedule(table);
	return 0;
}

/**
 * fmp_index_reserve() - keep a fresh index for a handshake
 * @table: table of the peer's device
 * @peer: who the handshake is with
 * @local: result
 *
 * It ends after 90 s, with the agent and with the peer, and is then in
 * quarantine as that of a session is.
 *
 * Context: Process context, the device's lock held.
 * Return: 0, -ENOSPC if the peer has as many as it may have, or another
 * negative error.
 */
int fmp_index_reserve(struct fmp_index_table *table, struct fmp_peer *peer,
		      struct fmp_local_index *local)
{
	struct fmp_reservation *reservation;
	int err;

	reservation = kzalloc_obj(*reservation, GFP_KERNEL_ACCOUNT);
	if (!reservation)
		return -ENOMEM;

	spin_lock_bh(&table->lock);
	err = fmp_index_reserve_locked(table, peer, reservation);
	if (!err)
		*local = reservation->hold.index.local;
	spin_unlock_bh(&table->lock);
	if (err)
		kfree(reservation);
	return err;
}

/**
 * fmp_index_give_back() - end a reservation before its time
 * @table: table of the device
 * @local: the index
 *
 * Context: Any but hard interrupt.
 * Return: 0, or -ENOENT if it is not reserved.
 */
int fmp_index_give_back(struct fmp_index_table *table,
			struct fmp_local_index local)
{
	struct fmp_reservation *reservation;

	rcu_read_lock();
	spin_lock_bh(&table->lock);
	reservation = fmp_index_find_reservation(table, local);
	if (reservation)
		fmp_index_end(table, reservation);
	spin_unlock_bh(&table->lock);
	rcu_read_unlock();
	return reservation ? 0 : -ENOENT;
}

/**
 * fmp_index_forget_peer() - end the reservations for a peer that goes away
 * @table: table of the peer's device
 * @peer: the peer; it reserves nothing any more
 *
 * Context: Any but hard interrupt, the device's lock held.
 */
void fmp_index_forget_peer(struct fmp_index_table *table,
			   struct fmp_peer *peer)
{
	struct fmp_reservation *reservation, *next;

	spin_lock_bh(&table->lock);
	list_for_each_entry_safe(reservation, next, &peer->reserved, of_peer)
		fmp_index_end(table, reservation);
	spin_unlock_bh(&table->lock);
}

/**
 * fmp_index_forget_agent() - end all reservations: the agent has gone
 * @table: table of the device
 *
 * They have no effect any more when this returns, and go into quarantine
 * soon after: there may be many.
 *
 * Context: Any but hard interrupt.
 */
void fmp_index_forget_agent(struct fmp_index_table *table)
{
	spin_lock_bh(&table->lock);
	WRITE_ONCE(table->agent, table->agent + 1);
	fmp_index_schedule(table);
	spin_unlock_bh(&table->lock);
}

/**
 * fmp_index_reserved() - tell whether a handshake waits for an index
 * @table: table of the device
 * @local: receiver index of a frame
 *
 * Context: RCU read section.
 * Return: true if it is reserved.
 */
bool fmp_index_reserved(struct fmp_index_table *table,
			struct fmp_local_index local)
{
	return fmp_index_find_reservation(table, local);
}

/**
 * fmp_index_lookup() - find the session that an index belongs to
 * @table: table of the device
 * @local: receiver index of a frame
 *
 * Context: RCU read section, within which the session stays valid.
 * Return: The session, or NULL.
 */
struct fmp_session *fmp_index_lookup(struct fmp_index_table *table,
				     struct fmp_local_index local)
{
	struct fmp_index *index = fmp_index_find(table, local);

	if (!index || READ_ONCE(index->owner) != FMP_INDEX_SESSION)
		return NULL;
	return container_of(index, struct fmp_session, index);
}
