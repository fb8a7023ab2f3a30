// SPDX-License-Identifier: GPL-2.0
/*
 * Overlay addresses: next hops of inner packets, and whose they are.
 *
 * Routes decide which peer a packet goes to: its next hop is looked up here
 * and nothing else. So ip route, and every routing daemon, simply work.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <net/dst_metadata.h>
#include <net/ip6_route.h>
#include <net/route.h>

#include "device.h"
#include "overlay.h"
#include "peer.h"

static u32 fmp_overlay_hash(const void *data, u32 len, u32 seed)
{
	return __ipv6_addr_jhash(data, seed);
}

static int fmp_overlay_compare(struct rhashtable_compare_arg *arg,
			       const void *object)
{
	const struct fmp_overlay *overlay = object;

	return !ipv6_addr_equal(&overlay->address, arg->key);
}

/* Two lookups for each packet: what there is for any key costs twice as much. */
static const struct rhashtable_params fmp_overlay_params = {
	.key_len		= sizeof_field(struct fmp_overlay, address),
	.key_offset		= offsetof(struct fmp_overlay, address),
	.head_offset		= offsetof(struct fmp_overlay, node),
	.hashfn			= fmp_overlay_hash,
	.obj_cmpfn		= fmp_overlay_compare,
	.automatic_shrinking	= true,
};

/**
 * fmp_overlay_table_init() - set up the overlay addresses of a new device
 * @fmp: device
 *
 * Context: Process context.
 * Return: 0, or a negative error.
 */
int fmp_overlay_table_init(struct fmp_dev *fmp)
{
	return rhashtable_init(&fmp->overlay, &fmp_overlay_params);
}

/**
 * fmp_overlay_table_destroy() - free what fmp_overlay_table_init() set up
 * @fmp: device, without peers
 *
 * Context: Process context.
 */
void fmp_overlay_table_destroy(struct fmp_dev *fmp)
{
	rhashtable_destroy(&fmp->overlay);
}

static struct fmp_overlay *
fmp_overlay_follow(const struct fmp_peer *peer,
		   struct fmp_overlay __rcu *const *link)
{
	return rcu_dereference_protected(*link,
					 lockdep_is_held(&peer->fmp->lock));
}

/* What leads to @overlay; for NULL what leads nowhere, at the end. */
static struct fmp_overlay __rcu **
fmp_overlay_link(struct fmp_peer *peer, const struct fmp_overlay *overlay)
{
	struct fmp_overlay __rcu **link = &peer->addresses;
	struct fmp_overlay *at;

	while ((at = fmp_overlay_follow(peer, link)) != overlay)
		link = &at->next;
	return link;
}

/**
 * fmp_overlay_add() - give an overlay address to a peer
 * @peer: the peer
 * @address: IPv6, or IPv4 mapped
 * @derived: follows from the peer's public key
 *
 * Part of a change that fmp_overlay_commit() or fmp_overlay_abort() ends.
 *
 * Context: Process context, the device's lock held.
 * Return: 0, also if the peer had it; -EADDRINUSE if another peer has it, or
 * another negative error.
 */
int fmp_overlay_add(struct fmp_peer *peer, const struct in6_addr *address,
		    bool derived)
{
	struct fmp_dev *fmp = peer->fmp;
	struct fmp_overlay *overlay;
	int err;

	overlay = fmp_overlay_find(fmp, address);
	if (overlay && overlay->peer != peer)
		return -EADDRINUSE;
	if (overlay) {
		overlay->listed = true;
		return 0;
	}

	overlay = kzalloc_obj(*overlay, GFP_KERNEL_ACCOUNT);
	if (!overlay)
		return -ENOMEM;
	overlay->address = *address;
	overlay->peer = peer;
	overlay->derived = derived;
	overlay->fresh = true;
	overlay->listed = true;

	err = rhashtable_insert_fast(&fmp->overlay, &overlay->node,
				     fmp_overlay_params);
	if (err) {
		kfree(overlay);
		return err;
	}
	rcu_assign_pointer(*fmp_overlay_link(peer, NULL), overlay);
	peer->n_addresses++;
	return 0;
}

/**
 * fmp_overlay_find() - find an overlay address
 * @fmp: device
 * @address: IPv6, or IPv4 mapped
 *
 * Context: The device's lock held, or an RCU read section.
 * Return: The entry, or NULL.
 */
struct fmp_overlay *fmp_overlay_find(struct fmp_dev *fmp,
				     const struct in6_addr *address)
{
	return rhashtable_lookup_fast(&fmp->overlay, address,
				      fmp_overlay_params);
}

/**
 * fmp_overlay_remove() - take an overlay address away from its peer
 * @overlay: the entry
 *
 * Context: Process context, the device's lock held.
 */
void fmp_overlay_remove(struct fmp_overlay *overlay)
{
	struct fmp_peer *peer = overlay->peer;

	rhashtable_remove_fast(&peer->fmp->overlay, &overlay->node,
			       fmp_overlay_params);
	/* Who is at @overlay finds on. */
	rcu_assign_pointer(*fmp_overlay_link(peer, overlay),
			   fmp_overlay_follow(peer, &overlay->next));
	peer->n_addresses--;
	kfree_rcu(overlay, rcu);
}

/**
 * fmp_overlay_remove_all() - take all overlay addresses away from a peer
 * @peer: a peer that is being removed
 *
 * Context: Process context, the device's lock held.
 */
void fmp_overlay_remove_all(struct fmp_peer *peer)
{
	struct fmp_overlay *overlay;

	while ((overlay = fmp_overlay_follow(peer, &peer->addresses)))
		fmp_overlay_remove(overlay);
}

/**
 * fmp_overlay_commit() - end a change to the addresses of a peer
 * @peer: the peer
 * @replace: take away what was not added since the last change ended; the
 *           derived address stays
 *
 * Context: Process context, the device's lock held.
 */
void fmp_overlay_commit(struct fmp_peer *peer, bool replace)
{
	struct fmp_overlay *overlay, *next;

	for (overlay = fmp_overlay_follow(peer, &peer->addresses); overlay;
	     overlay = next) {
		next = fmp_overlay_follow(peer, &overlay->next);
		if (replace && !overlay->derived && !overlay->listed) {
			fmp_overlay_remove(overlay);
			continue;
		}
		overlay->fresh = false;
		overlay->listed = false;
	}
}

/**
 * fmp_overlay_abort() - undo what was added since the last change ended
 * @peer: the peer
 *
 * Context: Process context, the device's lock held.
 */
void fmp_overlay_abort(struct fmp_peer *peer)
{
	struct fmp_overlay *overlay, *next;

	for (overlay = fmp_overlay_follow(peer, &peer->addresses); overlay;
	     overlay = next) {
		next = fmp_overlay_follow(peer, &overlay->next);
		if (overlay->fresh)
			fmp_overlay_remove(overlay);
		else
			overlay->listed = false;
	}
}

/**
 * fmp_overlay_peer() - tell whose an overlay address is
 * @fmp: device
 * @address: IPv6, or IPv4 mapped
 *
 * Context: RCU read section, within which the peer stays valid.
 * Return: The peer, or NULL.
 */
struct fmp_peer *fmp_overlay_peer(struct fmp_dev *fmp,
				  const struct in6_addr *address)
{
	struct fmp_overlay *overlay;

	overlay = rhashtable_lookup(&fmp->overlay, address,
				    fmp_overlay_params);
	return overlay ? overlay->peer : NULL;
}

/**
 * fmp_overlay_peer4() - tell whose an IPv4 overlay address is
 * @fmp: device
 * @address: the address
 *
 * Context: RCU read section, within which the peer stays valid.
 * Return: The peer, or NULL.
 */
struct fmp_peer *fmp_overlay_peer4(struct fmp_dev *fmp, __be32 address)
{
	struct in6_addr mapped;

	ipv6_addr_set_v4mapped(address, &mapped);
	return fmp_overlay_peer(fmp, &mapped);
}

static struct fmp_peer *fmp_overlay_next_hop4(struct fmp_dev *fmp,
					      const struct sk_buff *skb)
{
	const struct rtable *rt = NULL;

	if (skb_valid_dst(skb))
		rt = skb_rtable(skb);
	if (!rt || !rt->rt_gw_family)
		return fmp_overlay_peer4(fmp, ip_hdr(skb)->daddr);
	if (rt->rt_gw_family == AF_INET)
		return fmp_overlay_peer4(fmp, rt->rt_gw4);
	return fmp_overlay_peer(fmp, &rt->rt_gw6);
}

static struct fmp_peer *fmp_overlay_next_hop6(struct fmp_dev *fmp,
					      const struct sk_buff *skb)
{
	const struct in6_addr *hop = &ipv6_hdr(skb)->daddr;
	const struct dst_entry *dst = skb_dst(skb);

	if (skb_valid_dst(skb))
		hop = rt6_nexthop(container_of(dst, struct rt6_info, dst),
				  hop);
	return fmp_overlay_peer(fmp, hop);
}

/**
 * fmp_overlay_next_hop() - find the peer that a packet goes to
 * @fmp: device
 * @skb: inner packet, its network header pulled
 *
 * The gateway of the route decides, of either family; without one, or without
 * a route, the destination does.
 *
 * Context: RCU read section, within which the peer stays valid.
 * Return: The peer, or NULL.
 */
struct fmp_peer *fmp_overlay_next_hop(struct fmp_dev *fmp,
				      const struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP))
		return fmp_overlay_next_hop4(fmp, skb);
	return fmp_overlay_next_hop6(fmp, skb);
}
