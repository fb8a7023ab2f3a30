// SPDX-License-Identifier: GPL-2.0
/*
 * Multicast: link-local one goes to every peer with a session.
 *
 * That is what routing daemons find each other by. The device is a link to
 * which all peers are attached; other multicast would need to know who
 * listens, which is what routes by a next hop are for.
 */
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/addrconf.h>
#include <net/ipv6.h>

#include "device.h"
#include "drop.h"
#include "multicast.h"
#include "peer.h"
#include "tx.h"

/* Peers that are looked at in one go. */
#define FMP_MULTICAST_BATCH	64
/* Packets that wait for more than the first of them. */
#define FMP_MULTICAST_BACKLOG	64

/**
 * struct fmp_multicast_cb - where a packet stands
 * @next_id: first peer that was not looked at
 * @sent: some peer got it
 */
struct fmp_multicast_cb {
	unsigned long next_id;
	bool sent;
};

static struct fmp_multicast_cb *fmp_multicast_cb(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct fmp_multicast_cb) > sizeof(skb->cb));
	return (struct fmp_multicast_cb *)skb->cb;
}

static void fmp_multicast_copy(struct fmp_peer *peer, struct sk_buff *skb)
{
	struct fmp_endpoint *endpoint = rcu_dereference(peer->endpoint);
	struct fmp_session *session = rcu_dereference(peer->current_session);
	struct sk_buff *copy;

	if (!session || !endpoint)
		return;
	/* A copy that is lost is counted for itself. */
	fmp_multicast_cb(skb)->sent = true;
	copy = skb_clone(skb, GFP_ATOMIC);
	if (!copy) {
		fmp_stat_inc(peer->fmp, FMP_TX_DROP_NOMEM);
		return;
	}
	fmp_stat_inc(peer->fmp, FMP_TX_MULTICAST_COPY);
	fmp_tx_session(session, endpoint, copy);
}

static void fmp_multicast_end(struct fmp_dev *fmp, struct sk_buff *skb)
{
	if (fmp_multicast_cb(skb)->sent)
		consume_skb(skb);
	else
		fmp_drop(fmp, skb, FMP_TX_DROP_MULTICAST);
}

/* Returns true when no peer is left. */
static bool fmp_multicast_batch(struct fmp_dev *fmp, struct sk_buff *skb)
{
	struct fmp_multicast_cb *cb = fmp_multicast_cb(skb);
	unsigned int left = FMP_MULTICAST_BATCH;
	struct fmp_peer *peer;
	unsigned long id;

	xa_for_each_start(&fmp->peer_ids, id, peer, cb->next_id) {
		if (!left--) {
			cb->next_id = id;
			return false;
		}
		fmp_multicast_copy(peer, skb);
	}
	return true;
}

static void fmp_multicast_defer(struct fmp_dev *fmp, struct sk_buff *skb)
{
	struct fmp_multicast *multicast = &fmp->multicast;

	if (skb_queue_len_lockless(&multicast->queue) >=
	    FMP_MULTICAST_BACKLOG) {
		fmp_drop(fmp, skb, FMP_TX_DROP_MULTICAST);
		return;
	}
	/* The route is not needed any more, and is not ours to keep. */
	skb_dst_drop(skb);
	skb_queue_tail(&multicast->queue, skb);
	schedule_work(&multicast->work);
}

static void fmp_multicast_work(struct work_struct *work)
{
	struct fmp_multicast *multicast =
		container_of(work, struct fmp_multicast, work);
	struct fmp_dev *fmp = container_of(multicast, struct fmp_dev,
					   multicast);
	struct sk_buff *skb;
	bool done;

	skb = skb_dequeue(&multicast->queue);
	if (!skb)
		return;

	local_bh_disable();
	rcu_read_lock();
	done = fmp_multicast_batch(fmp, skb);
	rcu_read_unlock();
	local_bh_enable();

	if (done)
		fmp_multicast_end(fmp, skb);
	else
		skb_queue_head(&multicast->queue, skb);
	if (!skb_queue_empty_lockless(&multicast->queue))
		schedule_work(work);
}

/**
 * fmp_multicast_init() - set up the multicast of a new device
 * @multicast: of the device
 *
 * Context: Process context.
 */
void fmp_multicast_init(struct fmp_multicast *multicast)
{
	skb_queue_head_init(&multicast->queue);
	INIT_WORK(&multicast->work, fmp_multicast_work);
}

/**
 * fmp_multicast_flush() - forget what was not yet sent to all peers
 * @fmp: device that goes down or away
 *
 * Context: Process context.
 */
void fmp_multicast_flush(struct fmp_dev *fmp)
{
	struct sk_buff *skb;

	cancel_work_sync(&fmp->multicast.work);
	while ((skb = skb_dequeue(&fmp->multicast.queue)))
		fmp_drop(fmp, skb, FMP_TX_DROP_MULTICAST);
}

static bool fmp_multicast_link_local4(__be32 address)
{
	return ipv4_is_local_multicast(address) || ipv4_is_lbcast(address);
}

static bool fmp_multicast_link_local6(const struct in6_addr *address)
{
	return ipv6_addr_is_multicast(address) &&
	       IPV6_ADDR_MC_SCOPE(address) == IPV6_ADDR_SCOPE_LINKLOCAL;
}

/**
 * fmp_multicast_wanted() - tell whether a packet goes to every peer
 * @fmp: device
 * @skb: inner packet that has no peer as its next hop
 *
 * Context: Any.
 * Return: true if it is for fmp_multicast_send().
 */
bool fmp_multicast_wanted(const struct fmp_dev *fmp,
			  const struct sk_buff *skb)
{
	if (!READ_ONCE(fmp->config.multicast))
		return false;
	if (skb->protocol == htons(ETH_P_IP))
		return fmp_multicast_link_local4(ip_hdr(skb)->daddr);
	return fmp_multicast_link_local6(&ipv6_hdr(skb)->daddr);
}

static void fmp_multicast_packet(struct fmp_dev *fmp, struct sk_buff *skb)
{
	memset(fmp_multicast_cb(skb), 0, sizeof(struct fmp_multicast_cb));
	if (fmp_multicast_batch(fmp, skb))
		fmp_multicast_end(fmp, skb);
	else
		fmp_multicast_defer(fmp, skb);
}

/**
 * fmp_multicast_send() - send a packet to every peer with a session
 * @fmp: device
 * @skb: inner packet; consumed
 *
 * The first peers are served at once, so that with few of them nothing
 * waits. A work item goes on with the others, some at a time.
 *
 * Context: RCU read section, bottom halves disabled.
 */
void fmp_multicast_send(struct fmp_dev *fmp, struct sk_buff *skb)
{
	struct sk_buff *segs, *next;

	if (!skb_is_gso(skb)) {
		fmp_multicast_packet(fmp, skb);
		return;
	}
	segs = skb_gso_segment(skb, 0);
	if (IS_ERR_OR_NULL(segs)) {
		fmp_drop(fmp, skb, FMP_TX_DROP_GSO);
		return;
	}
	consume_skb(skb);
	skb_list_walk_safe(segs, skb, next) {
		skb_mark_not_on_list(skb);
		fmp_multicast_packet(fmp, skb);
	}
}
