// SPDX-License-Identifier: GPL-2.0
/*
 * Receive path (spec 2.1, 2.2, 5.4, 5.5).
 *
 * encap_rcv judges the datagram and finds the session; the session's lane
 * opens the frame and delivers what was in it. Until fmp_rx_open() has
 * authenticated a frame, nothing but a drop counter changes.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/inet_ecn.h>
#include <net/ip_tunnels.h>

#include "delivery.h"
#include "device.h"
#include "drop.h"
#include "endpoint.h"
#include "handshake.h"
#include "lane.h"
#include "liveness.h"
#include "merge.h"
#include "mmp.h"
#include "notify.h"
#include "peer.h"
#include "recovery.h"
#include "rx.h"
#include "session.h"
#include "source.h"
#include "trace.h"
#include "wire.h"

/* A peer may move this often; later frames move it all the same. */
#define FMP_ROAM_INTERVAL	DIV_ROUND_UP(HZ, 100)

/**
 * fmp_rx_drop() - drop a datagram and count why
 * @fmp: device
 * @skb: consumed
 * @stat: the cause
 *
 * Context: Any but hard interrupt.
 */
void fmp_rx_drop(struct fmp_dev *fmp, struct sk_buff *skb, enum fmp_stat stat)
{
	trace_fmp_rx_drop(fmp, NULL, skb, stat);
	fmp_drop(fmp, skb, stat);
}

/**
 * fmp_rx_drop_peer() - drop a frame of a peer and count why
 * @peer: the peer
 * @skb: consumed
 * @stat: the cause
 * @peer_stat: the cause, as the peer counts it
 *
 * Context: Any but hard interrupt.
 */
void fmp_rx_drop_peer(struct fmp_peer *peer, struct sk_buff *skb,
		      enum fmp_stat stat, enum fmp_peer_stat peer_stat)
{
	fmp_peer_stat_inc(peer, peer_stat);
	trace_fmp_rx_drop(peer->fmp, peer, skb, stat);
	fmp_drop(peer->fmp, skb, stat);
}

static size_t fmp_rx_inner_len(const struct sk_buff *skb)
{
	return skb->len - sizeof(struct udphdr) - FMP_FRAME_MIN;
}

static struct fmp_local_index fmp_rx_index(const struct sk_buff *skb)
{
	return (struct fmp_local_index){
		get_unaligned_le32(&fmp_rx_hdr(skb)->receiver_idx)
	};
}

/**
 * fmp_rx_drop_replay() - drop a frame whose counter cannot be accepted
 * @session: that its index leads to
 * @skb: the datagram from its UDP header on; consumed
 *
 * Context: RCU read section.
 */
void fmp_rx_drop_replay(struct fmp_session *session, struct sk_buff *skb)
{
	u64 highest = READ_ONCE(session->replay.highest);
	u64 counter = fmp_rx_counter(skb);
	enum fmp_stat stat = FMP_RX_DROP_REPLAY;

	if (counter == U64_MAX)
		stat = FMP_RX_DROP_COUNTER_LIMIT;
	else if (counter < highest && highest - counter >= FMP_REPLAY_WINDOW)
		stat = FMP_RX_DROP_TOO_OLD;
	net_dbg_ratelimited("%s: frame %llu of session 0x%08x is a replay, %llu was the highest\n",
			    session->peer->fmp->dev->name, counter,
			    session->index.local.value, highest);
	fmp_rx_drop_peer(session->peer, skb, stat, FMP_PEER_RX_DROP_REPLAY);
}

/* The peer moves where its newest frame came from (spec 5.5 RULE). */
static void fmp_rx_roam(struct fmp_session *session, const struct sk_buff *skb)
{
	struct fmp_peer *peer = session->peer;
	const struct fmp_endpoint *old;
	struct fmp_endpoint *endpoint;
	bool moved;

	old = rcu_dereference(peer->endpoint);
	if (likely(old && fmp_endpoint_matches(old, skb)))
		return;
	/* A move costs memory and a notification: frames must not drive it. */
	if (time_before64(get_jiffies_64(), READ_ONCE(peer->roam_next)))
		return;
	/* Without memory the next frame moves it. */
	endpoint = fmp_endpoint_from_skb(skb);
	if (!endpoint)
		return;
	WRITE_ONCE(peer->roam_next, get_jiffies_64() + FMP_ROAM_INTERVAL);
	moved = !fmp_endpoint_same_remote(old, endpoint);
	if (!fmp_peer_move(peer, session, endpoint) || !moved)
		return;
	trace_fmp_roam(peer, endpoint);
	fmp_notify_endpoint(peer);
}

/* By a forwarder on the way, or by a router below. */
static bool fmp_rx_congested(const struct fmp_rx_frame *frame)
{
	const struct sk_buff *outer = frame->outer;

	if (frame->hdr->flags & FMP_FLAG_CE)
		return true;
	return INET_ECN_is_ce(ip_tunnel_get_dsfield(ip_hdr(outer), outer));
}

static void fmp_rx_measure(struct fmp_session *session,
			   const struct fmp_rx_frame *frame, u64 counter)
{
	const struct fmp_mmp_frame measured = {
		.counter	= counter,
		.timestamp	= get_unaligned_le32(frame->inner),
		.len		= frame->len,
		.ce		= fmp_rx_congested(frame),
		.spin		= frame->hdr->flags & FMP_FLAG_SP,
		.traffic	= fmp_mmp_traffic(frame->inner[FMP_TIMESTAMP_LEN]),
	};

	if (unlikely(READ_ONCE(session->peer->state) != FMP_PEER_STATE_UP))
		fmp_liveness_up(session);
	fmp_mmp_received(session, &measured);
}

/* What follows from a frame's being authentic, in the order of spec 5.5. */
static void fmp_rx_authentic(struct fmp_session *session,
			     const struct fmp_rx_frame *frame, u64 counter)
{
	struct fmp_peer *peer = session->peer;
	u64 now = get_jiffies_64();

	fmp_recovery_heard(peer);
	if (counter == session->replay.highest) {
		s8 k = frame->hdr->flags & FMP_FLAG_K;

		if (READ_ONCE(session->k_seen) != k)
			WRITE_ONCE(session->k_seen, k);
		if (READ_ONCE(session->slot) == FMP_SLOT_CURRENT)
			fmp_rx_roam(session, frame->outer);
	}
	if (READ_ONCE(peer->last_rx) != now)
		WRITE_ONCE(peer->last_rx, now);
	if (READ_ONCE(session->slot) == FMP_SLOT_CURRENT)
		fmp_rx_measure(session, frame, counter);
	else
		fmp_mmp_passed(peer, frame->len);
}

static int fmp_rx_ecn(struct sk_buff *skb, __be16 outer_protocol,
		      unsigned int outer_offset)
{
	const void *outer = skb->head + outer_offset;

	if (outer_protocol == htons(ETH_P_IP))
		return IP_ECN_decapsulate(outer, skb);
	return IP6_ECN_decapsulate(outer, skb);
}

/* Leaves the packet alone in the skb: padding after it is not part of it. */
static bool fmp_rx_trim_ip(struct sk_buff *skb)
{
	unsigned int len;

	if (skb->protocol == htons(ETH_P_IP)) {
		len = ntohs(ip_hdr(skb)->tot_len);
		if (len < sizeof(struct iphdr))
			return false;
	} else {
		len = ntohs(ipv6_hdr(skb)->payload_len) +
		      sizeof(struct ipv6hdr);
	}
	return len <= skb->len && !pskb_trim(skb, len);
}

static __be16 fmp_rx_ip_protocol(const struct sk_buff *skb)
{
	if (skb->len >= sizeof(struct iphdr) && skb->data[0] >> 4 == 4)
		return htons(ETH_P_IP);
	if (skb->len >= sizeof(struct ipv6hdr) && skb->data[0] >> 4 == 6)
		return htons(ETH_P_IPV6);
	return 0;
}

/* Packets of a batch are most likely from one source. */
static bool fmp_rx_source_ok(struct fmp_peer *peer, const struct sk_buff *skb,
			     struct fmp_merge *merge)
{
	if (!merge)
		return fmp_source_ok(peer, skb);
	if (fmp_merge_knows_source(merge, skb))
		return true;
	if (!fmp_source_ok(peer, skb))
		return false;
	fmp_merge_note_source(merge, skb);
	return true;
}

static void fmp_rx_ip(struct fmp_peer *peer, struct sk_buff *skb,
		      struct fmp_merge *merge)
{
	unsigned int outer_offset = skb_network_header(skb) - skb->head;
	bool ce = fmp_rx_hdr(skb)->flags & FMP_FLAG_CE;
	__be16 outer_protocol = skb->protocol;
	struct fmp_dev *fmp = peer->fmp;

	if (fmp_rx_inner_len(skb) < sizeof(struct fmp_inner_ip))
		goto malformed;
	skb_pull(skb, sizeof(struct udphdr) + FMP_IP_HEADROOM);
	if (pskb_trim(skb, skb->len - FMP_TAG_LEN))
		goto malformed;

	skb->protocol = fmp_rx_ip_protocol(skb);
	skb_reset_network_header(skb);
	if (!skb->protocol || !fmp_rx_trim_ip(skb))
		goto malformed;
	if (!fmp_rx_source_ok(peer, skb, merge)) {
		fmp_rx_drop_peer(peer, skb, FMP_RX_DROP_SOURCE,
				 FMP_PEER_RX_DROP_SOURCE);
		return;
	}
	/* Not-ECT inside a packet that a router marked CE (RFC 6040). */
	if (fmp_rx_ecn(skb, outer_protocol, outer_offset) > 1) {
		fmp_rx_drop_peer(peer, skb, FMP_RX_DROP_ECN,
				 FMP_PEER_RX_DROP_OTHER);
		return;
	}
	/* Who cannot tell of congestion is left in peace (spec 9.10). */
	if (ce && INET_ECN_set_ce(skb))
		fmp_stat_inc(fmp, FMP_RX_CE);

	skb_reset_mac_header(skb);
	skb_reset_transport_header(skb);
	skb_scrub_packet(skb, true);
	/* The AEAD vouches for every byte the peer sent. */
	skb->encapsulation = 0;
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb->csum_level = ~0;
	skb_clear_hash(skb);
	skb_set_queue_mapping(skb, 0);
	fmp_delivery_add(fmp, skb, merge);
	return;

malformed:
	fmp_rx_drop_peer(peer, skb, FMP_RX_DROP_IP_MALFORMED,
			 FMP_PEER_RX_DROP_MALFORMED);
}

static void fmp_rx_dispatch(struct fmp_session *session, struct sk_buff *skb,
			    struct fmp_merge *merge)
{
	struct fmp_peer *peer = session->peer;

	switch (*fmp_rx_link(skb)) {
	case FMP_LINK_IP:
		fmp_rx_ip(peer, skb, merge);
		return;
	case FMP_LINK_HEARTBEAT:
		fmp_stat_inc(peer->fmp, FMP_RX_HEARTBEAT);
		consume_skb(skb);
		return;
	case FMP_LINK_SENDER_REPORT:
	case FMP_LINK_RECEIVER_REPORT:
		fmp_rx_report(session, skb);
		return;
	case FMP_LINK_DISCONNECT:
		fmp_rx_disconnect(session, skb);
		return;
	default:
		fmp_rx_link_message(peer, skb);
	}
}

/* One linear piece that is ours alone, behind what fmp_open() looks at. */
static int fmp_rx_own(struct sk_buff *skb)
{
	const unsigned int headroom = FMP_OPEN_HEADROOM - sizeof(struct udphdr);

	if (unlikely(skb_headroom(skb) < headroom) &&
	    pskb_expand_head(skb, SKB_DATA_ALIGN(headroom), 0, GFP_ATOMIC))
		return -ENOMEM;
	return skb_linearize_cow(skb);
}

static void fmp_rx_forged(struct fmp_session *session, struct sk_buff *skb,
			  u64 counter)
{
	trace_fmp_rx_open(session, counter, FMP_OPEN_FORGED);
	fmp_recovery_failed(session);
	fmp_rx_drop_peer(session->peer, skb, FMP_RX_DROP_AUTH,
			 FMP_PEER_RX_DROP_AUTH);
}

static __always_inline bool
fmp_rx_accept_one(struct fmp_session *session, const struct fmp_rx_frame *frame)
{
	u64 counter = get_unaligned_le64(&frame->hdr->counter);

	if (!fmp_replay_commit(&session->replay, counter))
		return false;
	trace_fmp_rx_open(session, counter, FMP_OPEN_AUTHENTIC);
	if (unlikely(READ_ONCE(session->slot) == FMP_SLOT_PENDING))
		fmp_session_promote(session, frame->hdr->flags & FMP_FLAG_K);
	if (likely(frame->len >= FMP_FRAME_MIN + FMP_INNER_MIN))
		fmp_rx_authentic(session, frame, counter);
	return true;
}

/**
 * fmp_rx_accept() - act on a frame's being authentic
 * @session: found by the frame's receiver index
 * @frame: authentic, judged FMP_OK_ESTABLISHED
 *
 * What is in it is left to the caller.
 *
 * Context: RCU read section, bottom halves disabled, on the CPU whose lane
 * owns the session.
 * Return: false, and nothing has changed, if it is not new.
 */
bool fmp_rx_accept(struct fmp_session *session,
		   const struct fmp_rx_frame *frame)
{
	return fmp_rx_accept_one(session, frame);
}

/**
 * fmp_rx_opened() - act on a frame that was opened
 * @session: found by the frame's receiver index
 * @skb: the datagram from its UDP header on, judged FMP_OK_ESTABLISHED, its
 *       plaintext where its ciphertext was if it is authentic; consumed
 * @authentic: what fmp_open() said
 * @merge: others that it came with, or NULL
 *
 * Context: RCU read section, bottom halves disabled, on the CPU whose lane
 * owns the session.
 * Return: true if the frame was authentic and new.
 */
bool fmp_rx_opened(struct fmp_session *session, struct sk_buff *skb,
		   bool authentic, struct fmp_merge *merge)
{
	const struct fmp_hdr *hdr = fmp_rx_hdr(skb);
	const struct fmp_rx_frame frame = {
		.outer	= skb,
		.hdr	= hdr,
		.inner	= (const u8 *)(hdr + 1),
		.len	= skb->len - sizeof(struct udphdr),
	};

	if (unlikely(!authentic)) {
		fmp_rx_forged(session, skb, fmp_rx_counter(skb));
		return false;
	}
	if (unlikely(!fmp_rx_accept_one(session, &frame))) {
		trace_fmp_rx_open(session, fmp_rx_counter(skb),
				  FMP_OPEN_REPLAY);
		fmp_rx_drop_replay(session, skb);
		return false;
	}
	if (unlikely(fmp_rx_inner_len(skb) < FMP_INNER_MIN))
		fmp_rx_drop_peer(session->peer, skb, FMP_RX_DROP_INNER_SHORT,
				 FMP_PEER_RX_DROP_MALFORMED);
	else
		fmp_rx_dispatch(session, skb, merge);
	return true;
}

/**
 * fmp_rx_open() - authenticate a frame and act on it
 * @session: found by the frame's receiver index
 * @skb: the datagram from its UDP header on, judged FMP_OK_ESTABLISHED;
 *       consumed
 *
 * Context: RCU read section, bottom halves disabled, on the CPU whose lane
 * owns the session.
 * Return: true if the frame was authentic and new.
 */
bool fmp_rx_open(struct fmp_session *session, struct sk_buff *skb)
{
	bool authentic;

	if (unlikely(fmp_rx_own(skb))) {
		fmp_rx_drop_peer(session->peer, skb, FMP_RX_DROP_NOMEM,
				 FMP_PEER_RX_DROP_OTHER);
		return false;
	}
	authentic = fmp_open(skb->data + sizeof(struct udphdr),
			     fmp_rx_inner_len(skb), fmp_rx_counter(skb),
			     &session->receive_key);
	return fmp_rx_opened(session, skb, authentic, NULL);
}

/*
 * A peer that uses an index before we have its answer may have lost that
 * answer on the way to us; nothing of the frame says so reliably (spec 5.4).
 */
static void fmp_rx_no_session(struct fmp_dev *fmp, struct sk_buff *skb)
{
	bool reserved = fmp_index_reserved(&fmp->indices, fmp_rx_index(skb));

	fmp_rx_drop(fmp, skb, reserved ? FMP_RX_DROP_RESERVED_INDEX :
					 FMP_RX_DROP_UNKNOWN_INDEX);
}

static void fmp_rx_established(struct fmp_dev *fmp, struct sk_buff *skb)
{
	struct fmp_session *session;

	if (!pskb_may_pull(skb, sizeof(struct udphdr) + FMP_HDR_LEN)) {
		fmp_rx_drop(fmp, skb, FMP_RX_DROP_NOMEM);
		return;
	}
	session = fmp_index_lookup(&fmp->indices, fmp_rx_index(skb));
	if (!session) {
		fmp_rx_no_session(fmp, skb);
		return;
	}
	/* A hint only, but it spares a replay the lane and the cipher. */
	if (!fmp_replay_check(&session->replay, fmp_rx_counter(skb))) {
		fmp_rx_drop_replay(session, skb);
		return;
	}
	fmp_lane_receive(fmp, session, skb);
}

static enum fmp_stat fmp_rx_verdict_stat(enum fmp_verdict verdict)
{
	switch (verdict) {
	case FMP_BAD_SHORT:
		return FMP_RX_DROP_SHORT;
	case FMP_BAD_VERSION:
		return FMP_RX_DROP_VERSION;
	case FMP_BAD_LENGTH:
		return FMP_RX_DROP_LENGTH;
	case FMP_BAD_ESTABLISHED:
		return FMP_RX_DROP_ESTABLISHED_SHORT;
	case FMP_BAD_MSG1:
		return FMP_RX_DROP_MSG1_MALFORMED;
	case FMP_BAD_MSG2:
		return FMP_RX_DROP_MSG2_MALFORMED;
	default:
		return FMP_RX_DROP_PHASE;
	}
}

/**
 * fmp_rx_encap() - receive a datagram from a socket of ours
 * @sk: the socket
 * @skb: the datagram from its UDP header on, its checksum verified; consumed
 *
 * Context: Softirq, RCU read section.
 * Return: 0: nothing is left to the socket.
 */
int fmp_rx_encap(struct sock *sk, struct sk_buff *skb)
{
	struct fmp_dev *fmp = rcu_dereference_sk_user_data(sk);
	enum fmp_verdict verdict;
	unsigned int len;

	/* The socket is being closed. */
	if (unlikely(!fmp)) {
		kfree_skb(skb);
		return 0;
	}

	/* Neither the route nor the device it came by outlives a queue. */
	skb_dst_drop(skb);
	skb->dev = fmp->dev;

	fmp_stat_inc(fmp, FMP_RX_FRAMES);
	/* Aggregates are taken apart on their way here; what is none is odd. */
	if (unlikely(skb_is_gso(skb))) {
		fmp_rx_drop(fmp, skb, FMP_RX_DROP_GSO);
		return 0;
	}
	len = skb->len - sizeof(struct udphdr);
	if (!pskb_may_pull(skb, sizeof(struct udphdr) +
				min(len, FMP_PREFIX_LEN))) {
		fmp_rx_drop(fmp, skb, FMP_RX_DROP_NOMEM);
		return 0;
	}

	verdict = fmp_wire_check(skb->data + sizeof(struct udphdr), len);
	if (likely(verdict == FMP_OK_ESTABLISHED))
		fmp_rx_established(fmp, skb);
	else if (verdict == FMP_OK_MSG1 || verdict == FMP_OK_MSG2)
		fmp_handshake_receive(fmp, skb, verdict);
	else
		fmp_rx_drop(fmp, skb, fmp_rx_verdict_stat(verdict));
	return 0;
}
