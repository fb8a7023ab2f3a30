/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Peers of a device.
 */
#ifndef FMP_PEER_H
#define FMP_PEER_H

#include <linux/cache.h>
#include <linux/list.h>
#include <linux/rhashtable.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/types.h>
#include <uapi/linux/fmp.h>

#include "bucket.h"
#include "failure.h"
#include "heartbeat.h"
#include "link.h"
#include "mmp.h"
#include "rekey.h"
#include "staging.h"
#include "stats.h"

struct fmp_dev;
struct fmp_endpoint;
struct fmp_overlay;
struct fmp_session;

/* One netlink message holds a peer with all of them. */
#define FMP_PEER_ADDRESSES_MAX	64U

/**
 * struct fmp_peer_name - endpoint by name, which the agent resolves
 * @rcu: for freeing
 * @text: as it was configured
 */
struct fmp_peer_name {
	struct rcu_head rcu;
	char text[];
};

/**
 * struct fmp_peer - who is at the other end
 * @fmp: device
 * @current_session: sends and receives, or NULL
 * @endpoint: where frames are sent to, or NULL; replaced as a whole
 * @congested_until: boot time in milliseconds until which the link to it
 *                   counts as congested; beside what sending reads
 * @stats: counters of frames sent
 * @last_rx: jiffies64 of the last authentic frame, 0 before one
 * @roam_next: jiffies64 before which it does not move again; of the lane that
 *             receives for the current session
 * @failure: frames that did not decrypt, and what followed
 * @wanted: of the requests for a session that packets wait for
 * @handshakes: first handshake messages from where it is
 * @recovery_lock: protects @failure, @wanted and @handshakes; taken inside
 *                 @lock
 * @lock: protects the slots, @endpoint's replacement, @heartbeat, @epoch,
 *        @state, @dead
 * @pending: receives and waits for the cutover, or NULL
 * @previous: receives until the drain ends, or NULL
 * @staging: packets that wait for a session
 * @timer: next deadline of the slots, of heartbeats and of reports
 * @mmp: link metrics
 * @heartbeat: heartbeats sent, and silence told
 * @state: enum fmp_peer_state
 * @state_since: boot time in milliseconds of the last change of @state
 * @epoch: of the peer's start, of the session that became current last; bytes
 *         as they came
 * @epoch_known: there is one
 * @handshaken: when a session was installed last, boot time in milliseconds;
 *              0 before one
 * @endpoint_name: where it is, by name, or NULL; written under the device's
 *                 lock
 * @heartbeat_interval: seconds, 0 for none; written under the device's lock
 * @dead_timeout: seconds of silence after which it is down, 0 for never;
 *                written under the device's lock
 * @mmp_mode: enum fmp_mmp_mode; written under the device's lock
 * @auto_connect: the agent keeps it connected; written under the device's lock
 * @dynamic: the agent made it
 * @dead: removed; nothing may be hung into it any more
 * @public_key: x-only key
 * @node: linkage by public key
 * @id: handle for dumps, ascending
 * @reserved: indices reserved for handshakes; under the index table's lock
 * @rcu: for freeing, when nothing can be reserved any more
 * @addresses: overlay addresses, RCU list under the device's lock
 * @n_addresses: how many
 * @drops: counters of drops
 * @handshake_counts: counters of handshakes, or NULL before the agent told of
 *                    one; written under the device's lock
 *
 * What is written for each frame received begins with @mmp, on cache lines that
 * sending does not read.
 *
 * Found and used in RCU sections, or under the device's lock; freed a grace
 * period after it was unhooked. @lock is taken with bottom halves disabled.
 */
struct fmp_peer {
	struct fmp_dev *fmp;
	struct fmp_session __rcu *current_session;
	struct fmp_endpoint __rcu *endpoint;
	u64 congested_until;
	struct fmp_peer_stats __percpu *stats;
	u64 last_rx;
	u64 roam_next;

	struct fmp_failure failure;
	struct fmp_backoff wanted;
	struct fmp_bucket handshakes;
	spinlock_t recovery_lock; /* failure, wanted, handshakes */

	struct fmp_mmp mmp ____cacheline_aligned_in_smp;

	spinlock_t lock; /* slots, endpoint, dead */
	bool dead;
	bool epoch_known;
	u8 state;
	u8 mmp_mode;
	struct fmp_session __rcu *pending;
	struct fmp_session __rcu *previous;
	struct fmp_staging staging;
	struct timer_list timer;
	struct fmp_heartbeat heartbeat;
	u64 epoch;
	u64 state_since;
	u64 handshaken;

	struct fmp_peer_name __rcu *endpoint_name;
	u16 heartbeat_interval;
	u16 dead_timeout;
	u16 n_addresses;
	bool auto_connect;
	bool dynamic;

	u8 public_key[FMP_PUBLIC_KEY_SIZE];
	struct rhash_head node;
	struct fmp_overlay __rcu *addresses;
	union {
		struct list_head reserved;
		struct rcu_head rcu;
	};
	u32 id;
	struct fmp_peer_drops drops;
	struct fmp_peer_handshakes __rcu *handshake_counts;
};

int fmp_peer_module_init(void);
void fmp_peer_module_exit(void);
int fmp_peer_count_handshake(struct fmp_peer *peer, enum fmp_peer_stat stat);
u64 fmp_peer_stat_read(const struct fmp_peer *peer, enum fmp_peer_stat stat);

/* Of frames sent and of drops: the others have functions of their own. */
static inline void fmp_peer_stat_add(struct fmp_peer *peer,
				     enum fmp_peer_stat stat, u64 n)
{
	if (stat < FMP_PEER_PER_CPU)
		this_cpu_add(peer->stats->value[stat], n);
	else
		atomic64_add(n, &peer->drops.value[stat - FMP_PEER_DROP_FIRST]);
}

static inline void fmp_peer_stat_inc(struct fmp_peer *peer,
				     enum fmp_peer_stat stat)
{
	fmp_peer_stat_add(peer, stat, 1);
}

int fmp_peer_table_init(struct fmp_dev *fmp);
void fmp_peer_table_destroy(struct fmp_dev *fmp);
struct fmp_peer *fmp_peer_lookup(struct fmp_dev *fmp, const u8 *public_key);
struct fmp_peer *fmp_peer_alloc(struct fmp_dev *fmp, const u8 *public_key);
void fmp_peer_node_addr(const struct fmp_peer *peer, u8 *node_addr);
int fmp_peer_insert(struct fmp_peer *peer);
void fmp_peer_free_unused(struct fmp_peer *peer);
void fmp_peer_remove(struct fmp_peer *peer);
void fmp_peer_look(struct fmp_peer *peer);
void fmp_peer_set_heartbeat(struct fmp_peer *peer, u16 seconds);
void fmp_peer_set_dead_timeout(struct fmp_peer *peer, u16 seconds);
void fmp_peer_set_endpoint(struct fmp_peer *peer,
			   struct fmp_endpoint *endpoint);
bool fmp_peer_move(struct fmp_peer *peer, const struct fmp_session *session,
		   struct fmp_endpoint *endpoint);

#endif /* FMP_PEER_H */
