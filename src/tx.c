// SPDX-License-Identifier: GPL-2.0
/*
 * Send path (spec section 6).
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/jhash.h>
#include <linux/once.h>
#include <linux/udp.h>
#include <net/icmp.h>
#include <net/inet_ecn.h>
#include <net/ip_tunnels.h>

#include "counter.h"
#include "device.h"
#include "drop.h"
#include "endpoint.h"
#include "mmp.h"
#include "multicast.h"
#include "overlay.h"
#include "peer.h"
#include "pmtu.h"
#include "session.h"
#include "staging.h"
#include "tx.h"
#include "tx-batch.h"
#include "wire.h"

/* Protocols whose header begins with both ports. */
#define FMP_TX_PORTS		(BIT_ULL(IPPROTO_TCP) | BIT_ULL(IPPROTO_UDP))

/* As many as the kernel's own tunnels allow, where they have a limit. */
#define FMP_TX_NESTING	5

/**
 * fmp_tx_unreachable() - tell the sender of a packet that it got nowhere
 * @skb: inner packet
 *
 * Context: Bottom halves disabled.
 */
void fmp_tx_unreachable(struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP))
		icmp_ndo_send(skb, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0);
	else if (skb->protocol == htons(ETH_P_IPV6))
		icmpv6_ndo_send(skb, ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH,
				0);
}

static bool fmp_tx_is_multicast(const struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP))
		return ipv4_is_multicast(ip_hdr(skb)->daddr) ||
		       ipv4_is_lbcast(ip_hdr(skb)->daddr);
	return ipv6_addr_is_multicast(&ipv6_hdr(skb)->daddr);
}

/**
 * fmp_tx_drop_peer() - drop a packet for a peer and count why
 * @peer: who it was for
 * @skb: consumed
 * @stat: the cause
 *
 * Context: Any but hard interrupt.
 */
void fmp_tx_drop_peer(struct fmp_peer *peer, struct sk_buff *skb,
		      enum fmp_stat stat)
{
	fmp_peer_stat_inc(peer, FMP_PEER_TX_DROP);
	fmp_drop(peer->fmp, skb, stat);
}

static enum fmp_stat fmp_tx_error_stat(int err)
{
	switch (err) {
	case -ENOTCONN:
		return FMP_TX_DROP_NO_SOCKET;
	case -ELOOP:
		return FMP_TX_DROP_LOOP;
	default:
		return FMP_TX_DROP_NO_ROUTE;
	}
}

/*
 * One linear piece that is ours alone, with room for what goes around the
 * packet. The socket that sent it stays charged until the outer packet is
 * out, which is what keeps TCP from filling the queues below.
 */
static int fmp_tx_make_room(struct sk_buff *skb)
{
	unsigned int tail = skb->data_len + FMP_TAG_LEN;
	unsigned int head = 0;

	if (skb_headroom(skb) < FMP_TX_HEADROOM)
		head = SKB_DATA_ALIGN(FMP_TX_HEADROOM - skb_headroom(skb));
	if (head || skb_cloned(skb) ||
	    skb_end_pointer(skb) - skb_tail_pointer(skb) < tail) {
		if (pskb_expand_head(skb, head, tail, GFP_ATOMIC))
			return -ENOMEM;
	}
	return skb_linearize(skb);
}

/**
 * fmp_tx_seal_ip() - make a frame of an IP packet
 * @session: seals it
 * @frame: where it begins, linear, behind FMP_SEAL_HEADROOM bytes; the packet is
 *         FMP_IP_HEADROOM bytes on, and has room for the tag behind it
 * @packet_len: length of the packet
 * @counter: of the frame, used once
 * @timestamp: of the session
 * @flags: FMP_FLAG_CE or 0
 *
 * Context: RCU read section, bottom halves disabled.
 */
void fmp_tx_seal_ip(const struct fmp_session *session, u8 *frame,
		    unsigned int packet_len, u64 counter, u32 timestamp,
		    u8 flags)
{
	const struct fmp_inner_ip inner = {
		.timestamp = cpu_to_le32(timestamp),
		.type = FMP_LINK_IP,
	};
	unsigned int inner_len = sizeof(inner) + packet_len;

	fmp_hdr_write(frame,
		      session->k_bit | READ_ONCE(session->sent.spin) | flags,
		      inner_len, session->remote.value, counter);
	memcpy(frame + FMP_HDR_LEN, &inner, sizeof(inner));
	fmp_seal(frame, inner_len, counter, &session->send_key);
}

/*
 * The inner class stays private, unless it is asked for; congestion does not
 * (RFC 6040).
 */
static u8 fmp_tx_tos(struct fmp_dev *fmp, const struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	u8 tos = fmp_config_tos(READ_ONCE(fmp->config.tos),
				ip_tunnel_get_dsfield(iph, skb));

	return ip_tunnel_ecn_encap(tos, iph, skb);
}

/*
 * Who forwards a packet tells of congestion; who sends it does not (spec 9.10).
 * What came in by an interface is forwarded, unless another tunnel here has
 * wrapped it since; what tc has redirected counts as well.
 */
static u8 fmp_tx_ce(const struct fmp_peer *peer, const struct sk_buff *skb)
{
	if (likely(!skb->skb_iif))
		return 0;
	if (fmp_mmp_congested(peer) ||
	    INET_ECN_is_ce(ip_tunnel_get_dsfield(ip_hdr(skb), skb)))
		return FMP_FLAG_CE;
	return 0;
}

/* Of the ports; 0 where there are none. */
static u32 fmp_tx_ports(const struct sk_buff *skb, u8 protocol,
			unsigned int offset)
{
	const __be32 *ports;
	__be32 copy;

	if (protocol >= 64 || !(FMP_TX_PORTS & BIT_ULL(protocol)))
		return 0;
	ports = skb_header_pointer(skb, offset, sizeof(copy), &copy);
	return ports ? (__force u32)*ports : 0;
}

static u32 fmp_tx_flow4(const struct sk_buff *skb, u32 seed)
{
	const struct iphdr *iph = ip_hdr(skb);
	u32 ports = 0;

	if (!ip_is_fragment(iph))
		ports = fmp_tx_ports(skb, iph->protocol, iph->ihl * 4);
	return jhash_3words((__force u32)iph->saddr, (__force u32)iph->daddr,
			    ports, seed ^ iph->protocol);
}

static u32 fmp_tx_flow6(const struct sk_buff *skb, u32 seed)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);

	seed ^= fmp_tx_ports(skb, ip6h->nexthdr, sizeof(*ip6h));
	return jhash2((const u32 *)&ip6h->saddr,
		      2 * sizeof(ip6h->saddr) / sizeof(u32),
		      seed ^ (__force u32)ip6_flowlabel(ip6h));
}

/*
 * Queues below can still tell inner flows apart. The kernel's own dissector
 * looks deeper than it takes for that, and costs six times as much.
 */
static void fmp_tx_hash_flow(struct sk_buff *skb)
{
	static u32 seed __read_mostly;
	u32 hash;

	if (skb->l4_hash || skb->sw_hash)
		return;
	net_get_random_once(&seed, sizeof(seed));
	if (skb->protocol == htons(ETH_P_IP))
		hash = fmp_tx_flow4(skb, seed);
	else
		hash = fmp_tx_flow6(skb, seed);
	/* Zero is none. */
	__skb_set_sw_hash(skb, hash ?: 1, true);
}

static struct fmp_tx_outer fmp_tx_outer(const struct fmp_peer *peer,
					const struct sk_buff *skb)
{
	return (struct fmp_tx_outer){
		.tos	= fmp_tx_tos(peer->fmp, skb),
		.ce	= fmp_tx_ce(peer, skb),
		.df	= fmp_pmtu_df(skb),
	};
}

/* Consumes the packet, and the reference of the route. */
static void fmp_tx_packet(struct fmp_session *session,
			  struct fmp_endpoint *endpoint,
			  const struct fmp_route *route, struct sk_buff *skb)
{
	enum fmp_stat cause = FMP_TX_DROP_TOO_LONG;
	struct fmp_peer *peer = session->peer;
	struct fmp_dev *fmp = peer->fmp;
	unsigned int packet_len = skb->len;
	struct fmp_tx_outer outer;
	unsigned int frame_len;
	u32 timestamp;
	u64 counter;

	/* Not every sender respects an MTU. */
	if (skb->len > fmp->dev->max_mtu)
		goto drop;
	cause = FMP_TX_DROP_NOMEM;
	if ((skb->ip_summed == CHECKSUM_PARTIAL && skb_checksum_help(skb)) ||
	    fmp_tx_make_room(skb))
		goto drop;
	cause = FMP_TX_DROP_COUNTER_LIMIT;
	if (!fmp_counter_take(&session->send_counter, &counter))
		goto drop;
	timestamp = fmp_session_now_ms() - session->established;
	fmp_mmp_sent(session, counter, timestamp, FMP_MMP_TRAFFIC_DATA);

	outer = fmp_tx_outer(peer, skb);
	fmp_tx_hash_flow(skb);
	skb_push(skb, FMP_IP_HEADROOM);
	skb_put(skb, FMP_TAG_LEN);
	fmp_tx_seal_ip(session, skb->data, packet_len, counter, timestamp,
		       outer.ce);
	skb->ip_summed = CHECKSUM_NONE;
	frame_len = skb->len;

	fmp_endpoint_xmit(fmp, endpoint, route, skb, outer.tos, outer.df);
	fmp_stat_inc(fmp, FMP_TX_FRAMES);
	fmp_peer_stat_inc(peer, FMP_PEER_TX_PACKETS);
	fmp_peer_stat_add(peer, FMP_PEER_TX_BYTES, frame_len);
	dev_sw_netstats_tx_add(fmp->dev, 1, packet_len);
	return;

drop:
	fmp_tx_drop_peer(peer, skb, cause);
	dst_release(route->dst);
}

/* Consumes the packet, and the reference of the route. */
static void fmp_tx_segments(struct fmp_session *session,
			    struct fmp_endpoint *endpoint,
			    const struct fmp_route *route, struct sk_buff *skb)
{
	struct sk_buff *segs, *next;

	segs = skb_gso_segment(skb, 0);
	if (IS_ERR(segs)) {
		fmp_tx_drop_peer(session->peer, skb, FMP_TX_DROP_GSO);
		dst_release(route->dst);
		return;
	}
	/* Nothing to segment after all. */
	if (!segs) {
		skb_gso_reset(skb);
		fmp_tx_packet(session, endpoint, route, skb);
		return;
	}

	consume_skb(skb);
	skb_list_walk_safe(segs, skb, next) {
		skb_mark_not_on_list(skb);
		if (next)
			dst_hold(route->dst);
		fmp_tx_packet(session, endpoint, route, skb);
	}
}

/* Returns false where the segments have to be sent one by one. */
static bool fmp_tx_try_batch(struct fmp_session *session,
			     struct fmp_endpoint *endpoint,
			     const struct fmp_route *route, struct sk_buff *skb)
{
	struct fmp_peer *peer = session->peer;
	struct fmp_tx_outer outer;

	if (!READ_ONCE(peer->fmp->config.tx_batch))
		return false;
	outer = fmp_tx_outer(peer, skb);
	return fmp_tx_batch(session, endpoint, route, &outer, skb);
}

/* Consumes the packet, and the reference of the route. */
static void fmp_tx_gso(struct fmp_session *session,
		       struct fmp_endpoint *endpoint,
		       const struct fmp_route *route, struct sk_buff *skb)
{
	/* All segments have it then. */
	fmp_tx_hash_flow(skb);
	if (fmp_tx_try_batch(session, endpoint, route, skb))
		dst_release(route->dst);
	else
		fmp_tx_segments(session, endpoint, route, skb);
}

/**
 * fmp_tx_session() - send a packet with a session
 * @session: seals it
 * @endpoint: where its peer is
 * @skb: inner packet, GSO or not; consumed
 *
 * Context: RCU read section, bottom halves disabled.
 */
void fmp_tx_session(struct fmp_session *session, struct fmp_endpoint *endpoint,
		    struct sk_buff *skb)
{
	struct fmp_peer *peer = session->peer;
	struct fmp_route route;
	int err;

	err = fmp_endpoint_route(peer->fmp, endpoint, &route);
	if (unlikely(err)) {
		fmp_tx_drop_peer(peer, skb, fmp_tx_error_stat(err));
		return;
	}
	if (unlikely(!fmp_pmtu_admits(endpoint, &route, skb))) {
		fmp_tx_drop_peer(peer, skb, FMP_TX_DROP_PMTU);
		dst_release(route.dst);
		return;
	}

	if (skb_is_gso(skb))
		fmp_tx_gso(session, endpoint, &route, skb);
	else
		fmp_tx_packet(session, endpoint, &route, skb);
}

/**
 * fmp_tx_staged() - send a packet that waited
 * @peer: who it is for
 * @skb: inner packet; consumed
 *
 * Context: RCU read section, bottom halves disabled.
 */
void fmp_tx_staged(struct fmp_peer *peer, struct sk_buff *skb)
{
	struct fmp_endpoint *endpoint = rcu_dereference(peer->endpoint);
	struct fmp_session *session = rcu_dereference(peer->current_session);

	if (unlikely(!session || !endpoint)) {
		fmp_tx_drop_peer(peer, skb, FMP_TX_DROP_NO_SESSION);
		return;
	}
	fmp_tx_session(session, endpoint, skb);
}

/**
 * fmp_tx_peer() - send a packet to a peer, or have it wait
 * @peer: who it is for
 * @skb: inner packet; consumed
 *
 * Context: RCU read section, bottom halves disabled.
 */
void fmp_tx_peer(struct fmp_peer *peer, struct sk_buff *skb)
{
	struct fmp_endpoint *endpoint = rcu_dereference(peer->endpoint);
	struct fmp_session *session = rcu_dereference(peer->current_session);

	if (unlikely(!session || !endpoint ||
		     fmp_staging_active(&peer->staging)))
		fmp_staging_add(peer, skb);
	else
		fmp_tx_session(session, endpoint, skb);
}

static void fmp_tx_route(struct fmp_dev *fmp, struct sk_buff *skb)
{
	struct fmp_peer *peer;

	/* Tunnels inside each other, or a loop of them, use up the stack. */
	if (unlikely(dev_recursion_level() > FMP_TX_NESTING)) {
		fmp_drop(fmp, skb, FMP_TX_DROP_LOOP);
		return;
	}
	if (unlikely(!pskb_inet_may_pull(skb) ||
		     ip_tunnel_parse_protocol(skb) != skb->protocol)) {
		fmp_drop(fmp, skb, FMP_TX_DROP_NOT_IP);
		return;
	}

	peer = fmp_overlay_next_hop(fmp, skb);
	if (unlikely(!peer)) {
		if (fmp_multicast_wanted(fmp, skb)) {
			fmp_multicast_send(fmp, skb);
			return;
		}
		if (fmp_tx_is_multicast(skb)) {
			fmp_drop(fmp, skb, FMP_TX_DROP_MULTICAST);
			return;
		}
		fmp_tx_unreachable(skb);
		fmp_drop(fmp, skb, FMP_TX_DROP_NO_PEER);
		return;
	}
	fmp_tx_peer(peer, skb);
}

/**
 * fmp_tx() - send a packet that was routed to the device
 * @skb: inner packet; consumed
 * @dev: the device
 *
 * Context: ndo_start_xmit: bottom halves disabled.
 * Return: NETDEV_TX_OK; what cannot be sent is dropped and counted.
 */
netdev_tx_t fmp_tx(struct sk_buff *skb, struct net_device *dev)
{
	rcu_read_lock();
	fmp_tx_route(netdev_priv(dev), skb);
	rcu_read_unlock();
	return NETDEV_TX_OK;
}
