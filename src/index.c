// SPDX-License-Identifier: GPL-2.0
/*
 * Receiver indices of a device (spec section 4).
 */
#include <linux/jiffies.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "index.h"
#include "session.h"

/* Longer than the 10 s drain of a peer (spec 4.3 RULE). */
#define FMP_INDEX_QUARANTINE	(30 * HZ)
#define FMP_INDEX_TRIES		100
/* Holds freed at a time, with bottom halves disabled. */
#define FMP_INDEX_BATCH		256

static const struct rhashtable_params fmp_index_params = {
	.key_len		= sizeof_field(struct fmp_index, local.value),
	.key_offset		= offsetof(struct fmp_index, local.value),
	.head_offset		= offsetof(struct fmp_index, node),
	.automatic_shrinking	= true,
};

static void fmp_index_schedule(struct fmp_index_table *table,
			       const struct fmp_index_hold *oldest)
{
	s64 delay = oldest->expires - get_jiffies_64();

	schedule_delayed_work(&table->reaper, max_t(s64, delay, 0));
}

static void fmp_index_reap(struct work_struct *work)
{
	struct fmp_index_table *table =
		container_of(to_delayed_work(work), struct fmp_index_table,
			     reaper);
	struct fmp_index_hold *hold, *next;
	u64 now = get_jiffies_64();
	int left = FMP_INDEX_BATCH;

	spin_lock_bh(&table->lock);
	list_for_each_entry_safe(hold, next, &table->holds, list) {
		if (time_before64(now, hold->expires) || !left--) {
			fmp_index_schedule(table, hold);
			break;
		}
		list_del(&hold->list);
		rhashtable_remove_fast(&table->entries, &hold->index.node,
				       fmp_index_params);
		kfree_rcu(hold, rcu);
	}
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
	spin_lock_init(&table->lock);
	INIT_LIST_HEAD(&table->holds);
	INIT_DELAYED_WORK(&table->reaper, fmp_index_reap);
	return rhashtable_init(&table->entries, &fmp_index_params);
}

static void fmp_index_free(void *ptr, void *arg)
{
	struct fmp_index *index = ptr;

	WARN_ON_ONCE(index->owner != FMP_INDEX_HOLD);
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

/**
 * fmp_index_claim() - make a session the owner of an index that was chosen
 * @table: table of the session's device
 * @session: the new owner; it can be found from now on
 * @local: the index
 *
 * Context: Any but hard interrupt.
 * Return: 0, -EEXIST if the index is in use or in quarantine, or another
 * negative error.
 */
int fmp_index_claim(struct fmp_index_table *table, struct fmp_session *session,
		    struct fmp_local_index local)
{
	session->index.owner = FMP_INDEX_SESSION;
	session->index.local = local;
	return rhashtable_lookup_insert_fast(&table->entries,
					     &session->index.node,
					     fmp_index_params);
}

/**
 * fmp_index_claim_random() - make a session the owner of a fresh index
 * @table: table of the session's device
 * @session: the new owner; it can be found from now on
 *
 * The index is uniformly random, so that it tells nothing and cannot be
 * guessed (spec 4.1).
 *
 * Context: Any but hard interrupt.
 * Return: 0, -ENOSPC if no free index was found, or another negative error.
 */
int fmp_index_claim_random(struct fmp_index_table *table,
			   struct fmp_session *session)
{
	struct fmp_local_index local;
	int tries, err;

	for (tries = 0; tries < FMP_INDEX_TRIES; tries++) {
		local.value = get_random_u32();
		err = fmp_index_claim(table, session, local);
		if (err != -EEXIST)
			return err;
	}
	return -ENOSPC;
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
	bool first;

	session->hold = NULL;
	hold->index.owner = FMP_INDEX_HOLD;
	hold->index.local = session->index.local;
	hold->expires = get_jiffies_64() + FMP_INDEX_QUARANTINE;

	spin_lock_bh(&table->lock);
	rhashtable_replace_fast(&table->entries, &session->index.node,
				&hold->index.node, fmp_index_params);
	first = list_empty(&table->holds);
	list_add_tail(&hold->list, &table->holds);
	spin_unlock_bh(&table->lock);

	if (first)
		fmp_index_schedule(table, hold);
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
	struct fmp_index *index;

	index = rhashtable_lookup(&table->entries, &local.value,
				  fmp_index_params);
	if (!index || index->owner != FMP_INDEX_SESSION)
		return NULL;
	return container_of(index, struct fmp_session, index);
}
