/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The netdevice.
 */
#ifndef FMP_DEVICE_H
#define FMP_DEVICE_H

#include <linux/atomic.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/rhashtable.h>
#include <linux/seqlock.h>
#include <linux/types.h>
#include <linux/xarray.h>
#include <uapi/linux/fmp.h>

#include "config.h"
#include "handshake.h"
#include "index.h"
#include "mmp.h"
#include "multicast.h"
#include "stats.h"
#include "subscriber.h"

struct fmp_lane;
struct rtnl_newlink_params;

/**
 * struct fmp_dev - an fmp netdevice
 * @dev: the netdevice this is the private part of
 * @config: settings; written under @lock, read without by the packet paths
 * @config_seq: for reading them as a whole without @lock
 * @sk4: IPv4 socket while the device is up, RCU
 * @sk6: IPv6 socket while the device is up and the kernel has IPv6, RCU
 * @overlay: peers by overlay address
 * @endpoints: endpoints in use, by address of the peer
 * @endpoints_lock: who changes @endpoints has it, inside the peer's lock
 * @indices: sessions by receiver index
 * @stats: counters
 * @lanes: where received frames are decrypted, one for each CPU
 * @multicast: multicast that is still to be sent to some peers
 * @overloaded_until: boot time in milliseconds until which it counts as not
 *                    keeping up with what it receives
 * @handshake: what limits handshake messages on their way to the agent
 * @epoch: of our start, as handshakes tell it; made with the device
 * @agent: who can make sessions
 * @link_subscriber: who gets link messages
 * @lock: serializes configuration; taken inside RTNL, never around it
 * @birth_net: namespace of the sockets, NULL once it is gone; under @lock
 * @up: sockets are open; under @lock
 * @dead: no peer may be added any more; under @lock
 * @keyless: the machine is about to sleep without keys, so that no session may
 *           be installed; under @lock
 * @peers: peers by public key, under @lock
 * @peer_ids: peers by dump handle, under @lock
 * @next_peer_id: where the search for a free handle starts
 * @n_peers: how many, under @lock
 * @generation: changes with the set of peers and sessions, and with slots
 * @list: linkage into all devices of the module
 */
struct fmp_dev {
	struct net_device *dev;
	struct fmp_config config;
	seqcount_mutex_t config_seq;
	struct sock __rcu *sk4;
	struct sock __rcu *sk6;
	struct rhashtable overlay;
	struct rhashtable endpoints;
	spinlock_t endpoints_lock; /* changes of endpoints */
	struct fmp_index_table indices;
	struct fmp_stats __percpu *stats;
	struct fmp_lane __percpu *lanes;
	struct fmp_multicast multicast;
	u64 overloaded_until;
	struct fmp_handshake handshake;
	u8 epoch[FMP_EPOCH_SIZE];
	struct fmp_subscriber agent;
	struct fmp_subscriber link_subscriber;

	struct mutex lock; /* configuration */
	struct net *birth_net;
	bool up;
	bool dead;
	bool keyless;
	struct rhashtable peers;
	struct xarray peer_ids;
	u32 next_peer_id;
	u32 n_peers;
	atomic_t generation;
	struct list_head list;
};

static inline void fmp_stat_add(struct fmp_dev *fmp, enum fmp_stat stat, u64 n)
{
	this_cpu_add(fmp->stats->value[stat], n);
}

static inline void fmp_stat_inc(struct fmp_dev *fmp, enum fmp_stat stat)
{
	fmp_stat_add(fmp, stat, 1);
}

/* @first is the counter of the smallest batches, of 2 and 3 frames. */
static inline void fmp_stat_batch(struct fmp_dev *fmp, enum fmp_stat first,
				  enum fmp_stat all, unsigned int frames)
{
	if (unlikely(frames < 2))
		return;
	fmp_stat_inc(fmp, first + min(ilog2(frames), 5) - 1);
	fmp_stat_add(fmp, all, frames);
}

/* The set of peers or sessions changed, or a slot. */
static inline void fmp_dev_changed(struct fmp_dev *fmp)
{
	atomic_inc(&fmp->generation);
}

/* For dumps, which take 0 for none. */
static inline u32 fmp_dev_generation(const struct fmp_dev *fmp)
{
	return (u32)atomic_read(&fmp->generation) ?: 1;
}

extern const struct ethtool_ops fmp_ethtool_ops;

int fmp_newlink(struct net_device *dev, struct rtnl_newlink_params *params,
		struct netlink_ext_ack *extack);
bool fmp_dev_is(const struct net_device *dev);
int fmp_dev_configure(struct fmp_dev *fmp, const struct fmp_config *config,
		      const struct sk_buff *request,
		      struct netlink_ext_ack *extack);
void fmp_dev_wipe_all(bool copied);
void fmp_dev_awake_all(void);
int fmp_dev_register(void);
void fmp_dev_unregister(void);

#endif /* FMP_DEVICE_H */
