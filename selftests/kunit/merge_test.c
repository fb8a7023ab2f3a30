// SPDX-License-Identifier: GPL-2.0
/*
 * Merging: the segments of a packet become that packet, and what is no segment
 * of it stays out of it.
 *
 * The sources are included, so that this module has its own objects of them.
 */
#include "../../src/room.c"
#include "../../src/merge.c"

#include <linux/net.h>
#include <net/net_namespace.h>

#include "../../src/segment.h"
#include "gso.h"
#include "suites.h"

static DEFINE_FMP_ROOMS(fmp_merge_test_rooms);

static const struct fmp_gso_case fmp_merge_packets[] = {
	{ "TCP over IPv4", SKB_GSO_TCPV4, 1368, 29000, 0, 12, 0 },
	{ "TCP over IPv4, two", SKB_GSO_TCPV4, 1000, 2000, 0, 0, 0 },
	{ "TCP over IPv4, a short one", SKB_GSO_TCPV4, 700, 1401, 1, 40, 0 },
	{ "TCP over IPv4, small", SKB_GSO_TCPV4, 1, 100, 0, 12, 0 },
	{ "TCP over IPv4, one id", SKB_GSO_TCPV4 | SKB_GSO_TCP_FIXEDID, 500, 4001, 0, 12, 0 },
	{ "TCP over IPv6", SKB_GSO_TCPV6, 1348, 28001, 0, 12, 0 },
	{ "UDP over IPv4", SKB_GSO_UDP_L4, 1392, 24000, 0, 0, 0 },
	{ "UDP over IPv4, small", SKB_GSO_UDP_L4, 3, 64, 64, 0, 0 },
};

static const struct fmp_gso_case fmp_merge_udp6 = {
	"UDP over IPv6", SKB_GSO_UDP_L4, 1200, 26000, 0, 0, 0
};

static struct sk_buff *fmp_merge_source_packet(struct kunit *test,
					       const struct fmp_gso_case *c,
					       bool v6,
					       struct fmp_segments *segments)
{
	struct sk_buff *skb = fmp_gso_packet(test, c, v6);

	/* Which ends what is merged. */
	if (!(c->type & SKB_GSO_UDP_L4))
		tcp_hdr(skb)->fin = 0;
	KUNIT_ASSERT_TRUE_MSG(test, fmp_segments_read(segments, skb), "%s",
			      c->name);
	return skb;
}

/* A socket that asks for merged packets, or does not. */
static struct socket *fmp_merge_open(struct kunit *test, bool wanted)
{
	struct sockaddr_in6 here = {
		.sin6_family	= AF_INET6,
		.sin6_port	= htons(443),
	};
	struct socket *sock;

	KUNIT_ASSERT_EQ(test, sock_create_kern(&init_net, AF_INET6, SOCK_DGRAM,
					       IPPROTO_UDP, &sock), 0);
	KUNIT_ASSERT_EQ(test,
			kernel_bind(sock, fmp_compat_sockaddr(&here),
				    sizeof(here)), 0);
	if (wanted)
		udp_set_bit(GRO_ENABLED, sock->sk);
	return sock;
}

static struct sk_buff *fmp_merge_segment(struct kunit *test,
					 const struct fmp_segments *segments,
					 unsigned int i)
{
	unsigned int len = fmp_segment_len(segments, i);
	struct sk_buff *skb = alloc_skb(64 + len, GFP_ATOMIC);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reserve(skb, 64);
	fmp_segment_write(segments, i, skb_put(skb, len));
	skb_reset_network_header(skb);
	skb->dev = segments->skb->dev;
	skb->protocol = segments->skb->protocol;
	return skb;
}

/* As the next of a batch: its place, or NULL. */
static u8 *fmp_merge_write(struct fmp_merge *merge,
			   const struct fmp_segments *segments, unsigned int i)
{
	unsigned int inner_len = sizeof(struct fmp_inner_ip) +
				 fmp_segment_len(segments, i);
	struct fmp_inner_ip *ahead;

	merge->left = segments->n - i - 1;
	ahead = (struct fmp_inner_ip *)fmp_merge_place(merge, inner_len);
	if (!ahead)
		return NULL;
	memset(ahead, 0xee, sizeof(*ahead));
	ahead->type = FMP_LINK_IP;
	fmp_segment_write(segments, i, (u8 *)(ahead + 1));
	return (u8 *)ahead;
}

static bool fmp_merge_add(struct fmp_merge *merge,
			  const struct fmp_segments *segments, unsigned int i)
{
	unsigned int inner_len = sizeof(struct fmp_inner_ip) +
				 fmp_segment_len(segments, i);
	u8 *inner = fmp_merge_write(merge, segments, i);

	if (!inner || !fmp_merge_fits(merge, inner, inner_len))
		return false;
	fmp_merge_join(merge, inner_len);
	return true;
}

/* The first so many segments of the one are all that the other consists of. */
static void fmp_merge_expect(struct kunit *test, const char *name,
			     const struct fmp_segments *segments,
			     unsigned int n, struct sk_buff *merged)
{
	u8 *a = kunit_kmalloc(test, 2048, GFP_KERNEL);
	u8 *b = kunit_kmalloc(test, 2048, GFP_KERNEL);
	struct fmp_segments again;
	unsigned int i, len;

	KUNIT_ASSERT_TRUE(test, a && b);
	KUNIT_ASSERT_NOT_NULL(test, merged);
	KUNIT_EXPECT_EQ(test, skb_shinfo(merged)->gso_segs, n);
	KUNIT_ASSERT_TRUE_MSG(test, fmp_segments_read(&again, merged), "%s",
			      name);
	KUNIT_ASSERT_EQ_MSG(test, again.n, n, "%s", name);
	for (i = 0; i < n; i++) {
		len = fmp_segment_len(segments, i);
		KUNIT_ASSERT_EQ_MSG(test, fmp_segment_len(&again, i), len,
				    "%s: %u", name, i);
		fmp_segment_write(segments, i, a);
		fmp_segment_write(&again, i, b);
		KUNIT_EXPECT_EQ_MSG(test, memcmp(a, b, len), 0,
				    "%s: segment %u differs", name, i);
	}
}

static void fmp_merge_begin_with(struct kunit *test, struct fmp_merge *merge,
				 const struct fmp_segments *segments,
				 const char *name)
{
	struct sk_buff *first = fmp_merge_segment(test, segments, 0);

	fmp_merge_init(merge, &fmp_merge_test_rooms);
	merge->left = segments->n - 1;
	KUNIT_ASSERT_TRUE_MSG(test, fmp_merge_begin(merge, first), "%s", name);
}

static void fmp_merge_case(struct kunit *test, const struct fmp_gso_case *c,
			   bool v6)
{
	struct fmp_segments segments;
	struct sk_buff *skb, *merged;
	struct fmp_merge merge;
	unsigned int i;

	skb = fmp_merge_source_packet(test, c, v6, &segments);
	local_bh_disable();
	rcu_read_lock();
	fmp_merge_begin_with(test, &merge, &segments, c->name);
	for (i = 1; i < segments.n; i++)
		KUNIT_EXPECT_TRUE_MSG(test,
				      fmp_merge_add(&merge, &segments, i),
				      "%s: %u", c->name, i);
	merged = fmp_merge_end(&merge);
	rcu_read_unlock();
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, merged->len, skb->len);
	KUNIT_EXPECT_EQ(test, merged->len,
			skb_headlen(merged) + merged->data_len);
	fmp_merge_expect(test, c->name, &segments, segments.n, merged);
	kfree_skb(merged);
	kfree_skb(skb);
}

static void fmp_merge_is_what_was_segmented(struct kunit *test)
{
	struct socket *sock = fmp_merge_open(test, true);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fmp_merge_packets); i++)
		fmp_merge_case(test, &fmp_merge_packets[i],
			       fmp_merge_packets[i].type & SKB_GSO_TCPV6);
	fmp_merge_case(test, &fmp_merge_udp6, true);
	sock_release(sock);
	fmp_rooms_free(&fmp_merge_test_rooms);
}

/**
 * struct fmp_merge_change - something that makes a packet another stream's
 * @what: is changed
 * @at: byte after the inner header, or after that of IP
 * @in_ip: which of the two
 * @mask: bits that change
 */
struct fmp_merge_change {
	const char *what;
	unsigned int at;
	bool in_ip;
	u8 mask;
};

static const struct fmp_merge_change fmp_merge_changes4[] = {
	{ "link type", offsetof(struct fmp_inner_ip, type), false, 1 },
	{ "version", 0, true, 0x20 },
	{ "header length", 0, true, 0x03 },
	{ "tos", 1, true, 1 },
	{ "total length", 3, true, 1 },
	{ "identification", 5, true, 1 },
	{ "don't fragment", 6, true, 0x40 },
	{ "more fragments", 6, true, 0x20 },
	{ "fragment offset", 7, true, 1 },
	{ "time to live", 8, true, 1 },
	{ "protocol", 9, true, 1 },
	{ "source", 15, true, 1 },
	{ "destination", 19, true, 1 },
	{ "source port", 21, true, 1 },
	{ "destination port", 23, true, 1 },
	{ "sequence number", 27, true, 1 },
	{ "acknowledgment", 31, true, 1 },
	{ "data offset", 32, true, 0x10 },
	{ "reserved", 32, true, 1 },
	{ "FIN", 33, true, 1 },
	{ "SYN", 33, true, 2 },
	{ "RST", 33, true, 4 },
	{ "ACK", 33, true, 0x10 },
	{ "URG", 33, true, 0x20 },
	{ "ECE", 33, true, 0x40 },
	{ "CWR", 33, true, 0x80 },
	{ "window", 35, true, 1 },
	{ "urgent pointer", 39, true, 1 },
	{ "option", 51, true, 1 },
};

static const struct fmp_merge_change fmp_merge_changes6[] = {
	{ "version", 0, true, 0x10 },
	{ "traffic class", 1, true, 0x10 },
	{ "flow label", 3, true, 1 },
	{ "payload length", 5, true, 1 },
	{ "next header", 6, true, 1 },
	{ "hop limit", 7, true, 1 },
	{ "source", 23, true, 1 },
	{ "destination", 39, true, 1 },
	{ "source port", 41, true, 1 },
};

static const struct fmp_merge_change fmp_merge_changes_udp[] = {
	{ "source port", 21, true, 1 },
	{ "destination port", 23, true, 1 },
	{ "length", 25, true, 1 },
};

/* The third is another stream's; the first two have to stay what they are. */
static void fmp_merge_change_one(struct kunit *test,
				 const struct fmp_segments *segments,
				 const struct fmp_merge_change *change, bool v6)
{
	unsigned int inner_len = sizeof(struct fmp_inner_ip) +
				 fmp_segment_len(segments, 2);
	unsigned int at = change->at;
	struct fmp_merge merge;
	struct sk_buff *merged;
	u8 *inner;

	if (change->in_ip)
		at += sizeof(struct fmp_inner_ip);
	local_bh_disable();
	rcu_read_lock();
	fmp_merge_begin_with(test, &merge, segments, change->what);
	KUNIT_EXPECT_TRUE(test, fmp_merge_add(&merge, segments, 1));
	inner = fmp_merge_write(&merge, segments, 2);
	KUNIT_ASSERT_NOT_NULL(test, inner);
	KUNIT_EXPECT_TRUE(test, fmp_merge_fits(&merge, inner, inner_len));
	inner[at] ^= change->mask;
	if (!v6)
		ip_send_check((struct iphdr *)(inner +
					       sizeof(struct fmp_inner_ip)));
	KUNIT_EXPECT_FALSE_MSG(test, fmp_merge_fits(&merge, inner, inner_len),
			       "%s", change->what);
	fmp_merge_refuse(&merge, true);
	merged = fmp_merge_end(&merge);
	rcu_read_unlock();
	local_bh_enable();
	fmp_merge_expect(test, change->what, segments, 2, merged);
	kfree_skb(merged);
}

static void fmp_merge_change_all(struct kunit *test,
				 const struct fmp_gso_case *c, bool v6,
				 const struct fmp_merge_change *changes,
				 unsigned int n)
{
	struct fmp_segments segments;
	struct sk_buff *skb;
	unsigned int i;

	skb = fmp_merge_source_packet(test, c, v6, &segments);
	for (i = 0; i < n; i++)
		fmp_merge_change_one(test, &segments, &changes[i], v6);
	kfree_skb(skb);
}

static void fmp_merge_knows_another(struct kunit *test)
{
	struct socket *sock = fmp_merge_open(test, true);

	fmp_merge_change_all(test, &fmp_merge_packets[0], false,
			     fmp_merge_changes4,
			     ARRAY_SIZE(fmp_merge_changes4));
	fmp_merge_change_all(test, &fmp_merge_packets[5], true,
			     fmp_merge_changes6,
			     ARRAY_SIZE(fmp_merge_changes6));
	fmp_merge_change_all(test, &fmp_merge_packets[6], false,
			     fmp_merge_changes_udp,
			     ARRAY_SIZE(fmp_merge_changes_udp));
	sock_release(sock);
	fmp_rooms_free(&fmp_merge_test_rooms);
}

static bool fmp_merge_begins(struct kunit *test,
			     const struct fmp_segments *segments,
			     unsigned int at, u8 mask)
{
	struct sk_buff *skb = fmp_merge_segment(test, segments, 0);
	struct fmp_merge merge;
	bool begun;

	skb->data[at] ^= mask;
	if (at < sizeof(struct iphdr))
		ip_send_check(ip_hdr(skb));
	local_bh_disable();
	rcu_read_lock();
	fmp_merge_init(&merge, &fmp_merge_test_rooms);
	merge.left = 1;
	begun = fmp_merge_begin(&merge, skb);
	fmp_merge_end(&merge);
	rcu_read_unlock();
	local_bh_enable();
	kfree_skb(skb);
	return begun;
}

/* What nothing can follow: fragments, flags, options, sums that are wrong. */
static void fmp_merge_begins_with_plain(struct kunit *test)
{
	static const struct fmp_merge_change changes[] = {
		{ "header length", 0, true, 0x03 },
		{ "more fragments", 6, true, 0x20 },
		{ "fragment offset", 7, true, 1 },
		{ "protocol", 9, true, 1 },
		{ "data offset too short", 32, true, 0xc0 },
		{ "FIN", 33, true, 1 },
		{ "SYN", 33, true, 2 },
		{ "RST", 33, true, 4 },
		{ "PSH", 33, true, 8 },
		{ "no ACK", 33, true, 0x10 },
		{ "URG", 33, true, 0x20 },
		{ "ECE", 33, true, 0x40 },
		{ "CWR", 33, true, 0x80 },
	};
	struct fmp_segments segments;
	struct sk_buff *skb;
	unsigned int i;

	skb = fmp_merge_source_packet(test, &fmp_merge_packets[0], false,
				      &segments);
	KUNIT_EXPECT_TRUE(test, fmp_merge_begins(test, &segments, 8, 1));
	for (i = 0; i < ARRAY_SIZE(changes); i++)
		KUNIT_EXPECT_FALSE_MSG(test,
				       fmp_merge_begins(test, &segments,
							changes[i].at,
							changes[i].mask),
				       "%s", changes[i].what);
	kfree_skb(skb);
}

static void fmp_merge_asks_sockets(struct kunit *test)
{
	struct fmp_segments segments;
	struct socket *sock;
	struct sk_buff *skb;

	skb = fmp_merge_source_packet(test, &fmp_merge_packets[6], false,
				      &segments);
	KUNIT_EXPECT_FALSE(test, fmp_merge_begins(test, &segments, 8, 1));
	sock = fmp_merge_open(test, false);
	KUNIT_EXPECT_FALSE(test, fmp_merge_begins(test, &segments, 8, 1));
	sock_release(sock);
	sock = fmp_merge_open(test, true);
	KUNIT_EXPECT_TRUE(test, fmp_merge_begins(test, &segments, 8, 1));
	sock_release(sock);
	kfree_skb(skb);
}

/* An IPv4 address is none of IPv6, whatever that says of the same bits. */
static void fmp_merge_tells_families_apart(struct kunit *test)
{
	struct fmp_segments segments;
	struct sk_buff *four, *six;
	struct fmp_merge merge;

	four = fmp_merge_source_packet(test, &fmp_merge_packets[0], false,
				       &segments);
	six = fmp_merge_source_packet(test, &fmp_merge_packets[5], true,
				      &segments);
	fmp_merge_init(&merge, &fmp_merge_test_rooms);
	KUNIT_EXPECT_FALSE(test, fmp_merge_knows_source(&merge, four));
	ipv6_addr_set_v4mapped(ip_hdr(four)->saddr, &ipv6_hdr(six)->saddr);
	fmp_merge_note_source(&merge, six);
	KUNIT_EXPECT_TRUE(test, fmp_merge_knows_source(&merge, six));
	KUNIT_EXPECT_FALSE(test, fmp_merge_knows_source(&merge, four));
	fmp_merge_note_source(&merge, four);
	KUNIT_EXPECT_TRUE(test, fmp_merge_knows_source(&merge, four));
	KUNIT_EXPECT_FALSE(test, fmp_merge_knows_source(&merge, six));
	ip_hdr(four)->saddr ^= htonl(1);
	KUNIT_EXPECT_FALSE(test, fmp_merge_knows_source(&merge, four));
	kfree_skb(four);
	kfree_skb(six);
}

static struct kunit_case fmp_merge_cases[] = {
	KUNIT_CASE(fmp_merge_is_what_was_segmented),
	KUNIT_CASE(fmp_merge_knows_another),
	KUNIT_CASE(fmp_merge_begins_with_plain),
	KUNIT_CASE(fmp_merge_asks_sockets),
	KUNIT_CASE(fmp_merge_tells_families_apart),
	{}
};

struct kunit_suite fmp_merge_suite = {
	.name = "fmp_merge",
	.test_cases = fmp_merge_cases,
};
