// SPDX-License-Identifier: GPL-2.0
/*
 * Segments of GSO packets: what is written has to be what the stack makes.
 *
 * The source is included, so that this module has its own object of it. Only
 * in the kernel: it is the kernel that the result is held against.
 */
#include "../../src/segment.c"

#include <linux/netdevice.h>
#include <net/net_namespace.h>

#include "suites.h"

#define FMP_SEGMENT_MAX	1500

/**
 * struct fmp_gso_case - a GSO packet
 * @name: of the case
 * @type: SKB_GSO_*
 * @size: payload of a segment
 * @payload: of all
 * @linear: of that, what is with the headers; the rest is in pages
 * @options: bytes of TCP options
 * @ip_options: bytes of IPv4 options
 */
struct fmp_gso_case {
	const char *name;
	unsigned int type;
	unsigned int size;
	unsigned int payload;
	unsigned int linear;
	unsigned int options;
	unsigned int ip_options;
};

static const struct fmp_gso_case fmp_gso_cases[] = {
	{ "TCP over IPv4", SKB_GSO_TCPV4, 1368, 5000, 0, 12, 0 },
	{ "TCP over IPv4, linear", SKB_GSO_TCPV4, 100, 900, 900, 0, 0 },
	{ "TCP over IPv4, no short one", SKB_GSO_TCPV4, 1000, 3000, 7, 0, 0 },
	{ "TCP over IPv4, IP options", SKB_GSO_TCPV4, 501, 2000, 33, 20, 8 },
	{ "TCP over IPv4, CWR", SKB_GSO_TCPV4 | SKB_GSO_TCP_ECN, 700, 2200, 1, 12, 0 },
	{ "TCP over IPv4, one id", SKB_GSO_TCPV4 | SKB_GSO_TCP_FIXEDID, 700, 2200, 0, 12, 0 },
	{ "TCP over IPv4, odd", SKB_GSO_TCPV4, 333, 4099, 101, 12, 0 },
	{ "TCP over IPv6", SKB_GSO_TCPV6, 1348, 8000, 0, 12, 0 },
	{ "TCP over IPv6, CWR", SKB_GSO_TCPV6 | SKB_GSO_TCP_ECN, 77, 1001, 13, 0, 0 },
	{ "UDP over IPv4", SKB_GSO_UDP_L4, 1392, 6000, 0, 0, 0 },
	{ "UDP over IPv4, short", SKB_GSO_UDP_L4, 1, 64, 64, 0, 0 },
	{ "UDP over IPv4, odd", SKB_GSO_UDP_L4, 555, 4444, 3, 0, 0 },
};

static const struct fmp_gso_case fmp_gso_cases6[] = {
	{ "UDP over IPv6", SKB_GSO_UDP_L4, 1200, 7001, 0, 0, 0 },
	{ "UDP over IPv6, linear", SKB_GSO_UDP_L4, 99, 500, 500, 0, 0 },
};

static void fmp_gso_put_ip(struct sk_buff *skb, const struct fmp_gso_case *c,
			   bool v6, u8 protocol, unsigned int len)
{
	struct ipv6hdr *ip6h;
	struct iphdr *iph;

	skb_reset_network_header(skb);
	if (v6) {
		ip6h = skb_put_zero(skb, sizeof(*ip6h));
		ip6h->version = 6;
		ip6h->payload_len = htons(len);
		ip6h->nexthdr = protocol;
		ip6h->hop_limit = 64;
		ip6h->saddr.s6_addr[0] = 0xfd;
		ip6h->saddr.s6_addr[15] = 1;
		ip6h->daddr.s6_addr[0] = 0xfd;
		ip6h->daddr.s6_addr[15] = 2;
		skb->protocol = htons(ETH_P_IPV6);
		return;
	}
	iph = skb_put_zero(skb, sizeof(*iph) + c->ip_options);
	iph->version = 4;
	iph->ihl = (sizeof(*iph) + c->ip_options) / 4;
	/* Which overflows on the way. */
	iph->id = htons(0xfffe);
	if (c->type & SKB_GSO_TCP_FIXEDID)
		iph->frag_off = htons(IP_DF);
	iph->ttl = 64;
	iph->protocol = protocol;
	iph->tot_len = htons(sizeof(*iph) + c->ip_options + len);
	iph->saddr = htonl(0x0a000001);
	iph->daddr = htonl(0x0a000002);
	memset(iph + 1, IPOPT_NOOP, c->ip_options);
	ip_send_check(iph);
	skb->protocol = htons(ETH_P_IP);
}

static __sum16 fmp_gso_pseudo(const struct sk_buff *skb, bool v6, u8 protocol,
			      unsigned int len)
{
	if (v6)
		return ~csum_ipv6_magic(&ipv6_hdr(skb)->saddr,
					&ipv6_hdr(skb)->daddr, len, protocol, 0);
	return ~csum_tcpudp_magic(ip_hdr(skb)->saddr, ip_hdr(skb)->daddr, len,
				  protocol, 0);
}

static void fmp_gso_put_tcp(struct sk_buff *skb, const struct fmp_gso_case *c,
			    bool v6, unsigned int len)
{
	struct tcphdr *th;

	th = skb_put_zero(skb, sizeof(*th));
	memset(skb_put(skb, c->options), 1, c->options);
	th->source = htons(1234);
	th->dest = htons(80);
	th->seq = htonl(0xfffffe00);
	th->ack_seq = htonl(77);
	th->doff = (sizeof(*th) + c->options) / 4;
	th->ack = 1;
	th->psh = 1;
	th->fin = 1;
	th->cwr = !!(c->type & SKB_GSO_TCP_ECN);
	th->window = htons(1000);
	th->check = fmp_gso_pseudo(skb, v6, IPPROTO_TCP, len);
	skb->csum_offset = offsetof(struct tcphdr, check);
}

static void fmp_gso_put_udp(struct sk_buff *skb, bool v6, unsigned int len)
{
	struct udphdr *uh = skb_put_zero(skb, sizeof(*uh));

	uh->source = htons(1234);
	uh->dest = htons(443);
	uh->len = htons(len);
	uh->check = fmp_gso_pseudo(skb, v6, IPPROTO_UDP, len);
	skb->csum_offset = offsetof(struct udphdr, check);
}

static void fmp_gso_put_payload(struct kunit *test, struct sk_buff *skb,
				const struct fmp_gso_case *c)
{
	unsigned int i, n, done = c->linear;
	struct page *page;
	u8 *at;

	at = skb_put(skb, c->linear);
	for (i = 0; i < c->linear; i++)
		at[i] = i * 7 + i / 256;
	while (done < c->payload) {
		n = min_t(unsigned int, c->payload - done, 1777);
		page = alloc_page(GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, page);
		at = page_address(page) + 5;
		for (i = 0; i < n; i++)
			at[i] = (done + i) * 7 + (done + i) / 256;
		skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page, 5, n,
				PAGE_SIZE);
		done += n;
	}
}

static struct sk_buff *fmp_gso_packet(struct kunit *test,
				      const struct fmp_gso_case *c, bool v6)
{
	bool udp = c->type & SKB_GSO_UDP_L4;
	unsigned int len = c->payload;
	struct sk_buff *skb;

	len += udp ? sizeof(struct udphdr) : sizeof(struct tcphdr) + c->options;
	skb = alloc_skb(256 + c->linear, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reserve(skb, 64);
	skb->dev = init_net.loopback_dev;
	skb_reset_mac_header(skb);
	fmp_gso_put_ip(skb, c, v6, udp ? IPPROTO_UDP : IPPROTO_TCP, len);
	skb_set_transport_header(skb, skb->len);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	if (udp)
		fmp_gso_put_udp(skb, v6, len);
	else
		fmp_gso_put_tcp(skb, c, v6, len);
	fmp_gso_put_payload(test, skb, c);
	skb_shinfo(skb)->gso_type = c->type;
	skb_shinfo(skb)->gso_size = c->size;
	skb_shinfo(skb)->gso_segs = DIV_ROUND_UP(c->payload, c->size);
	return skb;
}

static void fmp_segment_compare(struct kunit *test,
				const struct fmp_gso_case *c,
				const struct fmp_segments *segments,
				struct sk_buff *theirs)
{
	u8 *ours = kunit_kmalloc(test, FMP_SEGMENT_MAX, GFP_KERNEL);
	struct sk_buff *seg;
	unsigned int i = 0;

	KUNIT_ASSERT_NOT_NULL(test, ours);
	for (seg = theirs; seg; seg = seg->next, i++) {
		KUNIT_ASSERT_EQ_MSG(test, fmp_segment_len(segments, i),
				    seg->len, "%s: %u", c->name, i);
		fmp_segment_write(segments, i, ours);
		KUNIT_ASSERT_FALSE(test, skb_linearize(seg));
		KUNIT_EXPECT_EQ_MSG(test, memcmp(ours, seg->data, seg->len), 0,
				    "%s: segment %u differs", c->name, i);
	}
	KUNIT_EXPECT_EQ_MSG(test, segments->n, i, "%s", c->name);
}

static void fmp_segment_case(struct kunit *test, const struct fmp_gso_case *c,
			     bool v6)
{
	struct sk_buff *skb = fmp_gso_packet(test, c, v6), *copy, *theirs;
	struct fmp_segments segments;

	copy = skb_copy(skb, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	local_bh_disable();
	theirs = skb_gso_segment(copy, 0);
	local_bh_enable();
	KUNIT_ASSERT_TRUE_MSG(test, !IS_ERR_OR_NULL(theirs), "%s", c->name);
	KUNIT_ASSERT_TRUE_MSG(test, fmp_segments_read(&segments, skb), "%s",
			      c->name);
	fmp_segment_compare(test, c, &segments, theirs);
	kfree_skb_list(theirs);
	kfree_skb(copy);
	kfree_skb(skb);
}

static void fmp_segment_is_the_stack(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fmp_gso_cases); i++)
		fmp_segment_case(test, &fmp_gso_cases[i],
				 fmp_gso_cases[i].type & SKB_GSO_TCPV6);
	for (i = 0; i < ARRAY_SIZE(fmp_gso_cases6); i++)
		fmp_segment_case(test, &fmp_gso_cases6[i], true);
}

/* What is not plain is left to the stack. */
static void fmp_segment_refuses(struct kunit *test)
{
	const struct fmp_gso_case *tcp = &fmp_gso_cases[0];
	struct sk_buff *skb = fmp_gso_packet(test, tcp, false);
	struct fmp_segments segments;

	KUNIT_EXPECT_TRUE(test, fmp_segments_read(&segments, skb));

	skb_shinfo(skb)->gso_type |= SKB_GSO_DODGY;
	KUNIT_EXPECT_FALSE(test, fmp_segments_read(&segments, skb));
	skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4 | SKB_GSO_UDP_TUNNEL;
	KUNIT_EXPECT_FALSE(test, fmp_segments_read(&segments, skb));
	skb_shinfo(skb)->gso_type = SKB_GSO_UDP_L4;
	KUNIT_EXPECT_FALSE(test, fmp_segments_read(&segments, skb));
	skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4;

	ip_hdr(skb)->frag_off = htons(IP_MF);
	KUNIT_EXPECT_FALSE(test, fmp_segments_read(&segments, skb));
	ip_hdr(skb)->frag_off = 0;

	skb_shinfo(skb)->gso_type |= SKB_GSO_TCP_FIXEDID;
	KUNIT_EXPECT_FALSE(test, fmp_segments_read(&segments, skb));
	skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4;

	skb_shinfo(skb)->tx_flags = SKBTX_SW_TSTAMP;
	KUNIT_EXPECT_FALSE(test, fmp_segments_read(&segments, skb));
	skb_shinfo(skb)->tx_flags = 0;

	skb->ip_summed = CHECKSUM_NONE;
	KUNIT_EXPECT_FALSE(test, fmp_segments_read(&segments, skb));
	skb->ip_summed = CHECKSUM_PARTIAL;

	tcp_hdr(skb)->doff = 4;
	KUNIT_EXPECT_FALSE(test, fmp_segments_read(&segments, skb));
	tcp_hdr(skb)->doff = 8;
	KUNIT_EXPECT_TRUE(test, fmp_segments_read(&segments, skb));

	skb_shinfo(skb)->gso_size = 5000;
	KUNIT_EXPECT_FALSE(test, fmp_segments_read(&segments, skb));
	kfree_skb(skb);
}

static struct kunit_case fmp_segment_cases[] = {
	KUNIT_CASE(fmp_segment_is_the_stack),
	KUNIT_CASE(fmp_segment_refuses),
	{}
};

struct kunit_suite fmp_segment_suite = {
	.name = "fmp_segment",
	.test_cases = fmp_segment_cases,
};
