// SPDX-License-Identifier: GPL-2.0
/*
 * Handshake messages on their way to the agent (spec 7.2, 7.3, 7.6).
 *
 * The agent has the long-term keys, and its curve costs more than anything
 * else that one datagram can cause. So before it is woken a first message
 * needs a token, of a bucket that strangers cannot empty if a peer is where it
 * comes from, and a second message an index that a handshake waits for. What
 * gets through changes nothing here: it is the agent that judges it.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/random.h>
#include <linux/udp.h>
#include <net/genetlink.h>
#include <uapi/linux/fmp.h>

#include "device.h"
#include "endpoint.h"
#include "handshake.h"
#include "netlink-gen.h"
#include "peer.h"
#include "rx.h"
#include "session.h"
#include "tx.h"

/* A peer that is known: its resends, and a rekey now and then (spec 7.6). */
static const struct fmp_bucket_limit fmp_handshake_known = {
	.burst	= 6,
	.rate	= 1,
	.period	= 2000,
};

/* Whoever has seen one of our first messages knows an index. */
static const struct fmp_bucket_limit fmp_handshake_answers = {
	.burst	= 1000,
	.rate	= 1000,
	.period	= 1000,
};

/* Peers behind one address have a bucket each; of more, the first count. */
#define FMP_HANDSHAKE_SHARED	8

static void fmp_handshake_agent_gone(struct fmp_subscriber *agent)
{
	struct fmp_dev *fmp = container_of(agent, struct fmp_dev, agent);

	fmp_index_forget_agent(&fmp->indices);
}

/**
 * fmp_handshake_init() - set up what a new device needs for handshakes
 * @fmp: device, all zeroes so far
 *
 * Context: Process context.
 */
void fmp_handshake_init(struct fmp_dev *fmp)
{
	spin_lock_init(&fmp->handshake.lock);
	get_random_bytes(fmp->epoch, sizeof(fmp->epoch));
	fmp->agent.released = fmp_handshake_agent_gone;
}

static bool fmp_handshake_take(struct fmp_dev *fmp, struct fmp_bucket *bucket,
			       const struct fmp_bucket_limit *limit)
{
	bool taken;

	spin_lock(&fmp->handshake.lock);
	taken = fmp_bucket_take(bucket, limit, fmp_session_now_ms());
	spin_unlock(&fmp->handshake.lock);
	return taken;
}

static bool fmp_handshake_admit_stranger(struct fmp_dev *fmp)
{
	const struct fmp_bucket_limit limit = {
		.burst	= READ_ONCE(fmp->config.handshake_burst),
		.rate	= READ_ONCE(fmp->config.handshake_rate),
		.period	= MSEC_PER_SEC,
	};

	return fmp_handshake_take(fmp, &fmp->handshake.strangers, &limit);
}

static bool fmp_handshake_admit_peer(struct fmp_peer *peer)
{
	bool taken;

	spin_lock(&peer->recovery_lock);
	taken = fmp_bucket_take(&peer->handshakes, &fmp_handshake_known,
				fmp_session_now_ms());
	spin_unlock(&peer->recovery_lock);
	return taken;
}

static bool fmp_handshake_admit_known(const struct fmp_endpoint *endpoint)
{
	unsigned int left = FMP_HANDSHAKE_SHARED;

	for (; endpoint; endpoint = rcu_dereference(endpoint->next)) {
		if (!left--)
			break;
		if (fmp_handshake_admit_peer(endpoint->peer))
			return true;
	}
	return false;
}

/* 0 if it may go to the agent, or why not. */
static enum fmp_stat fmp_handshake_judge1(struct fmp_dev *fmp,
					  struct fmp_endpoint *known)
{
	bool admitted;

	if (known)
		admitted = fmp_handshake_admit_known(known);
	else
		admitted = fmp_handshake_admit_stranger(fmp);
	return admitted ? 0 : FMP_RX_DROP_MSG1_LIMIT;
}

static enum fmp_stat fmp_handshake_judge2(struct fmp_dev *fmp,
					  const struct sk_buff *skb)
{
	const u8 *frame = skb->data + sizeof(struct udphdr);
	struct fmp_local_index local = {
		get_unaligned_le32(frame + FMP_MSG2_RECEIVER)
	};

	if (!fmp_index_reserved(&fmp->indices, local))
		return FMP_RX_DROP_MSG2_UNKNOWN;
	if (!fmp_handshake_take(fmp, &fmp->handshake.answers,
				&fmp_handshake_answers))
		return FMP_RX_DROP_MSG2_LIMIT;
	return 0;
}

static int fmp_handshake_fill_path4(struct sk_buff *msg,
				    const struct sk_buff *skb,
				    const struct sockaddr_in *remote)
{
	if (nla_put_in_addr(msg, FMP_A_HANDSHAKE_ENDPOINT_IPV4,
			    remote->sin_addr.s_addr) ||
	    nla_put_be16(msg, FMP_A_HANDSHAKE_ENDPOINT_PORT,
			 remote->sin_port) ||
	    nla_put_in_addr(msg, FMP_A_HANDSHAKE_LOCAL_IPV4,
			    ip_hdr(skb)->daddr))
		return -EMSGSIZE;
	return 0;
}

static int fmp_handshake_fill_path6(struct sk_buff *msg,
				    const struct sk_buff *skb,
				    const struct sockaddr_in6 *remote)
{
	if (nla_put_in6_addr(msg, FMP_A_HANDSHAKE_ENDPOINT_IPV6,
			     &remote->sin6_addr) ||
	    nla_put_be16(msg, FMP_A_HANDSHAKE_ENDPOINT_PORT,
			 remote->sin6_port) ||
	    (remote->sin6_scope_id &&
	     nla_put_u32(msg, FMP_A_HANDSHAKE_ENDPOINT_SCOPE_ID,
			 remote->sin6_scope_id)) ||
	    nla_put_in6_addr(msg, FMP_A_HANDSHAKE_LOCAL_IPV6,
			     &ipv6_hdr(skb)->daddr))
		return -EMSGSIZE;
	return 0;
}

static int fmp_handshake_fill(struct sk_buff *msg, struct fmp_dev *fmp,
			      const struct sk_buff *skb,
			      const union fmp_sockaddr *remote, bool known)
{
	void *head;
	int err;

	head = genlmsg_put(msg, 0, 0, &fmp_nl_family, 0,
			   FMP_CMD_HANDSHAKE_FRAME_NTF);
	if (!head ||
	    nla_put_u32(msg, FMP_A_HANDSHAKE_IFINDEX, fmp->dev->ifindex) ||
	    nla_put(msg, FMP_A_HANDSHAKE_FRAME,
		    skb->len - sizeof(struct udphdr),
		    skb->data + sizeof(struct udphdr)) ||
	    (known && nla_put_flag(msg, FMP_A_HANDSHAKE_KNOWN)))
		return -EMSGSIZE;
	if (remote->sa.sa_family == AF_INET)
		err = fmp_handshake_fill_path4(msg, skb, &remote->in4);
	else
		err = fmp_handshake_fill_path6(msg, skb, &remote->in6);
	if (!err)
		genlmsg_end(msg, head);
	return err;
}

static int fmp_handshake_pass(struct fmp_dev *fmp, const struct sk_buff *skb,
			      const union fmp_sockaddr *remote, bool known)
{
	size_t size = nla_total_size(sizeof(u32)) +	/* ifindex */
		      nla_total_size(FMP_MSG1_LEN) +	/* frame */
		      nla_total_size(0) +		/* known */
		      nla_total_size(sizeof(u16)) +	/* endpoint-port */
		      nla_total_size(sizeof(u32)) +	/* endpoint-scope-id */
		      2 * nla_total_size(sizeof(struct in6_addr));
	struct sk_buff *msg;
	int err;

	msg = genlmsg_new(size, GFP_ATOMIC | __GFP_NOWARN);
	if (!msg)
		return -ENOMEM;
	err = fmp_handshake_fill(msg, fmp, skb, remote, known);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return fmp_subscriber_send(&fmp->agent, msg);
}

static enum fmp_stat fmp_handshake_no_agent(enum fmp_verdict verdict)
{
	return verdict == FMP_OK_MSG1 ? FMP_RX_DROP_MSG1_NO_AGENT :
					FMP_RX_DROP_MSG2_NO_AGENT;
}

/* 0 if the agent has it, or why not. */
static enum fmp_stat fmp_handshake_handle(struct fmp_dev *fmp,
					  struct sk_buff *skb,
					  enum fmp_verdict verdict)
{
	union fmp_sockaddr remote;
	struct fmp_endpoint *known;
	enum fmp_stat cause;
	int err;

	if (!fmp_subscriber_bound(&fmp->agent))
		return fmp_handshake_no_agent(verdict);
	if (!pskb_may_pull(skb, skb->len))
		return FMP_RX_DROP_NOMEM;
	fmp_endpoint_source(skb, &remote);
	known = fmp_endpoint_find(fmp, &remote);
	if (verdict == FMP_OK_MSG1)
		cause = fmp_handshake_judge1(fmp, known);
	else
		cause = fmp_handshake_judge2(fmp, skb);
	if (cause)
		return cause;

	err = fmp_handshake_pass(fmp, skb, &remote, known);
	switch (err) {
	case 0:
		return 0;
	case -ENOMEM:
		return FMP_RX_DROP_NOMEM;
	case -ECONNREFUSED:
		return fmp_handshake_no_agent(verdict);
	default:
		return FMP_RX_DROP_AGENT_BACKLOG;
	}
}

/**
 * fmp_handshake_receive() - give a handshake message to the agent
 * @fmp: device
 * @skb: the datagram from its UDP header on; consumed
 * @verdict: FMP_OK_MSG1 or FMP_OK_MSG2
 *
 * What the agent is too slow for is dropped: its receive buffer is the only
 * queue.
 *
 * Context: Softirq, RCU read section.
 */
void fmp_handshake_receive(struct fmp_dev *fmp, struct sk_buff *skb,
			   enum fmp_verdict verdict)
{
	enum fmp_stat cause = fmp_handshake_handle(fmp, skb, verdict);

	/* The first counter is of no drop. */
	BUILD_BUG_ON(FMP_RX_FRAMES);
	if (cause) {
		fmp_rx_drop(fmp, skb, cause);
		return;
	}
	fmp_stat_inc(fmp, FMP_RX_HANDSHAKE);
	consume_skb(skb);
}

/**
 * fmp_handshake_send() - send a handshake message
 * @fmp: device
 * @endpoint: where to, and from where; of no peer
 * @frame: the message
 * @len: its length
 *
 * Context: Process context, the device's lock held.
 * Return: 0 if it was handed to the IP layer, -EAFNOSUPPORT without a socket
 * for the family, -ELOOP if the route leads back into the device, -ENOMEM, or
 * the error of the route lookup.
 */
int fmp_handshake_send(struct fmp_dev *fmp, struct fmp_endpoint *endpoint,
		       const void *frame, size_t len)
{
	struct sk_buff *skb;
	int err;

	skb = alloc_skb(FMP_TX_HEADROOM + len, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	skb_reserve(skb, FMP_TX_HEADROOM);
	skb_put_data(skb, frame, len);

	rcu_read_lock();
	local_bh_disable();
	err = fmp_endpoint_send(fmp, endpoint, skb, 0);
	local_bh_enable();
	rcu_read_unlock();
	if (err) {
		kfree_skb(skb);
		return err == -ENOTCONN ? -EAFNOSUPPORT : err;
	}
	fmp_stat_inc(fmp, FMP_TX_HANDSHAKE);
	return 0;
}
