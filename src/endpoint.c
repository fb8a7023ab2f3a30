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

	memset(&remote, 0, sizeof(remote));
	if (skb->protocol == htons(ETH_P_IP)) {
		remote.in4.sin_family = AF_INET;
		remote.in4.sin_port = udp_hdr(skb)->source;
		remote.in4.sin_addr.s_addr = ip_hdr(skb)->saddr;
	} else {
		remote.in6.sin6_family = AF_INET6;
		remote.in6.sin6_port = udp_hdr(skb)->source;
		remote.in6.sin6_addr = ipv6_hdr(skb)->saddr;
		remote.in6.sin6_scope_id = fmp_endpoint_scope_id(skb);
	}

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

static struct rtable *fmp_endpoint_route4(struct fmp_dev *fmp, struct sock *sk,
					  struct fmp_endpoint *endpoint,
					  struct flowi4 *fl4)
{
	struct net *net = sock_net(sk);
	struct rtable *rt;

	rt = dst_cache_get_ip4(&endpoint->cache, &fl4->saddr);
	if (rt)
		return rt;

	fl4->flowi4_proto = IPPROTO_UDP;
	fl4->flowi4_mark = READ_ONCE(fmp->config.fwmark);
	fl4->daddr = endpoint->remote.in4.sin_addr.s_addr;
	fl4->fl4_dport = endpoint->remote.in4.sin_port;
	fl4->fl4_sport = inet_sk(sk)->inet_sport;
	/* The address the peer sends to may have left this host. */
	if (endpoint->local4.s_addr &&
	    inet_confirm_addr(net, NULL, 0, endpoint->local4.s_addr,
			      RT_SCOPE_HOST))
		fl4->saddr = endpoint->local4.s_addr;

	security_sk_classify_flow(sk, flowi4_to_flowi_common(fl4));
	rt = ip_route_output_flow(net, fl4, sk);
	if (IS_ERR(rt))
		return rt;
	if (rt->dst.dev == fmp->dev) {
		ip_rt_put(rt);
		return ERR_PTR(-ELOOP);
	}
	dst_cache_set_ip4(&endpoint->cache, &rt->dst, fl4->saddr);
	return rt;
}

static int fmp_endpoint_send4(struct fmp_dev *fmp,
			      struct fmp_endpoint *endpoint,
			      struct sk_buff *skb, u8 tos)
{
	struct sock *sk = rcu_dereference(fmp->sk4);
	struct flowi4 fl4 = {};
	struct rtable *rt;

	if (unlikely(!sk))
		return -ENOTCONN;
	rt = fmp_endpoint_route4(fmp, sk, endpoint, &fl4);
	if (IS_ERR(rt))
		return PTR_ERR(rt);

	udp_tunnel_xmit_skb(rt, sk, skb, fl4.saddr,
			    endpoint->remote.in4.sin_addr.s_addr, tos,
			    ip4_dst_hoplimit(&rt->dst), 0,
			    inet_sk(sk)->inet_sport,
			    endpoint->remote.in4.sin_port, false, false, 0);
	return 0;
}

#if IS_ENABLED(CONFIG_IPV6)
static struct dst_entry *fmp_endpoint_route6(struct fmp_dev *fmp,
					     struct sock *sk,
					     struct fmp_endpoint *endpoint,
					     struct flowi6 *fl6)
{
	const struct sockaddr_in6 *remote = &endpoint->remote.in6;
	struct net *net = sock_net(sk);
	struct dst_entry *dst;

	dst = dst_cache_get_ip6(&endpoint->cache, &fl6->saddr);
	if (dst)
		return dst;

	fl6->flowi6_proto = IPPROTO_UDP;
	fl6->flowi6_mark = READ_ONCE(fmp->config.fwmark);
	fl6->daddr = remote->sin6_addr;
	fl6->fl6_dport = remote->sin6_port;
	fl6->fl6_sport = inet_sk(sk)->inet_sport;
	fl6->flowi6_oif = remote->sin6_scope_id;
	if (!ipv6_addr_any(&endpoint->local6) &&
	    ipv6_chk_addr(net, &endpoint->local6, NULL, 0))
		fl6->saddr = endpoint->local6;

	security_sk_classify_flow(sk, flowi6_to_flowi_common(fl6));
	dst = ip6_dst_lookup_flow(net, sk, fl6, NULL);
	if (IS_ERR(dst))
		return dst;
	if (dst->dev == fmp->dev) {
		dst_release(dst);
		return ERR_PTR(-ELOOP);
	}
	dst_cache_set_ip6(&endpoint->cache, dst, &fl6->saddr);
	return dst;
}

static int fmp_endpoint_send6(struct fmp_dev *fmp,
			      struct fmp_endpoint *endpoint,
			      struct sk_buff *skb, u8 tos)
{
	struct sock *sk = rcu_dereference(fmp->sk6);
	struct dst_entry *dst;
	struct flowi6 fl6 = {};

	if (unlikely(!sk))
		return -ENOTCONN;
	dst = fmp_endpoint_route6(fmp, sk, endpoint, &fl6);
	if (IS_ERR(dst))
		return PTR_ERR(dst);

	udp_tunnel6_xmit_skb(dst, sk, skb, NULL, &fl6.saddr,
			     &endpoint->remote.in6.sin6_addr, tos,
			     ip6_dst_hoplimit(dst), 0,
			     inet_sk(sk)->inet_sport,
			     endpoint->remote.in6.sin6_port, false, 0);
	return 0;
}
#else
static int fmp_endpoint_send6(struct fmp_dev *fmp,
			      struct fmp_endpoint *endpoint,
			      struct sk_buff *skb, u8 tos)
{
	return -ENOTCONN;
}
#endif

/**
 * fmp_endpoint_send() - send a frame to an endpoint
 * @fmp: device
 * @endpoint: where to
 * @skb: the sealed frame, with room for the outer headers; consumed on
 *       success only
 * @tos: outer traffic class
 *
 * Context: RCU read section, bottom halves disabled.
 * Return: 0 if it was handed to the IP layer, -ENOTCONN without a socket for
 * the family, -ELOOP if the route leads back into @fmp, or the error of the
 * route lookup.
 */
int fmp_endpoint_send(struct fmp_dev *fmp, struct fmp_endpoint *endpoint,
		      struct sk_buff *skb, u8 tos)
{
	/* What the inner packet was to its host does not concern the outer. */
	skb_scrub_packet(skb, true);
	skb->mark = READ_ONCE(fmp->config.fwmark);
	skb->encapsulation = 0;
	/* No device: we count what we send ourselves. */
	skb->dev = NULL;
	/* As IPv4 may without DF: the inner packet was let through. */
	skb->ignore_df = 1;

	if (endpoint->remote.sa.sa_family == AF_INET)
		return fmp_endpoint_send4(fmp, endpoint, skb, tos);
	return fmp_endpoint_send6(fmp, endpoint, skb, tos);
}
