/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_COMPAT_UDP_TUNNEL_H
#define FMP_COMPAT_UDP_TUNNEL_H

#include <net/udp.h>
#include <net/udp_tunnel.h>
#include <net/ipv6.h>
#ifdef FMP_HAS_IPV6_STUB
#include <net/ipv6_stubs.h>
#endif

/* Takes the socket instead of the sock, until 7.2 and some stable kernels. */
#ifndef FMP_HAS_UDP_TUNNEL_SK
static inline void fmp_compat_setup_udp_tunnel_sock(struct net *net,
						    struct sock *sk,
						    struct udp_tunnel_sock_cfg *cfg)
{
	setup_udp_tunnel_sock(net, sk->sk_socket, cfg);
}

static inline void fmp_compat_udp_tunnel_sock_release(struct sock *sk)
{
	udp_tunnel_sock_release(sk->sk_socket);
}

#define setup_udp_tunnel_sock fmp_compat_setup_udp_tunnel_sock
#define udp_tunnel_sock_release fmp_compat_udp_tunnel_sock_release
#endif

/* Without control block flags, and with mutable IPv6 addresses once. */
#ifndef FMP_HAS_UDP_TUNNEL_CB_FLAGS
static inline void
fmp_compat_udp_tunnel_xmit_skb(struct rtable *rt, struct sock *sk,
			       struct sk_buff *skb, __be32 src, __be32 dst,
			       u8 tos, u8 ttl, __be16 df, __be16 src_port,
			       __be16 dst_port, bool xnet, bool nocheck,
			       u16 ipcb_flags)
{
	udp_tunnel_xmit_skb(rt, sk, skb, src, dst, tos, ttl, df, src_port,
			    dst_port, xnet, nocheck);
}

static inline void
fmp_compat_udp_tunnel6_xmit_skb(struct dst_entry *dst, struct sock *sk,
				struct sk_buff *skb, struct net_device *dev,
				const struct in6_addr *saddr,
				const struct in6_addr *daddr, u8 prio, u8 ttl,
				__be32 label, __be16 src_port,
				__be16 dst_port, bool nocheck, u16 ip6cb_flags)
{
	udp_tunnel6_xmit_skb(dst, sk, skb, dev, (struct in6_addr *)saddr,
			     (struct in6_addr *)daddr, prio, ttl, label,
			     src_port, dst_port, nocheck);
}

#define udp_tunnel_xmit_skb fmp_compat_udp_tunnel_xmit_skb
#define udp_tunnel6_xmit_skb fmp_compat_udp_tunnel6_xmit_skb
#endif

/* IPv6 could be a module, reached through a table, until 7.1. */
#if defined(FMP_HAS_IPV6_STUB) && IS_ENABLED(CONFIG_IPV6)
static inline struct dst_entry *
fmp_compat_ip6_dst_lookup_flow(struct net *net, const struct sock *sk,
			       struct flowi6 *fl6,
			       const struct in6_addr *final_dst)
{
	return ipv6_stub->ipv6_dst_lookup_flow(net, sk, fl6, final_dst);
}

#define ip6_dst_lookup_flow fmp_compat_ip6_dst_lookup_flow
#endif

/* Each namespace can have its table of sockets since 6.2, and has since 7.2. */
#ifdef FMP_HAS_UDP_LOOKUP_TABLE
#ifdef FMP_HAS_UDP_TABLE_OF_NET
static inline struct udp_table *fmp_compat_udp_table(const struct net *net)
{
	return net->ipv4.udp_table;
}
#else
static inline struct udp_table *fmp_compat_udp_table(const struct net *net)
{
	return &udp_table;
}
#endif

static inline struct sock *
fmp_compat_udp4_lookup(struct net *net, __be32 saddr, __be16 sport,
		       __be32 daddr, __be16 dport, int dif, int sdif,
		       struct sk_buff *skb)
{
	return __udp4_lib_lookup(net, saddr, sport, daddr, dport, dif, sdif,
				 fmp_compat_udp_table(net), skb);
}

#if IS_ENABLED(CONFIG_IPV6)
static inline struct sock *
fmp_compat_udp6_lookup(struct net *net, const struct in6_addr *saddr,
		       __be16 sport, const struct in6_addr *daddr,
		       __be16 dport, int dif, int sdif, struct sk_buff *skb)
{
	return __udp6_lib_lookup(net, saddr, sport, daddr, dport, dif, sdif,
				 fmp_compat_udp_table(net), skb);
}
#endif

#define __udp4_lib_lookup fmp_compat_udp4_lookup
#define __udp6_lib_lookup fmp_compat_udp6_lookup
#endif

/* A bit of its own until 6.7, and in stable kernels for some time. */
static inline bool fmp_compat_udp_gro_enabled(struct sock *sk)
{
#ifdef udp_test_bit
	return udp_test_bit(GRO_ENABLED, sk);
#else
	return udp_sk(sk)->gro_enabled;
#endif
}

#endif /* FMP_COMPAT_UDP_TUNNEL_H */
