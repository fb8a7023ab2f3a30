// SPDX-License-Identifier: GPL-2.0
/*
 * Segments of GSO packets, written out one by one.
 *
 * For who copies and sums each segment anyway: skb_gso_segment() would make a
 * buffer for each first, which costs as much as all else that is done for it
 * here. What the result has to be is what it makes; packets that are not plain
 * TCP or UDP are left to it.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>

#include "segment.h"

#define FMP_SEGMENT_TCP		(SKB_GSO_TCPV4 | SKB_GSO_TCPV6)
#define FMP_SEGMENT_TYPES	(FMP_SEGMENT_TCP | SKB_GSO_UDP_L4 | \
				 SKB_GSO_TCP_ECN | SKB_GSO_TCP_FIXEDID)

/* One identification for all is for packets that are not fragmented (RFC 6864). */
static bool fmp_segments_plain4(const struct fmp_segments *segments,
				const struct iphdr *iph)
{
	return iph->protocol == segments->protocol && !ip_is_fragment(iph) &&
	       (!segments->fixed_id || iph->frag_off & htons(IP_DF));
}

/* The length of the IP header, or 0 for what is not plain. */
static unsigned int fmp_segments_ip_len(const struct fmp_segments *segments)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(segments->skb);
	const struct iphdr *iph = ip_hdr(segments->skb);

	if (segments->skb->protocol == htons(ETH_P_IP))
		return fmp_segments_plain4(segments, iph) ? iph->ihl * 4 : 0;
	return ip6h->nexthdr == segments->protocol ? sizeof(*ip6h) : 0;
}

static unsigned int fmp_segments_tcp_len(struct sk_buff *skb,
					 unsigned int ip_len)
{
	unsigned int len;

	if (!pskb_may_pull(skb, ip_len + sizeof(struct tcphdr)))
		return 0;
	len = ((struct tcphdr *)(skb->data + ip_len))->doff * 4;
	if (len < sizeof(struct tcphdr) || !pskb_may_pull(skb, ip_len + len))
		return 0;
	return len;
}

static unsigned int fmp_segments_udp_len(struct sk_buff *skb,
					 unsigned int ip_len)
{
	return pskb_may_pull(skb, ip_len + sizeof(struct udphdr)) ?
	       sizeof(struct udphdr) : 0;
}

/**
 * fmp_segments_read() - find out how a packet is to be segmented
 * @segments: result
 * @skb: GSO packet, its network header complete and at skb->data
 *
 * Context: Any.
 * Return: false if it has to be left to skb_gso_segment().
 */
bool fmp_segments_read(struct fmp_segments *segments, struct sk_buff *skb)
{
	const struct skb_shared_info *shinfo = skb_shinfo(skb);
	unsigned int type = shinfo->gso_type;
	bool udp = type & SKB_GSO_UDP_L4;
	unsigned int ip_len, len;

	if (type & ~FMP_SEGMENT_TYPES || udp == !!(type & FMP_SEGMENT_TCP) ||
	    skb->ip_summed != CHECKSUM_PARTIAL || skb->encapsulation)
		return false;
	/* Whoever wants to know when it is sent is told by the segments. */
	if (shinfo->tx_flags & SKBTX_ANY_TSTAMP)
		return false;
	*segments = (struct fmp_segments){
		.skb		= skb,
		.size		= shinfo->gso_size,
		.protocol	= udp ? IPPROTO_UDP : IPPROTO_TCP,
		.fixed_id	= type & SKB_GSO_TCP_FIXEDID,
	};
	ip_len = fmp_segments_ip_len(segments);
	if (!ip_len || skb_checksum_start_offset(skb) != ip_len)
		return false;
	len = udp ? fmp_segments_udp_len(skb, ip_len) :
		    fmp_segments_tcp_len(skb, ip_len);
	if (!len || !segments->size ||
	    skb->len <= ip_len + len + segments->size)
		return false;
	segments->ip_len = ip_len;
	segments->header_len = ip_len + len;
	segments->payload_len = skb->len - segments->header_len;
	segments->n = DIV_ROUND_UP(segments->payload_len, segments->size);
	return true;
}

static void fmp_segment_fix_ip(const struct fmp_segments *segments,
			       unsigned int i, unsigned int len, u8 *to)
{
	struct ipv6hdr *ip6h = (struct ipv6hdr *)to;
	struct iphdr *iph = (struct iphdr *)to;

	if (segments->skb->protocol != htons(ETH_P_IP)) {
		ip6h->payload_len = htons(len - segments->ip_len);
		return;
	}
	iph->tot_len = htons(len);
	if (!segments->fixed_id)
		iph->id = htons(ntohs(iph->id) + i);
	ip_send_check(iph);
}

/* The last one ends what the packet ends; the first one tells of it (RFC 3168). */
static void fmp_segment_fix_tcp(const struct fmp_segments *segments,
				unsigned int i, struct tcphdr *th)
{
	th->seq = htonl(ntohl(th->seq) + i * segments->size);
	if (i + 1 < segments->n) {
		th->fin = 0;
		th->psh = 0;
	}
	if (i)
		th->cwr = 0;
	th->check = 0;
}

static __sum16 fmp_segment_sum(const struct fmp_segments *segments,
			       const u8 *to, unsigned int len, __wsum csum)
{
	const struct ipv6hdr *ip6h = (const struct ipv6hdr *)to;
	const struct iphdr *iph = (const struct iphdr *)to;

	csum = csum_partial(to + segments->ip_len,
			    segments->header_len - segments->ip_len, csum);
	if (segments->skb->protocol == htons(ETH_P_IP))
		return csum_tcpudp_magic(iph->saddr, iph->daddr, len,
					 segments->protocol, csum);
	return csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr, len,
			       segments->protocol, csum);
}

/**
 * fmp_segment_write() - write a segment, its checksums made
 * @segments: of fmp_segments_read()
 * @i: which one
 * @to: room for fmp_segment_len()
 *
 * Context: Any.
 */
void fmp_segment_write(const struct fmp_segments *segments, unsigned int i,
		       u8 *to)
{
	unsigned int header_len = segments->header_len;
	unsigned int len = fmp_segment_len(segments, i);
	unsigned int ip_len = segments->ip_len;
	struct tcphdr *th = (struct tcphdr *)(to + ip_len);
	struct udphdr *uh = (struct udphdr *)(to + ip_len);
	__wsum csum;

	skb_copy_from_linear_data(segments->skb, to, header_len);
	csum = skb_copy_and_csum_bits(segments->skb,
				      header_len + i * segments->size,
				      to + header_len, len - header_len);
	fmp_segment_fix_ip(segments, i, len, to);
	if (segments->protocol == IPPROTO_TCP) {
		fmp_segment_fix_tcp(segments, i, th);
		th->check = fmp_segment_sum(segments, to, len - ip_len, csum);
		return;
	}
	uh->len = htons(len - ip_len);
	uh->check = 0;
	/* To UDP, zero means that there is none. */
	uh->check = fmp_segment_sum(segments, to, len - ip_len, csum) ?:
		    CSUM_MANGLED_0;
}
