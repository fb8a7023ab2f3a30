// SPDX-License-Identifier: GPL-2.0
/*
 * Source check of decrypted packets: a peer may send from where our packets
 * would reach it, so that no peer can speak for another.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/ip6_route.h>
#include <net/ip_fib.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/nexthop.h>
#include <net/route.h>

#include "device.h"
#include "overlay.h"
#include "peer.h"
#include "source.h"

/* @source is IPv6, or IPv4 mapped. */
static bool fmp_source_hop_ok(struct fmp_peer *peer,
			      const struct fib_nh_common *nhc,
			      const struct in6_addr *source)
{
	struct fmp_dev *fmp = peer->fmp;

	if (nhc->nhc_dev != fmp->dev)
		return false;
	if (nhc->nhc_gw_family == AF_INET)
		return fmp_overlay_peer4(fmp, nhc->nhc_gw.ipv4) == peer;
	if (nhc->nhc_gw_family == AF_INET6)
		return fmp_overlay_peer(fmp, &nhc->nhc_gw.ipv6) == peer;
	return fmp_overlay_peer(fmp, source) == peer;
}

/*
 * The lookup is that of a packet of our own to the source, so that a more
 * specific route elsewhere, and our own addresses, count. Any hop of a
 * multipath route will do: ours may not be the peer's choice.
 */
static bool fmp_source_route4_ok(struct fmp_peer *peer, __be32 source)
{
	struct net_device *dev = peer->fmp->dev;
	struct flowi4 fl4 = {
		.daddr		= source,
		.flowi4_iif	= LOOPBACK_IFINDEX,
		.flowi4_l3mdev	= l3mdev_master_ifindex_rcu(dev),
	};
	const struct fib_nh_common *nhc;
	struct in6_addr mapped;
	struct fib_result res;
	int i;

	ipv6_addr_set_v4mapped(source, &mapped);
	if (fib_lookup(dev_net(dev), &fl4, &res, 0) ||
	    res.type != RTN_UNICAST || !res.fi)
		return false;
	for (i = 0; i < fib_info_num_path(res.fi); i++) {
		nhc = fib_info_nhc(res.fi, i);
		/* A group of next hops may have been replaced by a smaller. */
		if (!nhc)
			return false;
		if (fmp_source_hop_ok(peer, nhc, &mapped))
			return true;
	}
	return false;
}

#if IS_ENABLED(CONFIG_IPV6)
/**
 * struct fmp_source_hops - search among the next hops of an IPv6 route
 * @peer: who sent the packet
 * @source: from where
 */
struct fmp_source_hops {
	struct fmp_peer *peer;
	const struct in6_addr *source;
};

static int fmp_source_hop6_ok(struct fib6_nh *nh, void *arg)
{
	const struct fmp_source_hops *hops = arg;

	return fmp_source_hop_ok(hops->peer, &nh->nh_common, hops->source);
}

static bool fmp_source_fib6_ok(struct fib6_info *f6i,
			       struct fmp_source_hops *hops)
{
	unsigned int siblings = READ_ONCE(f6i->fib6_nsiblings);
	struct fib6_info *sibling;

	if (f6i->nh)
		return nexthop_for_each_fib6_nh(f6i->nh, fmp_source_hop6_ok,
						hops);
	if (fmp_source_hop6_ok(f6i->fib6_nh, hops))
		return true;
	/* A route that is being removed may have left the ring. */
	list_for_each_entry_rcu(sibling, &f6i->fib6_siblings, fib6_siblings) {
		if (!siblings--)
			break;
		if (fmp_source_hop6_ok(sibling->fib6_nh, hops))
			return true;
	}
	return false;
}

static bool fmp_source_route6_ok(struct fmp_peer *peer,
				 const struct in6_addr *source)
{
	struct net_device *dev = peer->fmp->dev;
	struct fmp_source_hops hops = { .peer = peer, .source = source };
	struct flowi6 fl6 = {
		.daddr		= *source,
		.flowi6_l3mdev	= l3mdev_master_ifindex_rcu(dev),
	};
	struct fib6_info *f6i;
	struct dst_entry *dst;
	bool ok = false;

	dst = ip6_route_output_flags(dev_net(dev), NULL, &fl6, 0);
	f6i = rcu_dereference(container_of(dst, struct rt6_info, dst)->from);
	if (!dst->error && f6i && f6i->fib6_type == RTN_UNICAST)
		ok = fmp_source_fib6_ok(f6i, &hops);
	dst_release(dst);
	return ok;
}
#else
static bool fmp_source_route6_ok(struct fmp_peer *peer,
				 const struct in6_addr *source)
{
	return false;
}
#endif

static bool fmp_source_ok4(struct fmp_peer *peer, __be32 source)
{
	struct fmp_peer *owner = fmp_overlay_peer4(peer->fmp, source);

	if (owner)
		return owner == peer;
	return fmp_source_route4_ok(peer, source);
}

static bool fmp_source_ok6(struct fmp_peer *peer,
			   const struct in6_addr *source)
{
	struct fmp_peer *owner = fmp_overlay_peer(peer->fmp, source);
	int type = ipv6_addr_type(source);

	if (owner)
		return owner == peer;
	/* Routing protocols speak from such, and no route tells whose it is. */
	if (type & IPV6_ADDR_LINKLOCAL && type & IPV6_ADDR_UNICAST)
		return true;
	return fmp_source_route6_ok(peer, source);
}

/**
 * fmp_source_ok() - tell whether a peer may send a packet
 * @peer: who sent it
 * @skb: inner packet, its network header complete and at skb->data
 *
 * An overlay address is its owner's and nobody else's. Link-local ones that
 * nobody owns are anybody's. For other sources, the route back has to lead
 * through the device to the peer.
 *
 * Context: RCU read section, bottom halves disabled.
 * Return: false if the packet must be dropped.
 */
bool fmp_source_ok(struct fmp_peer *peer, const struct sk_buff *skb)
{
	if (!READ_ONCE(peer->fmp->config.source_check))
		return true;
	if (skb->protocol == htons(ETH_P_IP))
		return fmp_source_ok4(peer, ip_hdr(skb)->saddr);
	return fmp_source_ok6(peer, &ipv6_hdr(skb)->saddr);
}
