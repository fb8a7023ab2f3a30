// SPDX-License-Identifier: GPL-2.0
/*
 * Merging: packets of a batch that are segments of one stream become one.
 *
 * GRO would make the same of them, but has to find out, for each, which of all
 * streams it belongs to, and to be given a buffer for each. Here they come one
 * right after the other: the payload is decrypted to where the one before it
 * ends. What is merged is what segments again to the same packets; as with GRO
 * it is not done where a device is told not to, and of UDP only for sockets
 * that ask for it. GRO gets the result, and may merge more.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/tcp.h>
#include <net/udp.h>

#include "merge.h"
#include "room.h"

/* As GRO has it. */
#define FMP_MERGE_UDP_MAX	64U
/* One that is opened in vain has to be copied. */
#define FMP_MERGE_MISSES_MAX	2U

static const struct tcphdr *fmp_merge_tcp(const struct fmp_merge *merge,
					  const u8 *packet)
{
	return (const struct tcphdr *)(packet + merge->ip_len);
}

static const struct udphdr *fmp_merge_udp(const struct fmp_merge *merge,
					  const u8 *packet)
{
	return (const struct udphdr *)(packet + merge->ip_len);
}

static bool fmp_merge_is_ip4(const struct fmp_merge *merge)
{
	return merge->skb->protocol == htons(ETH_P_IP);
}

static bool fmp_merge_is_tcp(const struct fmp_merge *merge)
{
	return merge->header_len - merge->ip_len != sizeof(struct udphdr);
}

/* --- what is known of all */

/**
 * fmp_merge_init() - begin with a batch
 * @merge: without a packet, afterwards
 * @rooms: where to get pages
 *
 * Context: Any.
 */
void fmp_merge_init(struct fmp_merge *merge,
		    struct fmp_rooms __percpu *rooms)
{
	merge->rooms = rooms;
	merge->misses = 0;
	merge->source.known = false;
	merge->plain_ports = 0;
	merge->skb = NULL;
}

/**
 * fmp_merge_knows_source() - tell whether others came from the same address
 * @merge: of a batch of one peer
 * @skb: from its IP header on
 *
 * Context: Any.
 * Return: true if fmp_merge_note_source() was told so.
 */
bool fmp_merge_knows_source(const struct fmp_merge *merge,
			    const struct sk_buff *skb)
{
	const struct fmp_merge_source *source = &merge->source;

	if (!source->known || source->protocol != skb->protocol)
		return false;
	if (skb->protocol == htons(ETH_P_IP))
		return source->address.s6_addr32[0] == ip_hdr(skb)->saddr;
	return ipv6_addr_equal(&source->address, &ipv6_hdr(skb)->saddr);
}

/**
 * fmp_merge_note_source() - remember where the peer may send from
 * @merge: of a batch of one peer
 * @skb: from its IP header on
 *
 * Context: Any.
 */
void fmp_merge_note_source(struct fmp_merge *merge, const struct sk_buff *skb)
{
	struct fmp_merge_source *source = &merge->source;

	source->known = true;
	source->protocol = skb->protocol;
	if (skb->protocol == htons(ETH_P_IP))
		source->address.s6_addr32[0] = ip_hdr(skb)->saddr;
	else
		source->address = ipv6_hdr(skb)->saddr;
}

/* Source and destination of UDP or TCP, behind a plain header; 0 elsewhere. */
static __be32 fmp_merge_ports(const struct sk_buff *skb, u8 wanted)
{
	unsigned int len = sizeof(struct ipv6hdr);
	u8 protocol;

	if (skb->protocol == htons(ETH_P_IP)) {
		len = sizeof(struct iphdr);
		protocol = ip_hdr(skb)->ihl == len / 4 ?
			   ip_hdr(skb)->protocol : 0;
	} else {
		protocol = ipv6_hdr(skb)->nexthdr;
	}
	if (protocol != wanted || skb->len < len + sizeof(struct udphdr))
		return 0;
	return *(const __be32 *)(skb->data + len);
}

/**
 * fmp_merge_is_plain() - tell whether GRO can do nothing with a packet
 * @merge: of its batch, to which fmp_merge_begin() has not taken it
 * @skb: from its IP header on
 *
 * By the ports alone: two sockets with the same would have to be with one peer.
 *
 * Context: Any.
 * Return: true if it is one that nobody wants to be merged.
 */
bool fmp_merge_is_plain(const struct fmp_merge *merge,
			const struct sk_buff *skb)
{
	return merge->plain_ports &&
	       fmp_merge_ports(skb, IPPROTO_UDP) == merge->plain_ports;
}

/* --- the first one */

/* The protocol in an IP packet with a plain header, or 0. */
static u8 fmp_merge_read_ip(struct fmp_merge *merge, const struct sk_buff *skb)
{
	const struct ipv6hdr *ip6h = (const struct ipv6hdr *)skb->data;
	const struct iphdr *iph = (const struct iphdr *)skb->data;

	if (skb->protocol != htons(ETH_P_IP)) {
		merge->ip_len = sizeof(*ip6h);
		return ip6h->nexthdr;
	}
	if (iph->ihl != sizeof(*iph) / 4 || iph->frag_off & ~htons(IP_DF) ||
	    ip_fast_csum(iph, sizeof(*iph) / 4))
		return 0;
	merge->ip_len = sizeof(*iph);
	return iph->protocol;
}

static bool fmp_merge_read_tcp(struct fmp_merge *merge,
			       const struct sk_buff *skb)
{
	const struct tcphdr *th = fmp_merge_tcp(merge, skb->data);

	if (skb->len < merge->ip_len + sizeof(*th) ||
	    th->doff < sizeof(*th) / 4)
		return false;
	/* No flag but ACK, and none that there may be one day. */
	if ((tcp_flag_word(th) & htonl(0x0fff0000)) != TCP_FLAG_ACK)
		return false;
	merge->header_len = merge->ip_len + th->doff * 4;
	merge->seq = ntohl(th->seq);
	return true;
}

static struct sock *fmp_merge_lookup4(const struct sk_buff *skb,
				      const struct udphdr *uh)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;

	return __udp4_lib_lookup(dev_net(skb->dev), iph->saddr, uh->source,
				 iph->daddr, uh->dest, skb->dev->ifindex, 0,
				 NULL);
}

#if IS_ENABLED(CONFIG_IPV6)
static struct sock *fmp_merge_lookup6(const struct sk_buff *skb,
				      const struct udphdr *uh)
{
	const struct ipv6hdr *ip6h = (const struct ipv6hdr *)skb->data;

	return __udp6_lib_lookup(dev_net(skb->dev), &ip6h->saddr, uh->source,
				 &ip6h->daddr, uh->dest, skb->dev->ifindex, 0,
				 NULL);
}
#else
static struct sock *fmp_merge_lookup6(const struct sk_buff *skb,
				      const struct udphdr *uh)
{
	return NULL;
}
#endif

/* Who GRO would ask is only looked for where it would find the same. */
static bool fmp_merge_udp_wanted(struct fmp_merge *merge,
				 const struct sk_buff *skb,
				 const struct udphdr *uh)
{
	struct sock *sk;

	if (netif_is_l3_slave(skb->dev) ||
	    skb->dev->features & NETIF_F_GRO_UDP_FWD)
		return false;
	sk = skb->protocol == htons(ETH_P_IP) ? fmp_merge_lookup4(skb, uh) :
						fmp_merge_lookup6(skb, uh);
	if (sk && READ_ONCE(udp_sk(sk)->gro_receive))
		return false;
	if (sk && fmp_compat_udp_gro_enabled(sk))
		return true;
	merge->plain_ports = fmp_merge_ports(skb, IPPROTO_UDP);
	return false;
}

static bool fmp_merge_read_udp(struct fmp_merge *merge,
			       const struct sk_buff *skb)
{
	const struct udphdr *uh = fmp_merge_udp(merge, skb->data);

	merge->header_len = merge->ip_len + sizeof(*uh);
	return skb->len > merge->header_len && uh->check &&
	       ntohs(uh->len) == skb->len - merge->ip_len &&
	       fmp_merge_udp_wanted(merge, skb, uh);
}

static bool fmp_merge_read(struct fmp_merge *merge, const struct sk_buff *skb)
{
	u8 protocol = fmp_merge_read_ip(merge, skb);

	merge->seq = 0;
	if (protocol == IPPROTO_TCP)
		return fmp_merge_read_tcp(merge, skb);
	return protocol == IPPROTO_UDP && fmp_merge_read_udp(merge, skb);
}

/* What is chained instead has to be one by one. */
static bool fmp_merge_is_off(const struct net_device *dev)
{
	return netif_elide_gro(dev) || dev->features & NETIF_F_GRO_FRAGLIST;
}

/**
 * fmp_merge_begin() - take a packet that others may join
 * @merge: without one
 * @skb: linear, from its IP header on, with its device; the caller's no more
 *       unless false is returned
 *
 * Context: RCU read section, bottom halves disabled.
 * Return: false if none may join it.
 */
bool fmp_merge_begin(struct fmp_merge *merge, struct sk_buff *skb)
{
	if (!merge->left || merge->misses > FMP_MERGE_MISSES_MAX ||
	    fmp_merge_is_plain(merge, skb) || fmp_merge_is_off(skb->dev) ||
	    !fmp_merge_read(merge, skb) || skb->len <= merge->header_len)
		return false;
	merge->size = skb->len - merge->header_len;
	merge->seq += merge->size;
	merge->skb = skb;
	merge->n = 1;
	merge->closed = false;
	merge->page = NULL;
	merge->at = NULL;
	merge->end = NULL;
	merge->fixed_id = false;
	return true;
}

/* --- those that follow */

static bool fmp_merge_is_full(const struct fmp_merge *merge)
{
	unsigned int max = fmp_compat_gro_max_size(merge->skb->dev,
						   fmp_merge_is_ip4(merge));

	if (merge->skb->len + merge->size > min_t(unsigned int, max, U16_MAX))
		return true;
	return !fmp_merge_is_tcp(merge) && merge->n >= FMP_MERGE_UDP_MAX;
}

/* Nobody needs what was not used. */
static void fmp_merge_put_page(struct fmp_merge *merge)
{
	u8 *used = PTR_ALIGN(merge->at + FMP_TAG_LEN, SMP_CACHE_BYTES);
	u8 *page;

	if (!merge->page)
		return;
	page = page_address(merge->page);
	if (!merge->attached)
		used = merge->taken - merge->room;
	if (used < merge->taken) {
		fmp_room_give_back(merge->rooms, merge->page, used - page,
				   merge->taken - page);
		if (merge->attached)
			merge->skb->truesize -= merge->taken - used;
	}
	if (!merge->attached)
		put_page(merge->page);
	merge->page = NULL;
}

/* For all that may still come, as far as a page goes. */
static bool fmp_merge_get_page(struct fmp_merge *merge)
{
	const unsigned int around = FMP_MERGE_LEAD + FMP_TAG_LEN;
	unsigned int n, offset;

	fmp_merge_put_page(merge);
	n = min(merge->left + 1, (FMP_ROOM_SIZE - around) / merge->size);
	if (!n || skb_shinfo(merge->skb)->nr_frags == MAX_SKB_FRAGS)
		return false;
	merge->room = SKB_DATA_ALIGN(around + n * merge->size);
	merge->page = fmp_room_take(merge->rooms, merge->room, &offset);
	if (!merge->page)
		return false;
	merge->attached = false;
	merge->at = page_address(merge->page) + offset + FMP_MERGE_LEAD;
	merge->end = merge->at + n * merge->size;
	merge->taken = page_address(merge->page) + offset + merge->room;
	return true;
}

/**
 * fmp_merge_place() - get memory to open a frame in
 * @merge: with a packet
 * @inner_len: length of the plaintext with the next one
 *
 * There is room for the header ahead of it, and for the tag behind. It ends
 * with the payload right behind that of the packet before: until
 * fmp_merge_join() or fmp_merge_refuse() the latter's end is overwritten.
 *
 * Context: Bottom halves disabled.
 * Return: Where the plaintext may be written, by fmp_open_into() or fmp_open(),
 * or NULL if it has to go elsewhere.
 */
u8 *fmp_merge_place(struct fmp_merge *merge, unsigned int inner_len)
{
	unsigned int ahead = sizeof(struct fmp_inner_ip) + merge->header_len;

	if (merge->closed || inner_len <= ahead ||
	    inner_len - ahead > merge->size || fmp_merge_is_full(merge))
		return NULL;
	if (merge->end - merge->at < merge->size &&
	    !fmp_merge_get_page(merge))
		return NULL;
	merge->kept_len = FMP_HDR_LEN + ahead;
	memcpy(merge->kept, merge->at - merge->kept_len, merge->kept_len);
	return merge->at - ahead;
}

/* Each has the next, or all have the same where that means nothing (RFC 6864). */
static bool fmp_merge_same_id(const struct fmp_merge *merge,
			      const struct iphdr *first,
			      const struct iphdr *iph)
{
	u16 step = ntohs(iph->id) - ntohs(first->id);

	if (step == merge->n)
		return !merge->fixed_id;
	return !step && iph->frag_off & htons(IP_DF) &&
	       fmp_merge_is_tcp(merge) && (merge->n == 1 || merge->fixed_id);
}

static bool fmp_merge_same_ip4(const struct fmp_merge *merge, const u8 *packet,
			       unsigned int len)
{
	const struct iphdr *first = (const struct iphdr *)merge->skb->data;
	const struct iphdr *iph = (const struct iphdr *)packet;

	return iph->version == 4 && iph->ihl == first->ihl &&
	       iph->tos == first->tos && ntohs(iph->tot_len) == len &&
	       fmp_merge_same_id(merge, first, iph) &&
	       iph->frag_off == first->frag_off && iph->ttl == first->ttl &&
	       iph->protocol == first->protocol &&
	       iph->saddr == first->saddr && iph->daddr == first->daddr &&
	       !ip_fast_csum(iph, sizeof(*iph) / 4);
}

static bool fmp_merge_same_ip6(const struct fmp_merge *merge, const u8 *packet,
			       unsigned int len)
{
	const struct ipv6hdr *first = (const struct ipv6hdr *)merge->skb->data;
	const struct ipv6hdr *ip6h = (const struct ipv6hdr *)packet;

	return !memcmp(ip6h, first, offsetof(struct ipv6hdr, payload_len)) &&
	       ntohs(ip6h->payload_len) == len - sizeof(*ip6h) &&
	       ip6h->nexthdr == first->nexthdr &&
	       ip6h->hop_limit == first->hop_limit &&
	       ipv6_addr_equal(&ip6h->saddr, &first->saddr) &&
	       ipv6_addr_equal(&ip6h->daddr, &first->daddr);
}

/* The last one may be pushed. */
static bool fmp_merge_same_tcp(const struct fmp_merge *merge, const u8 *packet)
{
	const struct tcphdr *first = fmp_merge_tcp(merge, merge->skb->data);
	const struct tcphdr *th = fmp_merge_tcp(merge, packet);

	return th->source == first->source && th->dest == first->dest &&
	       ntohl(th->seq) == merge->seq && th->ack_seq == first->ack_seq &&
	       !((tcp_flag_word(th) ^ tcp_flag_word(first)) & ~TCP_FLAG_PSH) &&
	       th->urg_ptr == first->urg_ptr &&
	       !memcmp(th + 1, first + 1, th->doff * 4 - sizeof(*th));
}

static bool fmp_merge_same_udp(const struct fmp_merge *merge, const u8 *packet,
			       unsigned int len)
{
	const struct udphdr *first = fmp_merge_udp(merge, merge->skb->data);
	const struct udphdr *uh = fmp_merge_udp(merge, packet);

	return uh->source == first->source && uh->dest == first->dest &&
	       uh->check && ntohs(uh->len) == len - merge->ip_len;
}

/**
 * fmp_merge_fits() - tell whether a packet continues those before it
 * @merge: with a packet
 * @inner: plaintext of an authentic frame, where fmp_merge_place() said
 * @inner_len: its length
 *
 * Context: Bottom halves disabled.
 * Return: true if it may join them.
 */
bool fmp_merge_fits(const struct fmp_merge *merge, const u8 *inner,
		    unsigned int inner_len)
{
	const struct fmp_inner_ip *ahead = (const struct fmp_inner_ip *)inner;
	unsigned int len = inner_len - sizeof(*ahead);
	const u8 *packet = inner + sizeof(*ahead);

	if (ahead->type != FMP_LINK_IP)
		return false;
	if (fmp_merge_is_ip4(merge) ? !fmp_merge_same_ip4(merge, packet, len) :
				      !fmp_merge_same_ip6(merge, packet, len))
		return false;
	return fmp_merge_is_tcp(merge) ?
	       fmp_merge_same_tcp(merge, packet) :
	       fmp_merge_same_udp(merge, packet, len);
}

static void fmp_merge_restore(struct fmp_merge *merge)
{
	memcpy(merge->at - merge->kept_len, merge->kept, merge->kept_len);
}

static void fmp_merge_add_payload(struct fmp_merge *merge, unsigned int len)
{
	struct skb_shared_info *shinfo = skb_shinfo(merge->skb);

	if (!merge->attached) {
		skb_add_rx_frag(merge->skb, shinfo->nr_frags, merge->page,
				merge->at - (u8 *)page_address(merge->page),
				len, merge->room);
		merge->attached = true;
		return;
	}
	skb_frag_size_add(&shinfo->frags[shinfo->nr_frags - 1], len);
	merge->skb->len += len;
	merge->skb->data_len += len;
}

static void fmp_merge_note_tcp(struct fmp_merge *merge, const u8 *packet)
{
	const struct iphdr *iph = (const struct iphdr *)packet;
	u8 *head = merge->skb->data;

	if (fmp_merge_is_ip4(merge))
		merge->fixed_id = iph->id == ((struct iphdr *)head)->id;
	if (!fmp_merge_tcp(merge, packet)->psh)
		return;
	((struct tcphdr *)(head + merge->ip_len))->psh = 1;
	merge->closed = true;
}

/**
 * fmp_merge_join() - add a packet to those before it
 * @merge: with a packet
 * @inner_len: length of the plaintext, which fmp_merge_fits() has looked at
 *
 * Context: Bottom halves disabled.
 */
void fmp_merge_join(struct fmp_merge *merge, unsigned int inner_len)
{
	unsigned int len = inner_len + FMP_HDR_LEN - merge->kept_len;

	if (fmp_merge_is_tcp(merge))
		fmp_merge_note_tcp(merge, merge->at - merge->header_len);
	fmp_merge_restore(merge);
	fmp_merge_add_payload(merge, len);
	merge->closed |= len < merge->size;
	merge->at += len;
	merge->seq += len;
	merge->n++;
}

/**
 * fmp_merge_refuse() - leave a frame out that was opened in vain
 * @merge: with a packet
 * @authentic: it was
 *
 * Context: Bottom halves disabled.
 */
void fmp_merge_refuse(struct fmp_merge *merge, bool authentic)
{
	merge->misses += authentic;
	fmp_merge_restore(merge);
}

/* --- the result */

static void fmp_merge_fix_ip(const struct fmp_merge *merge)
{
	struct sk_buff *skb = merge->skb;
	struct ipv6hdr *ip6h = (struct ipv6hdr *)skb->data;
	struct iphdr *iph = (struct iphdr *)skb->data;

	if (!fmp_merge_is_ip4(merge)) {
		ip6h->payload_len = htons(skb->len - sizeof(*ip6h));
		return;
	}
	iph->tot_len = htons(skb->len);
	ip_send_check(iph);
}

static __sum16 fmp_merge_pseudo(const struct fmp_merge *merge, u8 protocol)
{
	const struct sk_buff *skb = merge->skb;
	const struct ipv6hdr *ip6h = (const struct ipv6hdr *)skb->data;
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	unsigned int len = skb->len - merge->ip_len;

	if (fmp_merge_is_ip4(merge))
		return ~csum_tcpudp_magic(iph->saddr, iph->daddr, len,
					  protocol, 0);
	return ~csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr, len, protocol, 0);
}

static void fmp_merge_fix_tcp(const struct fmp_merge *merge)
{
	struct sk_buff *skb = merge->skb;
	struct tcphdr *th = (struct tcphdr *)(skb->data + merge->ip_len);

	th->check = fmp_merge_pseudo(merge, IPPROTO_TCP);
	skb->csum_offset = offsetof(struct tcphdr, check);
	skb_shinfo(skb)->gso_type = fmp_merge_is_ip4(merge) ? SKB_GSO_TCPV4 :
							      SKB_GSO_TCPV6;
	if (merge->fixed_id)
		skb_shinfo(skb)->gso_type |= SKB_GSO_TCP_FIXEDID;
}

static void fmp_merge_fix_udp(const struct fmp_merge *merge)
{
	struct sk_buff *skb = merge->skb;
	struct udphdr *uh = (struct udphdr *)(skb->data + merge->ip_len);

	uh->len = htons(skb->len - merge->ip_len);
	uh->check = fmp_merge_pseudo(merge, IPPROTO_UDP);
	skb->csum_offset = offsetof(struct udphdr, check);
	skb_shinfo(skb)->gso_type = SKB_GSO_UDP_L4;
}

static void fmp_merge_fix(const struct fmp_merge *merge)
{
	struct sk_buff *skb = merge->skb;

	fmp_merge_fix_ip(merge);
	if (fmp_merge_is_tcp(merge))
		fmp_merge_fix_tcp(merge);
	else
		fmp_merge_fix_udp(merge);
	skb_shinfo(skb)->gso_size = merge->size;
	skb_shinfo(skb)->gso_segs = merge->n;
	skb_set_transport_header(skb, merge->ip_len);
	skb->csum_start = skb_headroom(skb) + merge->ip_len;
	skb->csum_level = 0;
	skb->ip_summed = CHECKSUM_PARTIAL;
}

/**
 * fmp_merge_end() - give what has become of a packet
 * @merge: with a packet or without; without one afterwards
 *
 * Context: Bottom halves disabled.
 * Return: The packet, as GRO would have made it, for the caller; or NULL.
 */
struct sk_buff *fmp_merge_end(struct fmp_merge *merge)
{
	struct sk_buff *skb = merge->skb;

	if (!skb)
		return NULL;
	fmp_merge_put_page(merge);
	if (merge->n > 1)
		fmp_merge_fix(merge);
	merge->skb = NULL;
	return skb;
}
