// SPDX-License-Identifier: GPL-2.0
/*
 * GSO packets for unit tests.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/net_namespace.h>

#include "gso.h"

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

/**
 * fmp_gso_packet() - make a GSO packet
 * @test: that fails without memory
 * @c: what it is like
 * @v6: over IPv6
 *
 * Context: Process context.
 * Return: The packet, on its way out by the loopback device.
 */
struct sk_buff *fmp_gso_packet(struct kunit *test,
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
