/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Overlay addresses: next hops of inner packets, and whose they are.
 */
#ifndef FMP_OVERLAY_H
#define FMP_OVERLAY_H

#include <linux/in6.h>
#include <linux/rhashtable.h>
#include <linux/skbuff.h>
#include <net/ipv6.h>

struct fmp_dev;
struct fmp_peer;

/**
 * struct fmp_overlay - an overlay address of a peer
 * @node: linkage by address
 * @address: IPv6, or IPv4 mapped into it
 * @peer: whose it is
 * @next: of the same peer
 * @derived: follows from the public key and stays as long as the peer
 * @fresh: added by the change that is being made
 * @listed: named by the change that is being made
 * @rcu: for freeing
 *
 * A cache line: each peer has some.
 */
struct fmp_overlay {
	struct rhash_head node;
	struct in6_addr address;
	struct fmp_peer *peer;
	struct fmp_overlay __rcu *next;
	bool derived;
	bool fresh;
	bool listed;
	struct rcu_head rcu;
};

int fmp_overlay_table_init(struct fmp_dev *fmp);
void fmp_overlay_table_destroy(struct fmp_dev *fmp);
int fmp_overlay_add(struct fmp_peer *peer, const struct in6_addr *address,
		    bool derived);
struct fmp_overlay *fmp_overlay_find(struct fmp_dev *fmp,
				     const struct in6_addr *address);
void fmp_overlay_remove(struct fmp_overlay *overlay);
void fmp_overlay_remove_all(struct fmp_peer *peer);
void fmp_overlay_commit(struct fmp_peer *peer, bool replace);
void fmp_overlay_abort(struct fmp_peer *peer);
struct fmp_peer *fmp_overlay_peer(struct fmp_dev *fmp,
				  const struct in6_addr *address);
struct fmp_peer *fmp_overlay_peer4(struct fmp_dev *fmp, __be32 address);
struct fmp_peer *fmp_overlay_next_hop(struct fmp_dev *fmp,
				      const struct sk_buff *skb);

#endif /* FMP_OVERLAY_H */
