// SPDX-License-Identifier: GPL-2.0
/*
 * Path MTU: what routers between the peers say, and what it means for the
 * packets inside.
 *
 * A router that drops one of our frames for its size quotes it. Quoted are
 * the receiver index and the counter, which only those know who saw the
 * frame: an error is believed if they are those of a frame that was sent a
 * moment ago.
 *
 * What the host believes of the path, be it from other traffic, counts as
 * well: the IP layer would otherwise fragment what it sends for us.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/jiffies.h>
#include <linux/udp.h>
#include <net/dst.h>
#include <net/dst_metadata.h>
#include <net/icmp.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>

#include "device.h"
#include "endpoint.h"
#include "peer.h"
#include "pmtu.h"
#include "session.h"
#include "wire.h"

/* As long as the kernel believes what routers say to others. */
#define FMP_PMTU_LIFETIME	(10 * 60 * HZ)
/* Below this no path of today is; IPv6 has its own limit. */
#define FMP_PMTU_MIN4		576U
/* So many frames later an error still is about the present path. */
#define FMP_PMTU_RECENT		4096U
/* More peers than this have no endpoint in common but by malice. */
#define FMP_PMTU_SHARED		16U

/**
 * struct fmp_pmtu_error - an ICMP error that says how much a path takes
 * @remote: where the frame that it is about went to
 * @mtu: what the path takes
 * @len: length of the packet that was too long for it
 * @index: receiver index of the frame
 * @counter: its counter
 */
struct fmp_pmtu_error {
	union fmp_sockaddr remote;
	u32 mtu;
	u32 len;
	u32 index;
	u64 counter;
};

/* Of an outer packet; 0 if nothing is known. */
static u32 fmp_pmtu_known(struct fmp_endpoint *endpoint)
{
	u32 pmtu = READ_ONCE(endpoint->pmtu);

	if (likely(!pmtu))
		return 0;
	if (time_before(jiffies, READ_ONCE(endpoint->pmtu_expires)))
		return pmtu;
	WRITE_ONCE(endpoint->pmtu, 0);
	return 0;
}

static u32 fmp_pmtu_outer(struct fmp_endpoint *endpoint,
			  const struct dst_entry *dst)
{
	u32 known = fmp_pmtu_known(endpoint);
	u32 mtu = dst_mtu(dst);

	return known && known < mtu ? known : mtu;
}

/* What is left of that for the packet inside. */
static u32 fmp_pmtu_inner(struct fmp_endpoint *endpoint,
			  const struct dst_entry *dst)
{
	u32 overhead = sizeof(struct udphdr) + FMP_IP_OVERHEAD;
	u32 mtu = fmp_pmtu_outer(endpoint, dst);

	overhead += endpoint->remote.sa.sa_family == AF_INET ?
		    sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	return mtu > overhead ? mtu - overhead : 0;
}

static bool fmp_pmtu_fits(const struct sk_buff *skb, u32 mtu)
{
	if (skb_is_gso(skb))
		return skb_gso_validate_network_len(skb, mtu);
	return skb->len <= mtu;
}

/*
 * The sender is told by ICMP, wherever it is. What answers from within the
 * kernel of this host, as to pings, never sees that, but looks at the route.
 */
static void fmp_pmtu_tell_inner_route(struct sk_buff *skb, u32 mtu)
{
	if (skb_valid_dst(skb))
		skb_dst_update_pmtu_no_confirm(skb, mtu);
}

static bool fmp_pmtu_refuse4(struct sk_buff *skb, u32 mtu)
{
	if (!(ip_hdr(skb)->frag_off & htons(IP_DF)))
		return false;
	mtu = max_t(u32, mtu, ETH_MIN_MTU);
	if (fmp_pmtu_fits(skb, mtu))
		return false;
	fmp_pmtu_tell_inner_route(skb, mtu);
	icmp_ndo_send(skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, htonl(mtu));
	return true;
}

static bool fmp_pmtu_refuse6(struct sk_buff *skb, u32 mtu)
{
	mtu = max_t(u32, mtu, IPV6_MIN_MTU);
	if (fmp_pmtu_fits(skb, mtu))
		return false;
	fmp_pmtu_tell_inner_route(skb, mtu);
	icmpv6_ndo_send(skb, ICMPV6_PKT_TOOBIG, 0, mtu);
	return true;
}

/**
 * fmp_pmtu_admits() - judge the length of a packet by the path to the peer
 * @endpoint: where the peer is
 * @route: the route there
 * @skb: inner packet, GSO or not
 *
 * Whoever can send shorter packets is told to. Others, of IPv4 without DF
 * and of IPv6 no longer than every path must take, go out all the same, and
 * the outer packet may be fragmented.
 *
 * Context: RCU read section, bottom halves disabled.
 * Return: false if the sender was told, and @skb is to be dropped.
 */
bool fmp_pmtu_admits(struct fmp_endpoint *endpoint,
		     const struct fmp_route *route, struct sk_buff *skb)
{
	u32 mtu = fmp_pmtu_inner(endpoint, route->dst);

	if (likely(fmp_pmtu_fits(skb, mtu)))
		return true;
	if (skb->protocol == htons(ETH_P_IP))
		return !fmp_pmtu_refuse4(skb, mtu);
	return !fmp_pmtu_refuse6(skb, mtu);
}

/**
 * fmp_pmtu_df() - tell whether routers may fragment what carries a packet
 * @skb: inner packet, GSO or not
 *
 * They are asked to say how much they take only if the answer is of use.
 *
 * Context: Any.
 * Return: true if they may not.
 */
bool fmp_pmtu_df(const struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP))
		return ip_hdr(skb)->frag_off & htons(IP_DF);
	return !fmp_pmtu_fits(skb, IPV6_MIN_MTU);
}

/* What @skb->data and its UDP header quote; the ICMP header is before that. */
static bool fmp_pmtu_parse4(const struct sk_buff *skb,
			    struct fmp_pmtu_error *error)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	const struct icmphdr *icmp = (const struct icmphdr *)skb->data - 1;

	if (icmp->type != ICMP_DEST_UNREACH || icmp->code != ICMP_FRAG_NEEDED)
		return false;
	error->remote.in4.sin_family = AF_INET;
	error->remote.in4.sin_addr.s_addr = iph->daddr;
	error->len = ntohs(iph->tot_len);
	error->mtu = max_t(u32, ntohs(icmp->un.frag.mtu), FMP_PMTU_MIN4);
	return true;
}

static bool fmp_pmtu_parse6(const struct sk_buff *skb,
			    struct fmp_pmtu_error *error)
{
	const struct ipv6hdr *iph = (const struct ipv6hdr *)skb->data;
	const struct icmp6hdr *icmp = (const struct icmp6hdr *)skb->data - 1;

	if (icmp->icmp6_type != ICMPV6_PKT_TOOBIG)
		return false;
	error->remote.in6.sin6_family = AF_INET6;
	error->remote.in6.sin6_addr = iph->daddr;
	error->remote.in6.sin6_scope_id =
		ipv6_iface_scope_id(&iph->daddr, skb->dev->ifindex);
	error->len = ntohs(iph->payload_len) + sizeof(*iph);
	error->mtu = max_t(u32, ntohl(icmp->icmp6_mtu), IPV6_MIN_MTU);
	return true;
}

/* The port is at the same place in both families' addresses. */
static_assert(offsetof(struct sockaddr_in, sin_port) ==
	      offsetof(struct sockaddr_in6, sin6_port));

static bool fmp_pmtu_parse(const struct sock *sk, const struct sk_buff *skb,
			   struct fmp_pmtu_error *error)
{
	struct {
		struct udphdr udp;
		struct fmp_hdr fmp;
	} __packed buffer, *quoted;
	bool ok;

	memset(error, 0, sizeof(*error));
	if (sk->sk_family == AF_INET)
		ok = fmp_pmtu_parse4(skb, error);
	else
		ok = fmp_pmtu_parse6(skb, error);
	if (!ok)
		return false;

	/* Moving the data would take it from under the caller's feet. */
	quoted = skb_header_pointer(skb, skb_transport_offset(skb),
				    sizeof(buffer), &buffer);
	if (!quoted || quoted->udp.source != inet_sk(sk)->inet_sport ||
	    quoted->fmp.version_phase != FMP_PHASE_ESTABLISHED)
		return false;
	error->remote.in4.sin_port = quoted->udp.dest;
	error->index = le32_to_cpu(quoted->fmp.receiver_idx);
	error->counter = le64_to_cpu(quoted->fmp.counter);
	/* It would have taken that. */
	return error->mtu < error->len;
}

static bool fmp_pmtu_sent(struct fmp_peer *peer,
			  const struct fmp_pmtu_error *error)
{
	struct fmp_session *session = rcu_dereference(peer->current_session);
	u64 next;

	if (!session || session->remote.value != error->index)
		return false;
	next = atomic64_read(&session->send_counter);
	return error->counter < next &&
	       next - error->counter <= FMP_PMTU_RECENT;
}

/*
 * Packets that nobody can make shorter are fragmented by the IP layer, which
 * for IPv6 has to know the path, as routers do not fragment.
 */
static void fmp_pmtu_tell_route(struct fmp_dev *fmp, const struct sock *sk,
				struct sk_buff *skb, u32 mtu)
{
#if IS_ENABLED(CONFIG_IPV6)
	const struct ipv6hdr *iph = (const struct ipv6hdr *)skb->data;
	int oif = READ_ONCE(sk->sk_bound_dev_if);

	if (sk->sk_family != AF_INET6)
		return;
	ip6_update_pmtu(skb, sock_net(sk), htonl(mtu),
			ipv6_iface_scope_id(&iph->daddr, skb->dev->ifindex) ?:
			oif, READ_ONCE(fmp->config.fwmark), GLOBAL_ROOT_UID);
#endif
}

static bool fmp_pmtu_lower(struct fmp_endpoint *endpoint, u32 mtu)
{
	u32 known = fmp_pmtu_known(endpoint);

	if (known && known <= mtu)
		return false;
	WRITE_ONCE(endpoint->pmtu_expires, jiffies + FMP_PMTU_LIFETIME);
	WRITE_ONCE(endpoint->pmtu, mtu);
	return true;
}

static void fmp_pmtu_learn(struct fmp_dev *fmp, const struct sock *sk,
			   struct sk_buff *skb,
			   const struct fmp_pmtu_error *error)
{
	unsigned int left = FMP_PMTU_SHARED;
	struct fmp_endpoint *endpoint;

	for (endpoint = fmp_endpoint_find(fmp, &error->remote); endpoint;
	     endpoint = rcu_dereference(endpoint->next)) {
		if (!left--)
			return;
		if (!fmp_pmtu_sent(endpoint->peer, error))
			continue;
		if (fmp_pmtu_lower(endpoint, error->mtu)) {
			fmp_stat_inc(fmp, FMP_TX_PMTU_UPDATE);
			fmp_pmtu_tell_route(fmp, sk, skb, error->mtu);
		}
		return;
	}
}

/**
 * fmp_pmtu_error() - look at an ICMP error about something we may have sent
 * @sk: socket of ours that has the quoted addresses
 * @skb: the error; data and network header are at the quoted packet, the
 *       transport header at its UDP header
 *
 * The socket layer would go on to change the route as the socket's own, and
 * cannot tell a forged error. So it is told each time that the error is none
 * of this socket's. That goes for redirects, too, which anybody on the link
 * can send: the host's own routes decide where frames go. Kernels that
 * believe errors about nobody's datagrams do so with and without us.
 *
 * Context: Softirq, RCU read section.
 * Return: -ENOENT.
 */
int fmp_pmtu_error(struct sock *sk, struct sk_buff *skb)
{
	struct fmp_dev *fmp = rcu_dereference_sk_user_data(sk);
	struct fmp_pmtu_error error;

	if (fmp && fmp_pmtu_parse(sk, skb, &error))
		fmp_pmtu_learn(fmp, sk, skb, &error);
	return -ENOENT;
}
