// SPDX-License-Identifier: GPL-2.0
/*
 * Segments of GSO packets: what is written has to be what the stack makes.
 *
 * The source is included, so that this module has its own object of it. Only
 * in the kernel: it is the kernel that the result is held against.
 */
#include "../../src/segment.c"

#include "gso.h"
#include "suites.h"

#define FMP_SEGMENT_MAX	1500

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
