// SPDX-License-Identifier: GPL-2.0
/*
 * Batches: frames that arrive as one packet.
 *
 * A UDP GSO packet comes from a sender on this host, from another guest's
 * driver, or from GRO, which merges what a NIC received if the socket asks for
 * it. UDP takes it apart before encap_rcv sees it. Here it is taken as a whole,
 * at the end of the hook where the host filters its input: once through the
 * stack for all frames, one look for the session, one claim of its lane. What
 * is not entirely frames of one session that can be opened here and now goes
 * on to UDP, and comes as single datagrams.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/net_namespace.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netns/generic.h>
#include <net/sock.h>
#include <net/udp.h>
#include <net/xfrm.h>

#include "delivery.h"
#include "device.h"
#include "index.h"
#include "lane.h"
#include "merge.h"
#include "peer.h"
#include "replay.h"
#include "room.h"
#include "rx.h"
#include "rx-batch.h"
#include "session.h"
#include "wire.h"

/* As many as a socket may send at once; opened with nobody else's turn between. */
#define FMP_RX_BATCH_MAX	128U

/* For headers that the stack may push. */
#define FMP_RX_BATCH_HEADROOM	ALIGN(NET_SKB_PAD + FMP_OPEN_HEADROOM, \
				      L1_CACHE_BYTES)

static DEFINE_FMP_ROOMS(fmp_rx_rooms);

/**
 * struct fmp_rx_cursor - a place in a packet
 * @skb: the packet, or one of its list
 * @list: what follows @skb
 * @frag: what follows @at in @skb
 * @start: where the memory begins that @at is in
 * @at: the place
 * @left: bytes in one piece from there on
 * @ours: no program can write to them
 */
struct fmp_rx_cursor {
	const struct sk_buff *skb;
	const struct sk_buff *list;
	unsigned int frag;
	const u8 *start;
	const u8 *at;
	unsigned int left;
	bool ours;
};

static void fmp_rx_cursor_enter(struct fmp_rx_cursor *cursor,
				const struct sk_buff *skb)
{
	cursor->skb = skb;
	cursor->frag = 0;
	cursor->start = skb->head;
	cursor->at = skb->data;
	cursor->left = skb_headlen(skb);
	cursor->ours = true;
}

static bool fmp_rx_cursor_next_piece(struct fmp_rx_cursor *cursor)
{
	const struct skb_shared_info *shinfo = skb_shinfo(cursor->skb);
	const struct sk_buff *skb = cursor->list;
	const skb_frag_t *frag;

	if (cursor->frag < shinfo->nr_frags) {
		frag = &shinfo->frags[cursor->frag++];
		cursor->at = skb_frag_address(frag);
		cursor->start = cursor->at - skb_frag_off(frag);
		cursor->left = skb_frag_size(frag);
		cursor->ours = fmp_room_owns(skb_frag_page(frag));
		return true;
	}
	if (!skb)
		return false;
	cursor->list = skb->next;
	fmp_rx_cursor_enter(cursor, skb);
	return true;
}

static void fmp_rx_cursor_skip(struct fmp_rx_cursor *cursor, unsigned int len)
{
	while (len > cursor->left) {
		len -= cursor->left;
		cursor->left = 0;
		if (!fmp_rx_cursor_next_piece(cursor))
			return;
	}
	cursor->at += len;
	cursor->left -= len;
}

/* Returns NULL where so many bytes are not in one piece. */
static const u8 *fmp_rx_cursor_peek(struct fmp_rx_cursor *cursor,
				    unsigned int len)
{
	while (!cursor->left)
		if (!fmp_rx_cursor_next_piece(cursor))
			return NULL;
	return cursor->left >= len ? cursor->at : NULL;
}

static void fmp_rx_cursor_init(struct fmp_rx_cursor *cursor,
			       const struct fmp_rx_batch *batch)
{
	cursor->list = skb_shinfo(batch->skb)->frag_list;
	fmp_rx_cursor_enter(cursor, batch->skb);
	fmp_rx_cursor_skip(cursor, batch->offset);
}

static unsigned int fmp_rx_batch_len(const struct fmp_rx_batch *batch,
				     unsigned int i)
{
	return min(batch->frame_len, batch->skb->len - batch->offset -
				     i * batch->frame_len);
}

/* Linear, in a page that is used again; NULL if there is none for it. */
static struct sk_buff *fmp_rx_batch_build(unsigned int len)
{
	unsigned int size = SKB_DATA_ALIGN(FMP_RX_BATCH_HEADROOM + len) +
			    SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
	unsigned int offset;
	struct sk_buff *skb;
	struct page *page;

	if (size > FMP_ROOM_SIZE)
		return NULL;
	page = fmp_room_take(&fmp_rx_rooms, size, &offset);
	if (!page)
		return NULL;
	skb = napi_build_skb(page_address(page) + offset, size);
	if (!skb) {
		put_page(page);
		return NULL;
	}
	skb_reserve(skb, FMP_RX_BATCH_HEADROOM);
	return skb;
}

static struct sk_buff *fmp_rx_batch_alloc(struct fmp_dev *fmp,
					  unsigned int len)
{
	struct fmp_lane *lane = this_cpu_ptr(fmp->lanes);
	struct sk_buff *skb = fmp_rx_batch_build(len);

	return likely(skb) ? skb : napi_alloc_skb(&lane->napi, len);
}

/* A datagram as encap_rcv gets it, with the headers of the batch. */
static struct sk_buff *fmp_rx_batch_datagram(struct fmp_dev *fmp,
					     const struct fmp_rx_batch *batch,
					     unsigned int frame_len)
{
	unsigned int network_len = skb_network_header_len(batch->skb);
	unsigned int headers = network_len + sizeof(struct udphdr);
	struct sk_buff *skb;

	skb = fmp_rx_batch_alloc(fmp, headers + frame_len);
	if (unlikely(!skb))
		return NULL;
	skb_put_data(skb, skb_network_header(batch->skb), headers);
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, network_len);
	__skb_pull(skb, network_len);
	skb_put(skb, frame_len);
	skb->protocol = batch->skb->protocol;
	skb->skb_iif = batch->skb->skb_iif;
	return skb;
}

static u64 fmp_rx_batch_counter(const u8 *sealed)
{
	return get_unaligned_le64(&((const struct fmp_hdr *)sealed)->counter);
}

/* The frame if it can be opened into other memory where it is, or NULL. */
static const u8 *fmp_rx_batch_in_place(struct fmp_rx_cursor *cursor,
				       unsigned int len)
{
	const u8 *sealed = fmp_rx_cursor_peek(cursor, len);

	/*
	 * What a program may still write to would be authenticated as something
	 * else than what is decrypted.
	 */
	if (unlikely(!sealed || !cursor->ours ||
		     sealed - cursor->start < FMP_OPEN_HEADROOM))
		return NULL;
	return sealed;
}

/*
 * Opens frame @i, at @cursor, into a datagram that has room for all of it and
 * its header already.
 */
static bool fmp_rx_batch_decrypt(const struct fmp_session *session,
				 const struct fmp_rx_batch *batch,
				 struct fmp_rx_cursor *cursor, unsigned int i,
				 struct sk_buff *skb)
{
	unsigned int len = fmp_rx_batch_len(batch, i);
	u8 *frame = skb->data + sizeof(struct udphdr);
	u64 counter = fmp_rx_counter(skb);
	const u8 *sealed = fmp_rx_batch_in_place(cursor, len);

	if (likely(sealed))
		return fmp_open_into(frame + FMP_HDR_LEN, sealed,
				     len - FMP_FRAME_MIN, counter,
				     &session->receive_key);
	if (skb_copy_bits(batch->skb, batch->offset + i * batch->frame_len +
				      FMP_HDR_LEN,
			  frame + FMP_HDR_LEN, len - FMP_HDR_LEN))
		return false;
	return fmp_open(frame, len - FMP_FRAME_MIN, counter,
			&session->receive_key);
}

static struct sk_buff *fmp_rx_batch_new(struct fmp_session *session,
					const struct fmp_rx_batch *batch,
					unsigned int i, const void *hdr)
{
	struct fmp_dev *fmp = session->peer->fmp;
	struct sk_buff *skb;

	skb = fmp_rx_batch_datagram(fmp, batch, fmp_rx_batch_len(batch, i));
	if (unlikely(!skb)) {
		fmp_stat_inc(fmp, FMP_RX_DROP_NOMEM);
		fmp_peer_stat_inc(session->peer, FMP_PEER_RX_DROP_OTHER);
		return NULL;
	}
	memcpy(skb->data + sizeof(struct udphdr), hdr, FMP_HDR_LEN);
	return skb;
}

/* Returns whether it was authentic and new. */
static bool fmp_rx_batch_open_alone(struct fmp_session *session,
				    const struct fmp_rx_batch *batch,
				    struct fmp_rx_cursor *cursor,
				    unsigned int i, struct fmp_merge *merge)
{
	const void *hdr = fmp_rx_cursor_peek(cursor, FMP_HDR_LEN);
	struct sk_buff *skb = fmp_rx_batch_new(session, batch, i, hdr);
	bool authentic;

	if (unlikely(!skb))
		return false;
	if (unlikely(!fmp_replay_check(&session->replay,
				       fmp_rx_counter(skb)))) {
		fmp_rx_drop_replay(session, skb);
		return false;
	}
	authentic = fmp_rx_batch_decrypt(session, batch, cursor, i, skb);
	return fmp_rx_opened(session, skb, authentic, merge);
}

/* A frame that was opened where it cannot stay becomes a datagram after all. */
static bool fmp_rx_batch_move_out(struct fmp_session *session,
				  const struct fmp_rx_batch *batch,
				  unsigned int i,
				  const struct fmp_rx_frame *frame,
				  bool authentic, struct fmp_merge *merge)
{
	struct sk_buff *skb = fmp_rx_batch_new(session, batch, i, frame->hdr);

	if (likely(skb))
		memcpy(skb->data + sizeof(struct udphdr) + FMP_HDR_LEN,
		       frame->inner, frame->len - FMP_FRAME_MIN);
	fmp_merge_refuse(merge, authentic);
	return skb && fmp_rx_opened(session, skb, authentic, merge);
}

/* The same as fmp_rx_batch_decrypt(), with the plaintext at @inner. */
static bool fmp_rx_batch_decrypt_at(const struct fmp_session *session,
				    const struct fmp_rx_batch *batch,
				    struct fmp_rx_cursor *cursor,
				    unsigned int i, u8 *inner)
{
	unsigned int len = fmp_rx_batch_len(batch, i);
	const u8 *sealed = fmp_rx_batch_in_place(cursor, len);
	u8 *frame = inner - FMP_HDR_LEN;

	if (likely(sealed)) {
		memcpy(frame, sealed, FMP_HDR_LEN);
		return fmp_open_into(inner, sealed, len - FMP_FRAME_MIN,
				     fmp_rx_batch_counter(frame),
				     &session->receive_key);
	}
	if (skb_copy_bits(batch->skb, batch->offset + i * batch->frame_len,
			  frame, len))
		return false;
	return fmp_open(frame, len - FMP_FRAME_MIN,
			fmp_rx_batch_counter(frame), &session->receive_key);
}

/* Into the packet that those before it were merged to. */
static bool fmp_rx_batch_open_merged(struct fmp_session *session,
				     const struct fmp_rx_batch *batch,
				     struct fmp_rx_cursor *cursor,
				     unsigned int i, u8 *inner,
				     struct fmp_merge *merge)
{
	const struct fmp_rx_frame frame = {
		.outer	= batch->skb,
		.hdr	= (const struct fmp_hdr *)(inner - FMP_HDR_LEN),
		.inner	= inner,
		.len	= fmp_rx_batch_len(batch, i),
	};
	unsigned int inner_len = frame.len - FMP_FRAME_MIN;
	bool authentic;

	authentic = fmp_rx_batch_decrypt_at(session, batch, cursor, i, inner);
	if (unlikely(!authentic || !fmp_merge_fits(merge, inner, inner_len) ||
		     !fmp_rx_accept(session, &frame)))
		return fmp_rx_batch_move_out(session, batch, i, &frame,
					     authentic, merge);
	fmp_merge_join(merge, inner_len);
	return true;
}

/* What a forwarder marked would have to be told of within the packet. */
static bool fmp_rx_batch_may_merge(const struct fmp_session *session,
				   const u8 *sealed)
{
	const struct fmp_hdr *hdr = (const struct fmp_hdr *)sealed;

	return !(hdr->flags & FMP_FLAG_CE) &&
	       fmp_replay_check(&session->replay, fmp_rx_batch_counter(sealed));
}

static bool fmp_rx_batch_open_one(struct fmp_session *session,
				  const struct fmp_rx_batch *batch,
				  struct fmp_rx_cursor *cursor, unsigned int i,
				  struct fmp_merge *merge)
{
	unsigned int len = fmp_rx_batch_len(batch, i);
	const u8 *hdr = fmp_rx_cursor_peek(cursor, FMP_HDR_LEN);
	u8 *inner = NULL;

	if (merge->skb && fmp_rx_batch_may_merge(session, hdr))
		inner = fmp_merge_place(merge, len - FMP_FRAME_MIN);
	if (!inner)
		return fmp_rx_batch_open_alone(session, batch, cursor, i,
					       merge);
	return fmp_rx_batch_open_merged(session, batch, cursor, i, inner,
					merge);
}

/**
 * fmp_rx_batch_open() - open the frames of a batch
 * @fmp: device
 * @session: of all of them
 * @batch: checked by who found the session
 *
 * Context: RCU read section, bottom halves disabled, on the CPU whose lane
 * owns the session.
 * Return: true if any of them was authentic and new.
 */
bool fmp_rx_batch_open(struct fmp_dev *fmp, struct fmp_session *session,
		       const struct fmp_rx_batch *batch)
{
	struct fmp_merge merge __uninitialized;
	struct fmp_rx_cursor cursor;
	bool authentic = false;
	unsigned int i;

	fmp_stat_add(fmp, FMP_RX_FRAMES, batch->frames);
	fmp_stat_add(fmp, FMP_RX_INLINE, batch->frames);
	fmp_stat_batch(fmp, FMP_RX_BATCH_2, FMP_RX_BATCH_FRAMES,
		       batch->frames);
	fmp_merge_init(&merge, &fmp_rx_rooms);
	fmp_rx_cursor_init(&cursor, batch);
	for (i = 0; i < batch->frames; i++) {
		merge.left = batch->frames - i - 1;
		authentic |= fmp_rx_batch_open_one(session, batch, &cursor, i,
						   &merge);
		fmp_rx_cursor_skip(&cursor, batch->frame_len);
	}
	fmp_delivery_end_merge(fmp, &merge);
	return authentic;
}

/* Frames of established sessions, all with the same index? */
static bool fmp_rx_batch_is_run(const struct fmp_rx_batch *batch,
				struct fmp_local_index *index)
{
	struct fmp_rx_cursor cursor;
	const struct fmp_hdr *hdr;
	unsigned int i;
	u32 value;

	fmp_rx_cursor_init(&cursor, batch);
	for (i = 0; i < batch->frames; i++) {
		hdr = (const struct fmp_hdr *)fmp_rx_cursor_peek(&cursor,
								 sizeof(*hdr));
		if (!hdr ||
		    fmp_wire_check((const u8 *)hdr,
				   fmp_rx_batch_len(batch, i)) !=
		    FMP_OK_ESTABLISHED)
			return false;
		value = get_unaligned_le32(&hdr->receiver_idx);
		if (!i)
			index->value = value;
		else if (index->value != value)
			return false;
		fmp_rx_cursor_skip(&cursor, batch->frame_len);
	}
	return true;
}

static bool fmp_rx_batch_is_udp(const struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP))
		return ip_hdr(skb)->protocol == IPPROTO_UDP;
	return ipv6_hdr(skb)->nexthdr == IPPROTO_UDP;
}

static struct sock *fmp_rx_batch_lookup4(struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	const struct udphdr *uh = udp_hdr(skb);

	return __udp4_lib_lookup(dev_net(skb->dev), iph->saddr, uh->source,
				 iph->daddr, uh->dest, inet_iif(skb),
				 inet_sdif(skb), skb);
}

#if IS_ENABLED(CONFIG_IPV6)
static struct sock *fmp_rx_batch_lookup6(struct sk_buff *skb)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);
	const struct udphdr *uh = udp_hdr(skb);

	return __udp6_lib_lookup(dev_net(skb->dev), &ip6h->saddr, uh->source,
				 &ip6h->daddr, uh->dest, inet6_iif(skb),
				 inet6_sdif(skb), skb);
}
#else
static struct sock *fmp_rx_batch_lookup6(struct sk_buff *skb)
{
	return NULL;
}
#endif

/* The device whose socket UDP would give the packet to, or NULL. */
static struct fmp_dev *fmp_rx_batch_device(struct sk_buff *skb)
{
	struct sock *sk;

	if (skb->protocol == htons(ETH_P_IP))
		sk = fmp_rx_batch_lookup4(skb);
	else
		sk = fmp_rx_batch_lookup6(skb);
	if (!sk || READ_ONCE(udp_sk(sk)->encap_rcv) != fmp_rx_encap)
		return NULL;
	return rcu_dereference_sk_user_data(sk);
}

static bool fmp_rx_batch_policy_ok(struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP))
		return xfrm4_policy_check(NULL, XFRM_POLICY_IN, skb);
	return xfrm6_policy_check(NULL, XFRM_POLICY_IN, skb);
}

/* A connection that is new is confirmed after us, by a packet that goes on. */
static bool fmp_rx_batch_is_tracked(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	enum ip_conntrack_info info;
	const struct nf_conn *ct = nf_ct_get(skb, &info);

	return !ct || nf_ct_is_confirmed(ct);
#else
	return true;
#endif
}

static bool fmp_rx_batch_read(struct sk_buff *skb, struct fmp_rx_batch *batch)
{
	const struct skb_shared_info *shinfo = skb_shinfo(skb);
	unsigned int offset = skb_transport_offset(skb) + sizeof(struct udphdr);

	if (!(shinfo->gso_type & SKB_GSO_UDP_L4) || !fmp_rx_batch_is_udp(skb) ||
	    skb_headlen(skb) < offset || skb->len <= offset)
		return false;
	/* Somebody wants it for another socket, or more than one gets it. */
	if (skb->sk || skb->pkt_type != PACKET_HOST)
		return false;
	if (!skb_csum_unnecessary(skb) || !fmp_compat_frags_readable(skb))
		return false;
	*batch = (struct fmp_rx_batch){
		.skb		= skb,
		.frame_len	= shinfo->gso_size,
		.frames		= DIV_ROUND_UP(skb->len - offset,
					       shinfo->gso_size),
		.offset		= offset,
	};
	return batch->frames > 1 && batch->frames <= FMP_RX_BATCH_MAX;
}

static bool fmp_rx_batch_receive(struct sk_buff *skb)
{
	struct fmp_local_index index;
	struct fmp_session *session;
	struct fmp_rx_batch batch;
	struct fmp_dev *fmp;

	if (!fmp_rx_batch_read(skb, &batch))
		return false;
	fmp = fmp_rx_batch_device(skb);
	if (!fmp || !READ_ONCE(fmp->config.rx_batch))
		return false;
	if (!fmp_rx_batch_is_tracked(skb) ||
	    !fmp_rx_batch_is_run(&batch, &index))
		return false;
	session = fmp_index_lookup(&fmp->indices, index);
	return session && fmp_rx_batch_policy_ok(skb) &&
	       fmp_lane_receive_batch(fmp, session, &batch);
}

static unsigned int fmp_rx_batch_input(void *priv, struct sk_buff *skb,
				       const struct nf_hook_state *state)
{
	if (likely(!skb_is_gso(skb)) || !fmp_rx_batch_receive(skb))
		return NF_ACCEPT;
	consume_skb(skb);
	return NF_STOLEN;
}

static const struct nf_hook_ops fmp_rx_batch_ops[] = {
	{
		.hook		= fmp_rx_batch_input,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_LOCAL_IN,
		.priority	= NF_IP_PRI_LAST,
	},
	{
		.hook		= fmp_rx_batch_input,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_LOCAL_IN,
		.priority	= NF_IP6_PRI_LAST,
	},
};

/**
 * struct fmp_rx_batch_net - the hooks of a namespace
 * @users: devices that are up and have their sockets in it
 */
struct fmp_rx_batch_net {
	unsigned int users;
};

static unsigned int fmp_rx_batch_net_id __read_mostly;
static DEFINE_MUTEX(fmp_rx_batch_lock); /* users */

/**
 * fmp_rx_batch_hook() - see batches before UDP does
 * @net: where a device has its sockets
 *
 * Context: Process context.
 * Return: 0 or a negative error.
 */
int fmp_rx_batch_hook(struct net *net)
{
	struct fmp_rx_batch_net *batch_net;
	int err = 0;

	batch_net = net_generic(net, fmp_rx_batch_net_id);
	mutex_lock(&fmp_rx_batch_lock);
	if (!batch_net->users)
		err = nf_register_net_hooks(net, fmp_rx_batch_ops,
					    ARRAY_SIZE(fmp_rx_batch_ops));
	if (!err)
		batch_net->users++;
	mutex_unlock(&fmp_rx_batch_lock);
	return err;
}

/**
 * fmp_rx_batch_unhook() - undo fmp_rx_batch_hook()
 * @net: where the device has its sockets
 *
 * Context: Process context.
 */
void fmp_rx_batch_unhook(struct net *net)
{
	struct fmp_rx_batch_net *batch_net;

	batch_net = net_generic(net, fmp_rx_batch_net_id);
	mutex_lock(&fmp_rx_batch_lock);
	if (!--batch_net->users)
		nf_unregister_net_hooks(net, fmp_rx_batch_ops,
					ARRAY_SIZE(fmp_rx_batch_ops));
	mutex_unlock(&fmp_rx_batch_lock);
}

static struct pernet_operations fmp_rx_batch_net_ops = {
	.id	= &fmp_rx_batch_net_id,
	.size	= sizeof(struct fmp_rx_batch_net),
};

/**
 * fmp_rx_batch_module_init() - set up what namespaces keep
 *
 * Context: Process context, at module load.
 * Return: 0 or a negative error.
 */
int fmp_rx_batch_module_init(void)
{
	return register_pernet_subsys(&fmp_rx_batch_net_ops);
}

/**
 * fmp_rx_batch_module_exit() - undo fmp_rx_batch_module_init()
 *
 * Context: Process context, no device is left.
 */
void fmp_rx_batch_module_exit(void)
{
	fmp_rooms_free(&fmp_rx_rooms);
	unregister_pernet_subsys(&fmp_rx_batch_net_ops);
}
