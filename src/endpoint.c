// SPDX-License-Identifier: GPL-2.0
/*
 * Endpoints: where the frames for a peer go to.
 */
#include <linux/inetdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/slab.h>
#include <linux/udp.h>
#include <net/addrconf.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/udp_tunnel.h>

#include "device.h"
#include "endpoint.h"
#include "peer.h"

static const struct rhashtable_params fmp_endpoint_params = {
	.key_len		= sizeof_field(struct fmp_endpoint, remote),
	.key_offset		= offsetof(struct fmp_endpoint, remote),
	.head_offset		= offsetof(struct fmp_endpoint, node),
	.automatic_shrinking	= true,
};

/**
 * fmp_endpoint_table_init() - set up the endpoints of a new device
 * @fmp: device
 *
 * Context: Process context.
 * Return: 0, or a negative error.
 */
int fmp_endpoint_table_init(struct fmp_dev *fmp)
{
	spin_lock_init(&fmp->endpoints_lock);
	return rhashtable_init(&fmp->endpoints, &fmp_endpoint_params);
}

/**
 * fmp_endpoint_table_destroy() - free what fmp_endpoint_table_init() set up
 * @fmp: device, without peers
 *
 * Context: Process context.
 */
void fmp_endpoint_table_destroy(struct fmp_dev *fmp)
{
	rhashtable_destroy(&fmp->endpoints);
}

static struct fmp_endpoint *
fmp_endpoint_next(const struct fmp_endpoint *endpoint)
{
	const struct fmp_dev *fmp = endpoint->peer->fmp;

	return rcu_dereference_protected(endpoint->next,
					 lockdep_is_held(&fmp->endpoints_lock));
}

/* Behind the first one, which the table has. */
static void fmp_endpoint_join(struct fmp_endpoint *first,
			      struct fmp_endpoint *endpoint)
{
	struct fmp_endpoint *next = fmp_endpoint_next(first);

	endpoint->prev = first;
	RCU_INIT_POINTER(endpoint->next, next);
	if (next)
		next->prev = endpoint;
	rcu_assign_pointer(first->next, endpoint);
}

/* Who is at @endpoint finds on. */
static void fmp_endpoint_leave(struct fmp_endpoint *endpoint)
{
	struct rhashtable *table = &endpoint->peer->fmp->endpoints;
	struct fmp_endpoint *next = fmp_endpoint_next(endpoint);

	if (next)
		next->prev = endpoint->prev;
	if (endpoint->prev)
		rcu_assign_pointer(endpoint->prev->next, next);
	else if (next)
		rhashtable_replace_fast(table, &endpoint->node, &next->node,
					fmp_endpoint_params);
	else
		rhashtable_remove_fast(table, &endpoint->node,
				       fmp_endpoint_params);
}

/**
 * fmp_endpoint_hash() - let errors that routers report find an endpoint
 * @peer: whose it is from now on
 * @endpoint: in use
 *
 * Without memory they do not, which costs knowledge of the path and nothing
 * else. However many are at the same address, it takes no longer.
 *
 * Context: The peer's lock held.
 */
void fmp_endpoint_hash(struct fmp_peer *peer, struct fmp_endpoint *endpoint)
{
	struct fmp_dev *fmp = peer->fmp;
	struct fmp_endpoint *first;

	endpoint->peer = peer;
	spin_lock(&fmp->endpoints_lock);
	first = rhashtable_lookup_get_insert_fast(&fmp->endpoints,
						  &endpoint->node,
						  fmp_endpoint_params);
	endpoint->hashed = !IS_ERR(first);
	if (!IS_ERR_OR_NULL(first))
		fmp_endpoint_join(first, endpoint);
	spin_unlock(&fmp->endpoints_lock);
}

/**
 * fmp_endpoint_unhash() - undo fmp_endpoint_hash()
 * @endpoint: in use, or NULL
 *
 * Context: The peer's lock held.
 */
void fmp_endpoint_unhash(struct fmp_endpoint *endpoint)
{
	struct fmp_dev *fmp;

	if (!endpoint || !endpoint->hashed)
		return;
	fmp = endpoint->peer->fmp;
	spin_lock(&fmp->endpoints_lock);
	fmp_endpoint_leave(endpoint);
	spin_unlock(&fmp->endpoints_lock);
}

/**
 * fmp_endpoint_find() - find endpoints by the address of the peer
 * @fmp: device
 * @remote: address and port, zeroes where it has nothing
 *
 * Context: RCU read section, within which they stay valid.
 * Return: The first of those that are there, or NULL.
 */
struct fmp_endpoint *fmp_endpoint_find(struct fmp_dev *fmp,
				       const union fmp_sockaddr *remote)
{
	return rhashtable_lookup(&fmp->endpoints, remote, fmp_endpoint_params);
}

/**
 * fmp_endpoint_new() - make an endpoint
 * @remote: address and port of the peer, zeroes where it has nothing
 * @gfp: how to allocate
 *
 * Context: Any that @gfp allows.
 * Return: The endpoint, or NULL without memory.
 */
struct fmp_endpoint *fmp_endpoint_new(const union fmp_sockaddr *remote,
				      gfp_t gfp)
{
	struct fmp_endpoint *endpoint;

	endpoint = kzalloc_obj(*endpoint, gfp);
	if (!endpoint)
		return NULL;
	if (dst_cache_init(&endpoint->cache, gfp)) {
		kfree(endpoint);
		return NULL;
	}
	endpoint->remote = *remote;
	return endpoint;
}

static void fmp_endpoint_free_rcu(struct rcu_head *rcu)
{
	struct fmp_endpoint *endpoint =
		container_of(rcu, struct fmp_endpoint, rcu);

	dst_cache_destroy(&endpoint->cache);
	kfree(endpoint);
}

/**
 * fmp_endpoint_free() - free an endpoint once its last reader is gone
 * @endpoint: no longer to be found, or NULL
 *
 * Context: Any.
 */
void fmp_endpoint_free(struct fmp_endpoint *endpoint)
{
	if (endpoint)
		call_rcu(&endpoint->rcu, fmp_endpoint_free_rcu);
}

static u32 fmp_endpoint_scope_id(const struct sk_buff *skb)
{
	return ipv6_iface_scope_id(&ipv6_hdr(skb)->saddr, skb->skb_iif);
}

/**
 * fmp_endpoint_source() - tell where a frame came from
 * @skb: datagram as received, network and transport header set
 * @remote: result, zeroes where it has nothing
 *
 * Context: Softirq.
 */
void fmp_endpoint_source(const struct sk_buff *skb,
			 union fmp_sockaddr *remote)
{
	memset(remote, 0, sizeof(*remote));
	if (skb->protocol == htons(ETH_P_IP)) {
		remote->in4.sin_family = AF_INET;
		remote->in4.sin_port = udp_hdr(skb)->source;
		remote->in4.sin_addr.s_addr = ip_hdr(skb)->saddr;
	} else {
		remote->in6.sin6_family = AF_INET6;
		remote->in6.sin6_port = udp_hdr(skb)->source;
		remote->in6.sin6_addr = ipv6_hdr(skb)->saddr;
		remote->in6.sin6_scope_id = fmp_endpoint_scope_id(skb);
	}
}

/**
 * fmp_endpoint_from_skb() - make an endpoint of where a frame came from
 * @skb: datagram as received, network and transport header set
 *
 * The address that the frame was sent to becomes our source address, so
 * that replies come from where the peer expects them.
 *
 * Context: Softirq.
 * Return: The endpoint, or NULL without memory.
 */
struct fmp_endpoint *fmp_endpoint_from_skb(const struct sk_buff *skb)
{
	struct fmp_endpoint *endpoint;
	union fmp_sockaddr remote;

	fmp_endpoint_source(skb, &remote);
	endpoint = fmp_endpoint_new(&remote, GFP_ATOMIC | __GFP_NOWARN);
	if (!endpoint)
		return NULL;
	if (remote.sa.sa_family == AF_INET)
		endpoint->local4.s_addr = ip_hdr(skb)->daddr;
	else
		endpoint->local6 = ipv6_hdr(skb)->daddr;
	return endpoint;
}

/**
 * fmp_endpoint_matches() - tell whether a frame came from an endpoint
 * @endpoint: what is known of the peer
 * @skb: datagram as received, network and transport header set
 *
 * Context: RCU read section.
 * Return: true if fmp_endpoint_from_skb() would say nothing new.
 */
bool fmp_endpoint_matches(const struct fmp_endpoint *endpoint,
			  const struct sk_buff *skb)
{
	const struct sockaddr_in6 *in6 = &endpoint->remote.in6;
	const struct sockaddr_in *in4 = &endpoint->remote.in4;

	if (skb->protocol == htons(ETH_P_IP))
		return in4->sin_family == AF_INET &&
		       in4->sin_addr.s_addr == ip_hdr(skb)->saddr &&
		       in4->sin_port == udp_hdr(skb)->source &&
		       endpoint->local4.s_addr == ip_hdr(skb)->daddr;

	return in6->sin6_family == AF_INET6 &&
	       ipv6_addr_equal(&in6->sin6_addr, &ipv6_hdr(skb)->saddr) &&
	       in6->sin6_port == udp_hdr(skb)->source &&
	       in6->sin6_scope_id == fmp_endpoint_scope_id(skb) &&
	       ipv6_addr_equal(&endpoint->local6, &ipv6_hdr(skb)->daddr);
}

/**
 * fmp_endpoint_same_remote() - compare the peer's side of two endpoints
 * @a: one, or NULL
 * @b: the other
 *
 * Context: Both are valid for the caller.
 * Return: true if the peer has not moved.
 */
bool fmp_endpoint_same_remote(const struct fmp_endpoint *a,
			      const struct fmp_endpoint *b)
{
	return a && !memcmp(&a->remote, &b->remote, sizeof(a->remote));
}

static int fmp_endpoint_lookup4(struct fmp_dev *fmp,
				struct fmp_endpoint *endpoint,
				struct fmp_route *route)
{
	struct sock *sk = route->sk;
	struct net *net = sock_net(sk);
	struct flowi4 fl4 = {
		.flowi4_oif	= READ_ONCE(sk->sk_bound_dev_if),
		.flowi4_proto	= IPPROTO_UDP,
		.flowi4_mark	= READ_ONCE(fmp->config.fwmark),
		.daddr		= endpoint->remote.in4.sin_addr.s_addr,
		.saddr		= inet_sk(sk)->inet_rcv_saddr,
		.fl4_dport	= endpoint->remote.in4.sin_port,
		.fl4_sport	= inet_sk(sk)->inet_sport,
	};
	struct rtable *rt;

	/* The address the peer sends to may have left this host. */
	if (!fl4.saddr && endpoint->local4.s_addr &&
	    inet_confirm_addr(net, NULL, 0, endpoint->local4.s_addr,
			      RT_SCOPE_HOST))
		fl4.saddr = endpoint->local4.s_addr;

	security_sk_classify_flow(sk, flowi4_to_flowi_common(&fl4));
	rt = ip_route_output_flow(net, &fl4, sk);
	if (IS_ERR(rt))
		return PTR_ERR(rt);
	if (rt->dst.dev == fmp->dev) {
		ip_rt_put(rt);
		return -ELOOP;
	}
	dst_cache_set_ip4(&endpoint->cache, &rt->dst, fl4.saddr);
	route->dst = &rt->dst;
	route->saddr4 = fl4.saddr;
	return 0;
}

static int fmp_endpoint_route4(struct fmp_dev *fmp,
			       struct fmp_endpoint *endpoint,
			       struct fmp_route *route)
{
	struct rtable *rt;

	route->sk = rcu_dereference(fmp->sk4);
	if (unlikely(!route->sk))
		return -ENOTCONN;
	rt = dst_cache_get_ip4(&endpoint->cache, &route->saddr4);
	if (unlikely(!rt))
		return fmp_endpoint_lookup4(fmp, endpoint, route);
	route->dst = &rt->dst;
	return 0;
}

#if IS_ENABLED(CONFIG_IPV6)
/* The address that the socket is bound to, or else that the peer sends to. */
static int fmp_endpoint_source6(const struct fmp_endpoint *endpoint,
				const struct sock *sk, struct in6_addr *saddr)
{
	const struct in6_addr *bound = &sk->sk_v6_rcv_saddr;
	struct net *net = sock_net(sk);

	if (!ipv6_addr_any(bound)) {
		if (!ipv6_chk_addr(net, bound, NULL, 0))
			return -EADDRNOTAVAIL;
		*saddr = *bound;
	} else if (!ipv6_addr_any(&endpoint->local6) &&
		   ipv6_chk_addr(net, &endpoint->local6, NULL, 0)) {
		*saddr = endpoint->local6;
	}
	return 0;
}

static int fmp_endpoint_lookup6(struct fmp_dev *fmp,
				struct fmp_endpoint *endpoint,
				struct fmp_route *route)
{
	const struct sockaddr_in6 *remote = &endpoint->remote.in6;
	struct sock *sk = route->sk;
	struct flowi6 fl6 = {
		.flowi6_oif	= remote->sin6_scope_id ?:
				  READ_ONCE(sk->sk_bound_dev_if),
		.flowi6_proto	= IPPROTO_UDP,
		.flowi6_mark	= READ_ONCE(fmp->config.fwmark),
		.daddr		= remote->sin6_addr,
		.fl6_dport	= remote->sin6_port,
		.fl6_sport	= inet_sk(sk)->inet_sport,
	};
	struct dst_entry *dst;
	int err;

	err = fmp_endpoint_source6(endpoint, sk, &fl6.saddr);
	if (err)
		return err;
	security_sk_classify_flow(sk, flowi6_to_flowi_common(&fl6));
	dst = ip6_dst_lookup_flow(sock_net(sk), sk, &fl6, NULL);
	if (IS_ERR(dst))
		return PTR_ERR(dst);
	if (dst->dev == fmp->dev) {
		dst_release(dst);
		return -ELOOP;
	}
	dst_cache_set_ip6(&endpoint->cache, dst, &fl6.saddr);
	route->dst = dst;
	route->saddr6 = fl6.saddr;
	return 0;
}

static int fmp_endpoint_route6(struct fmp_dev *fmp,
			       struct fmp_endpoint *endpoint,
			       struct fmp_route *route)
{
	route->sk = rcu_dereference(fmp->sk6);
	if (unlikely(!route->sk))
		return -ENOTCONN;
	route->dst = dst_cache_get_ip6(&endpoint->cache, &route->saddr6);
	if (unlikely(!route->dst))
		return fmp_endpoint_lookup6(fmp, endpoint, route);
	return 0;
}

static void fmp_endpoint_xmit6(struct fmp_endpoint *endpoint,
			       const struct fmp_route *route,
			       struct sk_buff *skb, u8 tos, u8 ttl)
{
	/* This host may fragment: whoever could send less was told to. */
	skb->ignore_df = 1;
	udp_tunnel6_xmit_skb(route->dst, route->sk, skb, NULL, &route->saddr6,
			     &endpoint->remote.in6.sin6_addr, tos,
			     ttl ?: ip6_dst_hoplimit(route->dst), 0,
			     inet_sk(route->sk)->inet_sport,
			     endpoint->remote.in6.sin6_port, false, 0);
}
#else
static int fmp_endpoint_route6(struct fmp_dev *fmp,
			       struct fmp_endpoint *endpoint,
			       struct fmp_route *route)
{
	return -ENOTCONN;
}

static void fmp_endpoint_xmit6(struct fmp_endpoint *endpoint,
			       const struct fmp_route *route,
			       struct sk_buff *skb, u8 tos, u8 ttl)
{
}
#endif

/**
 * fmp_endpoint_route() - find out how frames get to an endpoint
 * @fmp: device
 * @endpoint: where to
 * @route: result, with a reference that fmp_endpoint_xmit() consumes
 *
 * Context: RCU read section, bottom halves disabled.
 * Return: 0, -ENOTCONN without a socket for the family, -ELOOP if the route
 * leads back into @fmp, or the error of the route lookup.
 */
int fmp_endpoint_route(struct fmp_dev *fmp, struct fmp_endpoint *endpoint,
		       struct fmp_route *route)
{
	if (endpoint->remote.sa.sa_family == AF_INET)
		return fmp_endpoint_route4(fmp, endpoint, route);
	return fmp_endpoint_route6(fmp, endpoint, route);
}

/* With ip_no_pmtu_disc the IP layer keeps to itself what routers take. */
static bool fmp_endpoint_hears(const struct sock *sk)
{
	return READ_ONCE(inet_sk(sk)->pmtudisc) != IP_PMTUDISC_DONT;
}

/**
 * fmp_endpoint_xmit() - send a frame by a route
 * @fmp: device
 * @endpoint: where to
 * @route: of fmp_endpoint_route(); its reference is consumed
 * @skb: the sealed frame, with room for the outer headers; consumed
 * @tos: outer traffic class
 * @df: routers shall not fragment it, but say how much they take; unless the
 *      host does not listen
 *
 * Context: RCU read section, bottom halves disabled.
 */
void fmp_endpoint_xmit(struct fmp_dev *fmp, struct fmp_endpoint *endpoint,
		       const struct fmp_route *route, struct sk_buff *skb,
		       u8 tos, bool df)
{
	u8 ttl = READ_ONCE(fmp->config.ttl);

	/* What the inner packet was to its host does not concern the outer. */
	skb_scrub_packet(skb, true);
	skb->mark = READ_ONCE(fmp->config.fwmark);
	skb->encapsulation = 0;
	/* No device: we count what we send ourselves. */
	skb->dev = NULL;
	if (endpoint->remote.sa.sa_family != AF_INET) {
		fmp_endpoint_xmit6(endpoint, route, skb, tos, ttl);
		return;
	}
	udp_tunnel_xmit_skb(container_of(route->dst, struct rtable, dst),
			    route->sk, skb,
			    route->saddr4,
			    endpoint->remote.in4.sin_addr.s_addr, tos,
			    ttl ?: ip4_dst_hoplimit(route->dst),
			    df && fmp_endpoint_hears(route->sk) ?
			    htons(IP_DF) : 0,
			    inet_sk(route->sk)->inet_sport,
			    endpoint->remote.in4.sin_port, false, false, 0);
}

/**
 * fmp_endpoint_send() - send a frame of our own making to an endpoint
 * @fmp: device
 * @endpoint: where to
 * @skb: the sealed frame, with room for the outer headers; consumed on
 *       success only
 * @tos: ECN bits of the outer packet; the rest is the device's setting
 *
 * Context: RCU read section, bottom halves disabled.
 * Return: 0 if it was handed to the IP layer, or what fmp_endpoint_route()
 * returned.
 */
int fmp_endpoint_send(struct fmp_dev *fmp, struct fmp_endpoint *endpoint,
		      struct sk_buff *skb, u8 tos)
{
	struct fmp_route route;
	int err;

	err = fmp_endpoint_route(fmp, endpoint, &route);
	if (err)
		return err;
	tos |= fmp_config_tos(READ_ONCE(fmp->config.tos), 0);
	fmp_endpoint_xmit(fmp, endpoint, &route, skb, tos, false);
	return 0;
}
