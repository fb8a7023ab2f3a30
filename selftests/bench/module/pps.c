// SPDX-License-Identifier: GPL-2.0
/*
 * Packets from a device in one namespace to one in another, in a closed loop.
 *
 * At most a window of packets is under way: who sends sleeps when it is full,
 * until half of it has come out. So nothing is lost, and on one CPU all time
 * is spent on packets. They are counted ahead of routing, and end there.
 */
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ktime.h>
#include <linux/net.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/nsproxy.h>
#include <linux/skbuff.h>
#include <linux/tick.h>
#include <linux/udp.h>
#include <linux/wait.h>
#include <net/ip.h>
#include <net/net_namespace.h>

#include "bench.h"

#define PPS_PORT	9
/* Of the answers of BENCH_ECHO. */
#define PPS_PORT_BACK	10
#define PPS_HEADERS	(sizeof(struct iphdr) + sizeof(struct udphdr))
/*
 * Headers that every tunnel puts around a packet are longer than this. What a
 * tunnel sends of its own accord, a report of fmp say, is shorter than that and
 * the least packet.
 */
#define PPS_AROUND_MIN	48
/* Frames that are kept to be received later are not to use up the memory. */
#define PPS_KEPT_MAX	16384

/**
 * struct pps - a load under way
 * @request: what was asked for
 * @dev: sends
 * @far_dev: receives, and answers
 * @far_net: where packets come out
 * @sock: asks there for packets that are merged, or NULL
 * @arrived: how many have come out
 * @wanted: so many that @wait is woken
 * @wait: where who sends sleeps
 * @keeping: frames of the tunnel are kept in @kept
 * @kept: frames as they arrived
 */
struct pps {
	const struct bench_request *request;
	struct net_device *dev;
	struct net_device *far_dev;
	struct net *far_net;
	struct socket *sock;
	atomic_t arrived;
	int wanted;
	wait_queue_head_t wait;
	bool keeping;
	struct sk_buff_head kept;
};

/* --- packets */

static unsigned int pps_segments(const struct sk_buff *skb)
{
	return max_t(unsigned int, 1, skb_shinfo(skb)->gso_segs);
}

static void pps_write_ip(struct sk_buff *skb, __be32 from, __be32 to,
			 unsigned int len)
{
	struct iphdr *iph = ip_hdr(skb);

	memset(iph, 0, sizeof(*iph));
	iph->version = 4;
	iph->ihl = sizeof(*iph) / 4;
	iph->ttl = IPDEFTTL;
	iph->protocol = IPPROTO_UDP;
	iph->saddr = from;
	iph->daddr = to;
	iph->tot_len = htons(len);
	ip_send_check(iph);
}

static void pps_write_udp(struct sk_buff *skb, u16 port, unsigned int len)
{
	struct udphdr *uh = udp_hdr(skb);

	uh->source = htons(PPS_PORT);
	uh->dest = htons(port);
	uh->len = htons(len);
	uh->check = 0;
}

/* What a socket with UDP_SEGMENT makes. */
static void pps_set_gso(struct sk_buff *skb, unsigned int payload,
			unsigned int segments)
{
	struct udphdr *uh = udp_hdr(skb);
	unsigned int len = sizeof(*uh) + payload * segments;

	uh->check = ~csum_tcpudp_magic(ip_hdr(skb)->saddr, ip_hdr(skb)->daddr,
				       len, IPPROTO_UDP, 0);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct udphdr, check);
	skb_shinfo(skb)->gso_size = payload;
	skb_shinfo(skb)->gso_segs = segments;
	skb_shinfo(skb)->gso_type = SKB_GSO_UDP_L4;
}

/*
 * One linear piece, or for GSO, headers and pages. The payload is whatever the
 * memory holds.
 */
static struct sk_buff *pps_alloc(struct net_device *dev, unsigned int payload,
				 bool paged)
{
	unsigned int head = LL_RESERVED_SPACE(dev) + PPS_HEADERS;
	unsigned int linear = paged ? 0 : payload + dev->needed_tailroom;
	struct sk_buff *skb;
	int err;

	skb = alloc_skb_with_frags(head + linear, paged ? payload : 0, 0, &err,
				   GFP_ATOMIC);
	if (!skb)
		return NULL;

	skb_reserve(skb, LL_RESERVED_SPACE(dev));
	skb_put(skb, PPS_HEADERS);
	if (!paged) {
		skb_put(skb, payload);
		return skb;
	}
	skb->data_len = payload;
	skb->len += payload;
	return skb;
}

static struct sk_buff *pps_packet(struct pps *pps, struct net_device *dev,
				  __be32 from, __be32 to, u16 port)
{
	unsigned int payload = pps->request->size - PPS_HEADERS;
	unsigned int segments = pps->request->gso;
	unsigned int all = payload * max(1U, segments);
	struct sk_buff *skb;

	skb = pps_alloc(dev, all, segments);
	if (!skb)
		return NULL;
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, sizeof(struct iphdr));
	pps_write_ip(skb, from, to, PPS_HEADERS + all);
	pps_write_udp(skb, port, sizeof(struct udphdr) + all);
	if (segments)
		pps_set_gso(skb, payload, segments);
	skb->protocol = htons(ETH_P_IP);
	skb->dev = dev;
	return skb;
}

static int pps_xmit(struct pps *pps, struct net_device *dev,
		    const struct net_device *far_dev, __be32 from, __be32 to,
		    u16 port)
{
	struct sk_buff *skb = pps_packet(pps, dev, from, to, port);
	int err;

	if (!skb)
		return -ENOMEM;
	if (dev->type == ARPHRD_ETHER)
		dev_hard_header(skb, dev, ETH_P_IP, far_dev->dev_addr,
				dev->dev_addr, skb->len);
	err = dev_queue_xmit(skb);
	return err > 0 ? net_xmit_errno(err) : err;
}

static __be32 pps_address(__be32 first, unsigned int n)
{
	return htonl(ntohl(first) + n);
}

/* --- arrivals */

static void pps_arrived(struct pps *pps, unsigned int n)
{
	if (atomic_add_return(n, &pps->arrived) >= READ_ONCE(pps->wanted) &&
	    wq_has_sleeper(&pps->wait))
		wake_up(&pps->wait);
}

static unsigned int pps_frame_arrived(struct pps *pps, struct sk_buff *skb)
{
	if (pps->request->mode == BENCH_SEND) {
		pps_arrived(pps, pps_segments(skb));
		return NF_DROP;
	}
	if (!READ_ONCE(pps->keeping) ||
	    skb->len <= pps->request->size + PPS_AROUND_MIN)
		return NF_ACCEPT;
	skb_queue_tail(&pps->kept, skb);
	pps_arrived(pps, pps_segments(skb));
	return NF_STOLEN;
}

static unsigned int pps_packet_arrived(struct pps *pps, struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);

	/* An answer that is not sent does not arrive, which is noticed. */
	if (pps->request->mode == BENCH_ECHO)
		pps_xmit(pps, pps->far_dev, pps->dev, iph->daddr, iph->saddr,
			 PPS_PORT_BACK);
	else
		pps_arrived(pps, pps_segments(skb));
	return NF_DROP;
}

static unsigned int pps_hook(void *priv, struct sk_buff *skb,
			     const struct nf_hook_state *state)
{
	struct pps *pps = priv;
	unsigned int port;

	if (ip_hdr(skb)->protocol != IPPROTO_UDP ||
	    !pskb_may_pull(skb, PPS_HEADERS))
		return NF_ACCEPT;

	port = ntohs(((struct udphdr *)(ip_hdr(skb) + 1))->dest);
	if (port == PPS_PORT)
		return pps_packet_arrived(pps, skb);
	if (port == PPS_PORT_BACK) {
		pps_arrived(pps, pps_segments(skb));
		return NF_DROP;
	}
	if (port == pps->request->port)
		return pps_frame_arrived(pps, skb);
	return NF_ACCEPT;
}

/* Fails when one of them does not arrive within a second. */
static int pps_wait(struct pps *pps, int n)
{
	WRITE_ONCE(pps->wanted, n);
	if (!wait_event_timeout(pps->wait, atomic_read(&pps->arrived) >= n,
				HZ))
		return -ETIMEDOUT;
	return 0;
}

/* Room for another burst; half of the window, if there is none. */
static int pps_make_room(struct pps *pps, int sent, int burst)
{
	int window = pps->request->window;

	if (sent - atomic_read(&pps->arrived) + burst <= window)
		return 0;
	return pps_wait(pps, sent - window / 2);
}

/* --- loads */

static int pps_send_burst(struct pps *pps, unsigned int first, unsigned int n)
{
	const struct bench_request *request = pps->request;
	unsigned int i, flow;
	int err = 0;

	local_bh_disable();
	for (i = first; i < first + n && !err; i++) {
		flow = i % request->flows;
		err = pps_xmit(pps, pps->dev, pps->far_dev,
			       pps_address(request->from, flow),
			       pps_address(request->to, flow), PPS_PORT);
	}
	local_bh_enable();
	return err;
}

/* Sends so many packets and waits for all. */
static int pps_send(struct pps *pps, unsigned int count)
{
	unsigned int step = max(1U, pps->request->gso);
	unsigned int burst = pps->request->burst;
	unsigned int sent;
	int err;

	atomic_set(&pps->arrived, 0);
	for (sent = 0; sent < count; sent += burst * step) {
		err = pps_send_burst(pps, sent / step, burst);
		if (!err)
			err = pps_make_room(pps, sent + burst * step,
					    burst * step);
		if (err)
			return err;
	}
	return pps_wait(pps, sent);
}

/* What the driver of a NIC does for the frames of one interrupt. */
static unsigned int pps_replay_burst(struct pps *pps)
{
	struct sk_buff *skb;
	unsigned int n = 0;

	local_bh_disable();
	while (n < pps->request->window && (skb = skb_dequeue(&pps->kept))) {
		n += pps_segments(skb);
		netif_rx(skb);
	}
	local_bh_enable();
	return n;
}

/* Receives so many of the frames that were kept. */
static int pps_replay(struct pps *pps, unsigned int count)
{
	unsigned int n = 0;
	int err;

	atomic_set(&pps->arrived, 0);
	while (n < count && !skb_queue_empty(&pps->kept)) {
		n += pps_replay_burst(pps);
		err = pps_wait(pps, n);
		if (err)
			return err;
	}
	return 0;
}

static int pps_load(struct pps *pps, unsigned int count)
{
	if (pps->request->mode == BENCH_RECEIVE)
		return pps_replay(pps, count);
	return pps_send(pps, count);
}

static int pps_keep(struct pps *pps)
{
	int err;

	WRITE_ONCE(pps->keeping, true);
	err = pps_send(pps, pps->request->warm + pps->request->count);
	WRITE_ONCE(pps->keeping, false);
	return err;
}

static u64 pps_idle_us(void)
{
	u64 sum = 0;
	int cpu;

	for_each_online_cpu(cpu)
		sum += get_cpu_idle_time_us(cpu, NULL);
	return sum;
}

static int pps_measure(struct pps *pps, struct bench_result *result)
{
	u64 start, idle;
	int err = 0;

	if (pps->request->mode == BENCH_RECEIVE)
		err = pps_keep(pps);
	if (!err && pps->request->warm)
		err = pps_load(pps, pps->request->warm);
	if (err)
		return err;

	idle = pps_idle_us();
	start = ktime_get_ns();
	bench_mark_begin();
	err = pps_load(pps, pps->request->count);
	bench_mark_end();
	result->ns = ktime_get_ns() - start;
	result->idle_us = pps_idle_us() - idle;
	result->packets = atomic_read(&pps->arrived);
	return err;
}

static int pps_hooked(struct pps *pps, struct bench_result *result)
{
	const struct nf_hook_ops ops = {
		.hook = pps_hook,
		.priv = pps,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = INT_MIN,
	};
	struct net *net = dev_net(pps->dev);
	int err;

	err = nf_register_net_hook(pps->far_net, &ops);
	if (err)
		return err;
	if (pps->request->mode == BENCH_ECHO)
		err = nf_register_net_hook(net, &ops);
	if (!err) {
		err = pps_measure(pps, result);
		if (pps->request->mode == BENCH_ECHO)
			nf_unregister_net_hook(net, &ops);
	}
	nf_unregister_net_hook(pps->far_net, &ops);
	return err;
}

/* Gets nothing, as all ends ahead of it. */
static int pps_open_socket(struct pps *pps)
{
	struct sockaddr_in here = {
		.sin_family	= AF_INET,
		.sin_port	= htons(PPS_PORT),
	};
	int err;

	if (!pps->request->gro)
		return 0;
	err = sock_create_kern(pps->far_net, AF_INET, SOCK_DGRAM, IPPROTO_UDP,
			       &pps->sock);
	if (err)
		return err;
	udp_set_bit(GRO_ENABLED, pps->sock->sk);
	return kernel_bind(pps->sock, fmp_compat_sockaddr(&here),
			   sizeof(here));
}

static void pps_close_socket(struct pps *pps)
{
	if (pps->sock)
		sock_release(pps->sock);
}

static int pps_check(const struct bench_request *request)
{
	unsigned int step = max(1U, request->gso);

	if (request->size < PPS_HEADERS || request->size > ETH_DATA_LEN ||
	    request->gso * request->size > GSO_LEGACY_MAX_SIZE)
		return -EINVAL;
	if (!request->flows || !request->burst ||
	    request->burst * step > request->window)
		return -EINVAL;
	if (request->mode == BENCH_RECEIVE &&
	    request->warm + request->count > PPS_KEPT_MAX)
		return -EINVAL;
	return 0;
}

/**
 * bench_pps() - send packets and see them come out
 * @request: which ones
 * @result: what it took
 *
 * Context: Process context, in the network namespace that sends.
 * Return: 0; -ETIMEDOUT if a packet did not come out; -ENODEV or another error.
 */
int bench_pps(const struct bench_request *request, struct bench_result *result)
{
	struct pps pps = { .request = request };
	int err;

	err = pps_check(request);
	if (err)
		return err;
	pps.far_net = get_net_ns_by_fd(request->netns);
	if (IS_ERR(pps.far_net))
		return PTR_ERR(pps.far_net);

	init_waitqueue_head(&pps.wait);
	skb_queue_head_init(&pps.kept);
	pps.dev = dev_get_by_name(current->nsproxy->net_ns, request->dev);
	pps.far_dev = dev_get_by_name(pps.far_net, request->far_dev);
	err = -ENODEV;
	if (pps.dev && pps.far_dev)
		err = pps_open_socket(&pps);
	if (!err)
		err = pps_hooked(&pps, result);

	pps_close_socket(&pps);
	skb_queue_purge(&pps.kept);
	dev_put(pps.dev);
	dev_put(pps.far_dev);
	put_net(pps.far_net);
	return err;
}
