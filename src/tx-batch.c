// SPDX-License-Identifier: GPL-2.0
/*
 * Batches: the segments of one packet, sealed into one UDP GSO packet.
 *
 * What follows the cipher, that is the IP stack, netfilter, queues and drivers,
 * then costs once what it would cost for each frame. Each segment is written
 * into pages of the batch's own, and sealed there, one frame right behind the
 * other. wireguard-go showed what that is worth, in userspace.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/dst.h>
#include <net/sock.h>

#include "counter.h"
#include "device.h"
#include "endpoint.h"
#include "mmp.h"
#include "peer.h"
#include "room.h"
#include "segment.h"
#include "session.h"
#include "tx.h"
#include "tx-batch.h"
#include "wire.h"

/* What fmp_seal() borrows ahead of the first frame. */
#define FMP_TX_BATCH_LEAD	ALIGN(FMP_SEAL_HEADROOM, L1_CACHE_BYTES)

static DEFINE_FMP_ROOMS(fmp_tx_rooms);

/**
 * struct fmp_tx_run - segments that make one batch
 * @segments: of the packet
 * @first: which is the first of them
 * @n: how many
 * @frame_len: length of each frame, but for the last one
 * @last_len: of the last one, which may be shorter
 */
struct fmp_tx_run {
	const struct fmp_segments *segments;
	unsigned int first;
	unsigned int n;
	unsigned int frame_len;
	unsigned int last_len;
};

static unsigned int fmp_tx_batch_frame_len(const struct fmp_segments *segments,
					   unsigned int i)
{
	return fmp_segment_len(segments, i) + FMP_IP_HEADROOM + FMP_TAG_LEN;
}

static unsigned int fmp_tx_batch_outer_len(const struct fmp_endpoint *endpoint)
{
	return sizeof(struct udphdr) +
	       (endpoint->remote.sa.sa_family == AF_INET ?
		sizeof(struct iphdr) : sizeof(struct ipv6hdr));
}

static bool fmp_tx_batch_owner_known(const struct sk_buff *skb)
{
	struct sock *sk = skb->sk;

	if (!skb->destructor || !sk)
		return false;
	if (skb->destructor == sock_wfree)
		return true;
	return sk_fullsock(sk) && sk_is_tcp(sk) &&
	       skb->destructor != sock_edemux && skb->destructor != sock_efree;
}

/* How many frames of that length one packet may hold. */
static unsigned int fmp_tx_batch_limit(const struct fmp_endpoint *endpoint,
				       const struct fmp_route *route,
				       unsigned int frame_len)
{
	unsigned int outer_len = fmp_tx_batch_outer_len(endpoint);
	const struct net_device *dev = route->dst->dev;
	unsigned int bytes;

	/* Frames that have to be fragmented go one by one. */
	if (frame_len + outer_len > dst_mtu(route->dst) ||
	    frame_len + FMP_TX_BATCH_LEAD > FMP_ROOM_SIZE)
		return 1;
	bytes = min_t(unsigned int, IP_MAX_MTU, READ_ONCE(dev->gso_max_size));
	if (bytes <= outer_len + frame_len)
		return 1;
	return min_t(unsigned int, (bytes - outer_len) / frame_len,
		     READ_ONCE(dev->gso_max_segs));
}

static bool fmp_tx_batch_add_frag(struct sk_buff *skb, unsigned int len)
{
	unsigned int size = SKB_DATA_ALIGN(FMP_TX_BATCH_LEAD + len);
	unsigned int offset;
	struct page *page;

	page = fmp_room_take(&fmp_tx_rooms, size, &offset);
	if (!page)
		return false;
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page,
			offset + FMP_TX_BATCH_LEAD, len, size);
	return true;
}

/* With pages for all frames, each in one of them. */
static struct sk_buff *fmp_tx_batch_alloc(const struct fmp_tx_run *run)
{
	unsigned int per_page = (FMP_ROOM_SIZE - FMP_TX_BATCH_LEAD) /
				run->frame_len;
	unsigned int left = run->n, n, len;
	struct sk_buff *skb;

	skb = alloc_skb(FMP_TX_HEADROOM, GFP_ATOMIC | __GFP_NOWARN);
	if (!skb)
		return NULL;
	skb_reserve(skb, FMP_TX_HEADROOM);
	for (; left; left -= n) {
		n = min(left, per_page);
		len = n * run->frame_len;
		if (n == left)
			len -= run->frame_len - run->last_len;
		if (skb_shinfo(skb)->nr_frags == MAX_SKB_FRAGS ||
		    !fmp_tx_batch_add_frag(skb, len)) {
			kfree_skb(skb);
			return NULL;
		}
	}
	return skb;
}

static void fmp_tx_batch_fill(const struct fmp_session *session,
			      const struct fmp_tx_run *run, struct sk_buff *skb,
			      u8 ce, u32 timestamp, u64 counter)
{
	const skb_frag_t *frag = NULL;
	unsigned int i, n = 0, at = 0;
	u8 *frame;

	for (i = run->first; i < run->first + run->n; i++) {
		if (!frag || at >= skb_frag_size(frag)) {
			frag = &skb_shinfo(skb)->frags[n++];
			at = 0;
		}
		frame = skb_frag_address(frag) + at;
		fmp_segment_write(run->segments, i, frame + FMP_IP_HEADROOM);
		fmp_tx_seal_ip(session, frame,
			       fmp_segment_len(run->segments, i), counter++,
			       timestamp, ce);
		at += run->frame_len;
	}
}

/* For the UDP header that is still to be pushed. A frame alone is no batch. */
static void fmp_tx_batch_set_gso(struct sk_buff *skb,
				 const struct fmp_tx_run *run)
{
	if (run->n == 1)
		return;
	skb_shinfo(skb)->gso_size = run->frame_len;
	skb_shinfo(skb)->gso_segs = run->n;
	skb_shinfo(skb)->gso_type = SKB_GSO_UDP_L4;
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) - sizeof(struct udphdr);
	skb->csum_offset = offsetof(struct udphdr, check);
}

static void fmp_tx_batch_count(struct fmp_peer *peer, unsigned int frames,
			       unsigned int frame_bytes)
{
	const unsigned int headers = FMP_IP_HEADROOM + FMP_TAG_LEN;
	struct fmp_dev *fmp = peer->fmp;

	fmp_stat_add(fmp, FMP_TX_FRAMES, frames);
	fmp_stat_batch(fmp, FMP_TX_BATCH_2, FMP_TX_BATCH_FRAMES, frames);
	fmp_peer_stat_add(peer, FMP_PEER_TX_PACKETS, frames);
	fmp_peer_stat_add(peer, FMP_PEER_TX_BYTES, frame_bytes);
	dev_sw_netstats_tx_add(fmp->dev, frames,
			       frame_bytes - frames * headers);
}

/*
 * The socket that sent the packet stays charged until the last of it is out,
 * or segmented, which keeps TCP from filling the queues below. Others than
 * sockets that send are not asked to wait: what gives back their charge may
 * want the packet.
 */
static void fmp_tx_batch_charge(struct sk_buff *skb, struct sk_buff *packet)
{
	struct sock *sk = packet->sk;
	int more = skb->truesize - packet->truesize;

	if (!fmp_tx_batch_owner_known(packet))
		return;
	if (more > 0)
		refcount_add(more, &sk->sk_wmem_alloc);
	else if (more < 0)
		WARN_ON_ONCE(refcount_sub_and_test(-more, &sk->sk_wmem_alloc));
	swap(skb->sk, packet->sk);
	swap(skb->destructor, packet->destructor);
}

static void fmp_tx_batch_copy_meta(struct sk_buff *skb,
				   const struct sk_buff *packet)
{
	skb_copy_hash(skb, packet);
	skb->priority = packet->priority;
	skb_set_queue_mapping(skb, skb_get_queue_mapping(packet));
}

static int fmp_tx_batch_send(struct fmp_session *session,
			     struct fmp_endpoint *endpoint,
			     const struct fmp_route *route,
			     const struct fmp_tx_outer *outer,
			     const struct fmp_tx_run *run,
			     struct sk_buff *packet)
{
	struct fmp_peer *peer = session->peer;
	unsigned int frame_bytes;
	struct sk_buff *skb;
	u32 timestamp;
	u64 counter;

	skb = fmp_tx_batch_alloc(run);
	if (!skb)
		return -ENOMEM;
	if (!fmp_counter_take_many(&session->send_counter, run->n, &counter)) {
		kfree_skb(skb);
		return -EKEYEXPIRED;
	}
	timestamp = fmp_session_now_ms() - session->established;
	fmp_mmp_sent(session, counter, timestamp, FMP_MMP_TRAFFIC_DATA);
	fmp_tx_batch_fill(session, run, skb, outer->ce, timestamp, counter);
	fmp_tx_batch_set_gso(skb, run);
	fmp_tx_batch_copy_meta(skb, packet);
	if (run->first + run->n == run->segments->n)
		fmp_tx_batch_charge(skb, packet);

	frame_bytes = skb->len;
	dst_hold(route->dst);
	fmp_endpoint_xmit(peer->fmp, endpoint, route, skb, outer->tos,
			  outer->df);
	fmp_tx_batch_count(peer, run->n, frame_bytes);
	return 0;
}

/**
 * fmp_tx_batch() - send the segments of a packet in as few packets as possible
 * @session: seals them
 * @endpoint: where its peer is
 * @route: the route there; its reference stays the caller's
 * @outer: what is common to them
 * @skb: inner GSO packet; consumed if it was sent
 *
 * Context: RCU read section, bottom halves disabled.
 * Return: false if its segments have to be sent one by one; nothing was done
 * then.
 */
bool fmp_tx_batch(struct fmp_session *session, struct fmp_endpoint *endpoint,
		  const struct fmp_route *route,
		  const struct fmp_tx_outer *outer, struct sk_buff *skb)
{
	struct fmp_segments segments;
	struct fmp_tx_run run = { .segments = &segments };
	unsigned int limit;
	int err;

	if (!fmp_segments_read(&segments, skb))
		return false;
	run.frame_len = fmp_tx_batch_frame_len(&segments, 0);
	limit = fmp_tx_batch_limit(endpoint, route, run.frame_len);
	if (limit < 2)
		return false;
	/* As many in each as there are packets for, so that none is left over. */
	limit = DIV_ROUND_UP(segments.n, DIV_ROUND_UP(segments.n, limit));
	for (; run.first < segments.n; run.first += run.n) {
		run.n = min(limit, segments.n - run.first);
		run.last_len = fmp_tx_batch_frame_len(&segments,
						      run.first + run.n - 1);
		err = fmp_tx_batch_send(session, endpoint, route, outer, &run,
					skb);
		if (unlikely(err && !run.first))
			return false;
		if (unlikely(err)) {
			fmp_tx_drop_peer(session->peer, skb,
					 err == -ENOMEM ?
					 FMP_TX_DROP_NOMEM :
					 FMP_TX_DROP_COUNTER_LIMIT);
			return true;
		}
	}
	consume_skb(skb);
	return true;
}

/**
 * fmp_tx_batch_module_exit() - free what batches keep
 *
 * Context: Process context, no device is left.
 */
void fmp_tx_batch_module_exit(void)
{
	fmp_rooms_free(&fmp_tx_rooms);
}
