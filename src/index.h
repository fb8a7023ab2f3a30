/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Receiver indices of a device (spec section 4).
 *
 * An index is owned by the object that holds it in the table, for as long as
 * it is there: a reservation while the agent is in a handshake, then a
 * session, and after either a hold that keeps the number out of use while
 * frames for it may still be on their way.
 */
#ifndef FMP_INDEX_H
#define FMP_INDEX_H

#include <linux/list.h>
#include <linux/rhashtable.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

/**
 * struct fmp_local_index - index that we chose and the peer sends
 * @value: all 32 bits are in use, 0 included
 */
struct fmp_local_index {
	u32 value;
};

/**
 * struct fmp_remote_index - index that the peer chose and we send
 * @value: as the peer gave it, unauthenticated but for its effect
 *
 * A type of its own, so that the one is never freed for the other (bug 23
 * of the specification's list).
 */
struct fmp_remote_index {
	u32 value;
};

/**
 * enum fmp_index_owner - what the entry of an index is part of
 * @FMP_INDEX_SESSION: a struct fmp_session
 * @FMP_INDEX_HOLD: a struct fmp_index_hold
 * @FMP_INDEX_RESERVATION: a struct fmp_reservation
 */
enum fmp_index_owner {
	FMP_INDEX_SESSION,
	FMP_INDEX_HOLD,
	FMP_INDEX_RESERVATION,
};

/**
 * struct fmp_index - entry of the index table, part of what owns the index
 * @node: linkage
 * @local: the index
 * @owner: what contains this entry; a reservation that ends becomes a hold
 */
struct fmp_index {
	struct rhash_head node;
	struct fmp_local_index local;
	enum fmp_index_owner owner;
};

/**
 * struct fmp_index_hold - keeps a freed index out of use
 * @index: its entry in the table
 * @next: in the queue of them, the next younger one
 * @expires: jiffies64 at which the index may be used again
 * @rcu: for freeing, when it has left the queue
 *
 * Allocated with the session, so that giving up an index cannot fail: of each
 * session there is one that does nothing yet.
 */
struct fmp_index_hold {
	struct fmp_index index;
	union {
		struct {
			struct fmp_index_hold *next;
			u64 expires;
		};
		struct rcu_head rcu;
	};
};

/**
 * struct fmp_index_holds - a queue of holds
 * @first: the oldest, or NULL
 * @end: where the next one goes
 */
struct fmp_index_holds {
	struct fmp_index_hold *first;
	struct fmp_index_hold **end;
};

/**
 * struct fmp_reservation - keeps an index for a handshake under way
 * @hold: what it is when it ends
 * @list: linkage into fmp_index_table.reserved, oldest first
 * @expires: jiffies64 at which it ends
 * @peer: who the handshake is with
 * @of_peer: linkage into fmp_peer.reserved
 * @agent: for which agent it was made, by fmp_index_table.agent
 *
 * A hold already, so that ending it can neither fail nor free the index for
 * a moment.
 */
struct fmp_reservation {
	struct fmp_index_hold hold;
	struct list_head list;
	u64 expires;
	struct fmp_peer *peer;
	struct list_head of_peer;
	u32 agent;
};

/**
 * struct fmp_index_table - all indices of a device
 * @entries: by index; lookups are lockless and O(1) whatever the number
 * @lock: protects @holds, @reserved, @agent and the lists of peers
 * @holds: indices in quarantine
 * @reserved: indices that are reserved
 * @agent: changes when an agent goes: what it reserved has ended then
 * @reaper: ends quarantines and reservations
 */
struct fmp_index_table {
	struct rhashtable entries;
	spinlock_t lock; /* holds, reserved, agent */
	struct fmp_index_holds holds;
	struct list_head reserved;
	u32 agent;
	struct delayed_work reaper;
};

struct fmp_peer;
struct fmp_session;

int fmp_index_table_init(struct fmp_index_table *table);
void fmp_index_table_destroy(struct fmp_index_table *table);
int fmp_index_claim(struct fmp_index_table *table, struct fmp_session *session,
		    struct fmp_local_index local);
int fmp_index_claim_random(struct fmp_index_table *table,
			   struct fmp_session *session);
void fmp_index_release(struct fmp_index_table *table,
		       struct fmp_session *session);
int fmp_index_reserve(struct fmp_index_table *table, struct fmp_peer *peer,
		      struct fmp_local_index *local);
int fmp_index_give_back(struct fmp_index_table *table,
			struct fmp_local_index local);
void fmp_index_forget_peer(struct fmp_index_table *table,
			   struct fmp_peer *peer);
void fmp_index_forget_agent(struct fmp_index_table *table);
bool fmp_index_reserved(struct fmp_index_table *table,
			struct fmp_local_index local);
struct fmp_session *fmp_index_lookup(struct fmp_index_table *table,
				     struct fmp_local_index local);

#endif /* FMP_INDEX_H */
