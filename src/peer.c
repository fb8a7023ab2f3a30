// SPDX-License-Identifier: GPL-2.0
/*
 * Peers of a device.
 */
#include <crypto/sha2.h>
#include <linux/cpumask.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "device.h"
#include "endpoint.h"
#include "overlay.h"
#include "peer.h"
#include "recovery.h"
#include "session.h"

static const struct rhashtable_params fmp_peer_params = {
	.key_len		= sizeof_field(struct fmp_peer, public_key),
	.key_offset		= offsetof(struct fmp_peer, public_key),
	.head_offset		= offsetof(struct fmp_peer, node),
	.automatic_shrinking	= true,
};

/* Their size is far from the next one that kmalloc() has. */
static struct kmem_cache *fmp_peer_cache;

/**
 * fmp_peer_module_init() - set up where peers come from
 *
 * Context: Process context.
 * Return: 0, or a negative error.
 */
int __init fmp_peer_module_init(void)
{
	fmp_peer_cache = KMEM_CACHE(fmp_peer, SLAB_ACCOUNT);
	return fmp_peer_cache ? 0 : -ENOMEM;
}

/**
 * fmp_peer_module_exit() - undo what fmp_peer_module_init() did
 *
 * Context: Process context; no peer is left, nor a callback that frees one.
 */
void fmp_peer_module_exit(void)
{
	kmem_cache_destroy(fmp_peer_cache);
}

/**
 * fmp_peer_table_init() - set up the peers of a new device
 * @fmp: device
 *
 * Context: Process context.
 * Return: 0, or a negative error.
 */
int fmp_peer_table_init(struct fmp_dev *fmp)
{
	xa_init_flags(&fmp->peer_ids, XA_FLAGS_ALLOC1);
	return rhashtable_init(&fmp->peers, &fmp_peer_params);
}

/**
 * fmp_peer_table_destroy() - free what fmp_peer_table_init() set up
 * @fmp: device, without peers
 *
 * Context: Process context.
 */
void fmp_peer_table_destroy(struct fmp_dev *fmp)
{
	rhashtable_destroy(&fmp->peers);
	xa_destroy(&fmp->peer_ids);
}

/**
 * fmp_peer_lookup() - find a peer by its public key
 * @fmp: device
 * @public_key: x-only key
 *
 * Context: The device's lock held.
 * Return: The peer, or NULL.
 */
struct fmp_peer *fmp_peer_lookup(struct fmp_dev *fmp, const u8 *public_key)
{
	return rhashtable_lookup_fast(&fmp->peers, public_key,
				      fmp_peer_params);
}

/**
 * fmp_peer_node_addr() - derive a peer's NodeAddr from its key (spec 1)
 * @peer: the peer
 * @node_addr: result, of FMP_NODE_ADDR_LEN bytes
 *
 * Context: Any.
 */
void fmp_peer_node_addr(const struct fmp_peer *peer, u8 *node_addr)
{
	u8 digest[SHA256_DIGEST_SIZE];

	sha256(peer->public_key, sizeof(peer->public_key), digest);
	memcpy(node_addr, digest, FMP_NODE_ADDR_LEN);
}

static void fmp_peer_derived_address(const struct fmp_peer *peer,
				     struct in6_addr *address)
{
	u8 node_addr[FMP_NODE_ADDR_LEN];

	fmp_peer_node_addr(peer, node_addr);
	address->s6_addr[0] = 0xfd;
	memcpy(address->s6_addr + 1, node_addr, sizeof(*address) - 1);
}

/**
 * fmp_peer_alloc() - make a peer that is not in use yet
 * @fmp: device
 * @public_key: x-only key
 *
 * Context: Process context.
 * Return: The peer, for fmp_peer_insert() or fmp_peer_free_unused(); NULL
 * without memory.
 */
struct fmp_peer *fmp_peer_alloc(struct fmp_dev *fmp, const u8 *public_key)
{
	struct fmp_peer *peer;

	peer = kmem_cache_zalloc(fmp_peer_cache, GFP_KERNEL);
	if (!peer)
		return NULL;
	peer->stats = alloc_percpu_gfp(struct fmp_peer_stats,
				       GFP_KERNEL_ACCOUNT);
	if (!peer->stats) {
		kmem_cache_free(fmp_peer_cache, peer);
		return NULL;
	}

	peer->fmp = fmp;
	spin_lock_init(&peer->lock);
	fmp_recovery_init(peer);
	timer_setup(&peer->timer, fmp_session_timer, 0);
	fmp_staging_init(&peer->staging);
	peer->heartbeat_interval = FMP_HEARTBEAT_DEFAULT;
	peer->dead_timeout = FMP_DEAD_TIMEOUT_DEFAULT;
	peer->mmp_mode = FMP_MMP_MODE_DEVICE;
	fmp_mmp_init(&peer->mmp);
	INIT_LIST_HEAD(&peer->reserved);
	memcpy(peer->public_key, public_key, sizeof(peer->public_key));
	return peer;
}

static void fmp_peer_free(struct fmp_peer *peer)
{
	kfree(rcu_dereference_protected(peer->endpoint_name, true));
	kfree(rcu_dereference_protected(peer->handshake_counts, true));
	fmp_staging_free(&peer->staging);
	fmp_mmp_free(&peer->mmp);
	free_percpu(peer->stats);
	kmem_cache_free(fmp_peer_cache, peer);
}

/**
 * fmp_peer_free_unused() - free a peer that was never inserted
 * @peer: without addresses and sessions
 *
 * Context: Process context.
 */
void fmp_peer_free_unused(struct fmp_peer *peer)
{
	fmp_endpoint_free(rcu_dereference_protected(peer->endpoint, true));
	fmp_peer_free(peer);
}

/* The one that it was made with: it is found by whoever finds the peer. */
static void fmp_peer_hash_endpoint(struct fmp_peer *peer)
{
	struct fmp_endpoint *endpoint;

	spin_lock_bh(&peer->lock);
	endpoint = rcu_dereference_protected(peer->endpoint,
					     lockdep_is_held(&peer->lock));
	if (endpoint)
		fmp_endpoint_hash(peer, endpoint);
	spin_unlock_bh(&peer->lock);
}

/**
 * fmp_peer_insert() - put a new peer into use
 * @peer: of fmp_peer_alloc()
 *
 * Its derived overlay address comes with it.
 *
 * Context: Process context, the device's lock held.
 * Return: 0, -EEXIST if the public key is known, -EADDRINUSE if the derived
 * address was given to another peer, or another negative error.
 */
int fmp_peer_insert(struct fmp_peer *peer)
{
	struct fmp_dev *fmp = peer->fmp;
	struct in6_addr address;
	int err;

	/* A place only: who is freed without a grace period was never found. */
	err = xa_alloc_cyclic(&fmp->peer_ids, &peer->id, NULL, xa_limit_31b,
			      &fmp->next_peer_id, GFP_KERNEL);
	if (err < 0)
		return err;
	err = rhashtable_lookup_insert_fast(&fmp->peers, &peer->node,
					    fmp_peer_params);
	if (err)
		goto erase_id;
	fmp_peer_derived_address(peer, &address);
	err = fmp_overlay_add(peer, &address, true);
	if (err)
		goto remove_node;

	/* Into the place that there is, which takes no memory. */
	xa_store(&fmp->peer_ids, peer->id, peer, GFP_KERNEL);
	fmp_overlay_commit(peer, false);
	fmp_peer_hash_endpoint(peer);

	fmp->n_peers++;
	fmp_dev_changed(fmp);
	return 0;

remove_node:
	rhashtable_remove_fast(&fmp->peers, &peer->node, fmp_peer_params);
erase_id:
	xa_erase(&fmp->peer_ids, peer->id);
	return err;
}

static void fmp_peer_free_rcu(struct rcu_head *rcu)
{
	fmp_peer_free(container_of(rcu, struct fmp_peer, rcu));
}

/**
 * fmp_peer_remove() - remove a peer with all that hangs on it
 * @peer: an inserted peer, not to be used by the caller any more
 *
 * First nothing finds it any more, then nothing can be hung into it any
 * more, and its memory goes when the last reader has.
 *
 * Context: Process context, the device's lock held.
 */
void fmp_peer_remove(struct fmp_peer *peer)
{
	struct fmp_dev *fmp = peer->fmp;
	struct fmp_endpoint *endpoint;

	fmp_overlay_remove_all(peer);
	rhashtable_remove_fast(&fmp->peers, &peer->node, fmp_peer_params);
	xa_erase(&fmp->peer_ids, peer->id);
	fmp_index_forget_peer(&fmp->indices, peer);

	spin_lock_bh(&peer->lock);
	peer->dead = true;
	fmp_session_remove_all(peer);
	endpoint = rcu_replace_pointer(peer->endpoint, NULL,
				       lockdep_is_held(&peer->lock));
	fmp_endpoint_unhash(endpoint);
	fmp_endpoint_free(endpoint);
	spin_unlock_bh(&peer->lock);

	timer_shutdown_sync(&peer->timer);
	fmp_staging_close(peer);
	fmp->n_peers--;
	fmp_dev_changed(fmp);
	call_rcu(&peer->rcu, fmp_peer_free_rcu);
}

/* Returns the old one, which nobody finds any more. */
static struct fmp_endpoint *
fmp_peer_replace_endpoint(struct fmp_peer *peer, struct fmp_endpoint *endpoint)
{
	fmp_endpoint_hash(peer, endpoint);
	endpoint = rcu_replace_pointer(peer->endpoint, endpoint,
				       lockdep_is_held(&peer->lock));
	fmp_endpoint_unhash(endpoint);
	fmp_staging_kick(peer);
	return endpoint;
}

/**
 * fmp_peer_set_endpoint() - send to another endpoint from now on
 * @peer: the peer
 * @endpoint: owned by the peer from now on, freed if the peer was removed
 *
 * Context: Any but hard interrupt.
 */
void fmp_peer_set_endpoint(struct fmp_peer *peer,
			   struct fmp_endpoint *endpoint)
{
	spin_lock_bh(&peer->lock);
	if (!peer->dead)
		endpoint = fmp_peer_replace_endpoint(peer, endpoint);
	spin_unlock_bh(&peer->lock);
	fmp_endpoint_free(endpoint);
}

/**
 * fmp_peer_move() - send where a frame came from, from now on
 * @peer: the peer
 * @session: the frame authenticated under it
 * @endpoint: owned by the peer from now on, freed if the peer does not move
 *
 * A session that has left its slot in the meantime has no say any more.
 *
 * Context: RCU read section, bottom halves disabled.
 * Return: true if @session is current and the peer moved.
 */
bool fmp_peer_move(struct fmp_peer *peer, const struct fmp_session *session,
		   struct fmp_endpoint *endpoint)
{
	bool current_one;

	spin_lock(&peer->lock);
	current_one = rcu_access_pointer(peer->current_session) == session;
	if (current_one)
		endpoint = fmp_peer_replace_endpoint(peer, endpoint);
	spin_unlock(&peer->lock);
	fmp_endpoint_free(endpoint);
	return current_one;
}

/**
 * fmp_peer_look() - have the timer of a peer find out when it has to come
 * @peer: the peer, perhaps not inserted yet
 *
 * Context: Process context, the device's lock held.
 */
void fmp_peer_look(struct fmp_peer *peer)
{
	spin_lock_bh(&peer->lock);
	if (!peer->dead && rcu_access_pointer(peer->current_session))
		mod_timer(&peer->timer, jiffies);
	spin_unlock_bh(&peer->lock);
}

/**
 * fmp_peer_set_heartbeat() - change how often a peer is sent a heartbeat
 * @peer: the peer, perhaps not inserted yet
 * @seconds: between two of them, 0 for none
 *
 * Context: Process context, the device's lock held.
 */
void fmp_peer_set_heartbeat(struct fmp_peer *peer, u16 seconds)
{
	WRITE_ONCE(peer->heartbeat_interval, seconds);
	fmp_peer_look(peer);
}

/**
 * fmp_peer_set_dead_timeout() - change after what silence a peer is down
 * @peer: the peer, perhaps not inserted yet
 * @seconds: of silence, 0 for never
 *
 * Context: Process context, the device's lock held.
 */
void fmp_peer_set_dead_timeout(struct fmp_peer *peer, u16 seconds)
{
	WRITE_ONCE(peer->dead_timeout, seconds);
	fmp_peer_look(peer);
}

static u64 fmp_peer_stat_sum(const struct fmp_peer *peer,
			     enum fmp_peer_stat stat)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(peer->stats, cpu)->value[stat]);
	return sum;
}

static u32 fmp_peer_handshakes(const struct fmp_peer *peer, unsigned int which)
{
	const struct fmp_peer_handshakes *handshakes;
	u32 n;

	rcu_read_lock();
	handshakes = rcu_dereference(peer->handshake_counts);
	n = handshakes ? READ_ONCE(handshakes->value[which]) : 0;
	rcu_read_unlock();
	return n;
}

/**
 * fmp_peer_count_handshake() - count what became of a handshake
 * @peer: the peer
 * @stat: what
 *
 * Context: Process context, the device's lock held.
 * Return: 0, or -ENOMEM.
 */
int fmp_peer_count_handshake(struct fmp_peer *peer, enum fmp_peer_stat stat)
{
	struct fmp_peer_handshakes *handshakes;
	u32 *value;

	handshakes = rcu_dereference_protected(peer->handshake_counts,
					       lockdep_is_held(&peer->fmp->lock));
	if (!handshakes) {
		handshakes = kzalloc_obj(*handshakes, GFP_KERNEL_ACCOUNT);
		if (!handshakes)
			return -ENOMEM;
		rcu_assign_pointer(peer->handshake_counts, handshakes);
	}
	value = &handshakes->value[stat - FMP_PEER_HANDSHAKE_FIRST];
	WRITE_ONCE(*value, *value + 1);
	return 0;
}

/**
 * fmp_peer_stat_read() - read a counter
 * @peer: the peer
 * @stat: which
 *
 * Context: Any. What other CPUs count meanwhile may be missing.
 * Return: What was counted.
 */
u64 fmp_peer_stat_read(const struct fmp_peer *peer, enum fmp_peer_stat stat)
{
	if (stat < FMP_PEER_PER_CPU)
		return fmp_peer_stat_sum(peer, stat);
	if (stat == FMP_PEER_RX_PACKETS)
		return READ_ONCE(peer->mmp.packets);
	if (stat == FMP_PEER_RX_BYTES)
		return READ_ONCE(peer->mmp.bytes);
	if (stat < FMP_PEER_HANDSHAKE_FIRST)
		return atomic64_read(&peer->drops.value[stat - FMP_PEER_DROP_FIRST]);
	return fmp_peer_handshakes(peer, stat - FMP_PEER_HANDSHAKE_FIRST);
}
