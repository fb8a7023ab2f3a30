// SPDX-License-Identifier: GPL-2.0
/*
 * Delivery: what a lane has decrypted goes to the stack, through GRO.
 *
 * Packets of a session must not overtake each other when it goes to another
 * lane. So it is this end that hands sessions over, once all that was
 * delivered before they were parked is with the stack.
 */
#include <linux/cpumask.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include <net/gro.h>

#include "delivery.h"
#include "device.h"
#include "lane.h"
#include "merge.h"

/**
 * struct fmp_delivery_cb - of a packet that waits
 * @plain: GRO can do nothing with it
 */
struct fmp_delivery_cb {
	bool plain;
};

/* This CPU is delivering a packet on the spot. */
static DEFINE_PER_CPU(bool, fmp_delivery_busy);

static struct fmp_delivery_cb *fmp_delivery_cb(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct fmp_delivery_cb) > sizeof(skb->cb));
	return (struct fmp_delivery_cb *)skb->cb;
}

static void fmp_delivery_lock_two(struct fmp_lane *a, struct fmp_lane *b)
	__acquires(a->lock)
	__acquires(b->lock)
{
	if (a->cpu > b->cpu)
		swap(a, b);
	spin_lock(&a->lock);
	spin_lock_nested(&b->lock, SINGLE_DEPTH_NESTING);
}

/* Another lane receives for a parked session from now on. */
static void fmp_delivery_hand_over(struct fmp_lane *lane, struct fmp_rxq *rxq,
				   struct fmp_lane *to)
{
	list_del_init(&rxq->node);
	lane->bytes -= rxq->bytes;
	to->bytes += rxq->bytes;
	rxq->elsewhere = 0;
	/* The new owner opens frames where the old one left the window. */
	smp_store_release(&rxq->owner, to->cpu);
	if (skb_queue_empty(&rxq->queue))
		return;
	if (list_empty(&to->ready))
		to->progress = jiffies;
	list_add_tail(&rxq->node, &to->ready);
	fmp_lane_kick(to);
}

static struct fmp_lane *fmp_delivery_target(struct fmp_lane *lane,
					    const struct fmp_rxq *rxq)
{
	struct fmp_lane *to = fmp_lane_on(lane->fmp, rxq->candidate);

	return cpu_online(to->cpu) ? to :
	       fmp_lane_on(lane->fmp, smp_processor_id());
}

/* What the sessions in @flushed delivered here has reached the stack. */
static void fmp_delivery_hand_over_all(struct fmp_lane *lane,
				       struct list_head *flushed)
{
	struct fmp_lane *to;
	struct fmp_rxq *rxq;

	for (;;) {
		spin_lock(&lane->lock);
		rxq = list_first_entry_or_null(flushed, struct fmp_rxq, node);
		to = rxq ? fmp_delivery_target(lane, rxq) : NULL;
		if (to == lane)
			fmp_delivery_hand_over(lane, rxq, to);
		spin_unlock(&lane->lock);
		if (!to)
			return;
		if (to == lane)
			continue;

		fmp_delivery_lock_two(lane, to);
		/* It may have been removed meanwhile. */
		if (list_first_entry_or_null(flushed, struct fmp_rxq,
					     node) == rxq) {
			fmp_delivery_hand_over(lane, rxq, to);
			fmp_stat_inc(lane->fmp, FMP_RX_LANE_MOVE);
		}
		spin_unlock(&to->lock);
		spin_unlock(&lane->lock);
	}
}

/* What was merged is as many packets as it was. */
static void fmp_delivery_count(struct fmp_dev *fmp, const struct sk_buff *skb)
{
	unsigned int n = 1, bytes = skb->len, headers;
	struct pcpu_sw_netstats *stats;

	if (skb_is_gso(skb)) {
		n = skb_shinfo(skb)->gso_segs;
		headers = skb_headlen(skb) - skb_shinfo(skb)->gso_size;
		bytes += (n - 1) * headers;
		fmp_stat_add(fmp, FMP_RX_MERGED, n - 1);
	}
	fmp_stat_add(fmp, FMP_RX_IP, n);
	stats = this_cpu_ptr(fmp->dev->tstats);
	u64_stats_update_begin(&stats->syncp);
	u64_stats_add(&stats->rx_packets, n);
	u64_stats_add(&stats->rx_bytes, bytes);
	u64_stats_update_end(&stats->syncp);
}

static struct sk_buff *fmp_delivery_dequeue(struct fmp_lane *lane)
{
	struct sk_buff *skb;

	spin_lock(&lane->delivery.lock);
	skb = __skb_dequeue(&lane->delivery);
	if (skb)
		WRITE_ONCE(lane->waiting, lane->waiting - skb->truesize);
	spin_unlock(&lane->delivery.lock);
	return skb;
}

static void fmp_delivery_hand_up(struct list_head *plain)
{
	if (!list_empty(plain))
		netif_receive_skb_list(plain);
	INIT_LIST_HEAD(plain);
}

/*
 * What GRO is of no use for goes past it, as long as nothing has gone through
 * it that packets of the same stream could overtake.
 */
static int fmp_delivery_pass_on(struct fmp_lane *lane, int limit)
{
	bool through_gro = !fmp_compat_gro_is_empty(&lane->napi);
	struct sk_buff *skb;
	LIST_HEAD(plain);
	int done = 0;

	while (done < limit && (skb = fmp_delivery_dequeue(lane))) {
		fmp_delivery_count(lane->fmp, skb);
		done++;
		if (fmp_delivery_cb(skb)->plain && !through_gro) {
			list_add_tail(&skb->list, &plain);
			continue;
		}
		fmp_delivery_hand_up(&plain);
		through_gro = true;
		napi_gro_receive(&lane->napi, skb);
	}
	fmp_delivery_hand_up(&plain);
	return done;
}

/* What was delivered before sessions were parked goes up before they leave. */
static bool fmp_delivery_begin_flush(struct fmp_lane *lane)
{
	if (likely(list_empty(&lane->parked) && list_empty(&lane->flushing)))
		return false;

	spin_lock(&lane->lock);
	if (list_empty(&lane->flushing)) {
		list_splice_tail_init(&lane->parked, &lane->flushing);
		lane->ahead = skb_queue_len(&lane->delivery);
	}
	spin_unlock(&lane->lock);
	return true;
}

/* Frames wait that were not opened because too many packets did. */
static void fmp_delivery_resume(struct fmp_lane *lane)
{
	if (!list_empty(&lane->ready) && !fmp_delivery_is_behind(lane))
		fmp_lane_kick(lane);
}

/*
 * The packets ahead are with GRO now. Completing hands up all that it and the
 * stack's own batch hold, whether or not another poll is due.
 */
static void fmp_delivery_end_flush(struct fmp_lane *lane, int done)
{
	struct napi_struct *napi = &lane->napi;
	LIST_HEAD(flushed);

	spin_lock(&lane->lock);
	list_splice_init(&lane->flushing, &flushed);
	spin_unlock(&lane->lock);
	fmp_compat_gro_flush(napi);
	if (napi_complete_done(napi, done) &&
	    !skb_queue_empty_lockless(&lane->delivery))
		napi_schedule(napi);
	fmp_delivery_hand_over_all(lane, &flushed);
	fmp_delivery_resume(lane);
}

static int fmp_delivery_flush(struct fmp_lane *lane, int budget)
{
	int done;

	done = fmp_delivery_pass_on(lane, min_t(int, budget - 1, lane->ahead));
	lane->ahead -= done;
	/* A console that polls this NAPI keeps it from completing. */
	if (lane->ahead || test_bit(NAPI_STATE_NPSVC, &lane->napi.state)) {
		fmp_delivery_resume(lane);
		return budget;
	}
	fmp_delivery_end_flush(lane, done);
	return done;
}

/**
 * fmp_delivery_poll() - pass packets of a lane on to the stack
 * @napi: of the lane
 * @budget: how many at most
 *
 * Context: NAPI: bottom halves disabled; on any CPU if it is threaded.
 * Return: How many it were, or @budget to be called again.
 */
int fmp_delivery_poll(struct napi_struct *napi, int budget)
{
	struct fmp_lane *lane = container_of(napi, struct fmp_lane, napi);
	int done = 0;

	if (unlikely(!budget))
		return 0;
	rcu_read_lock();
	if (unlikely(fmp_delivery_begin_flush(lane))) {
		done = fmp_delivery_flush(lane, budget);
		goto out;
	}
	done = fmp_delivery_pass_on(lane, budget);
	if (done < budget)
		napi_complete_done(napi, done);
	fmp_delivery_resume(lane);
out:
	rcu_read_unlock();
	return done;
}

/*
 * GRO can make more of TCP only, and of UDP for sockets that ask for it; but a
 * packet that comes alone is none that could be merged with another.
 */
static bool fmp_delivery_wants_gro(const struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP))
		return ip_hdr(skb)->protocol == IPPROTO_TCP;
	return ipv6_hdr(skb)->nexthdr == IPPROTO_TCP;
}

static bool fmp_delivery_is_idle(const struct fmp_lane *lane)
{
	return skb_queue_empty_lockless(&lane->delivery) &&
	       !test_bit(NAPI_STATE_SCHED, &lane->napi.state) &&
	       fmp_compat_gro_is_empty(&lane->napi);
}

/* On top of what called us, another packet may go through the stack. */
static bool fmp_delivery_can_now(const struct fmp_lane *lane,
				 const struct sk_buff *skb)
{
	return in_serving_softirq() && !__this_cpu_read(fmp_delivery_busy) &&
	       fmp_delivery_is_idle(lane) && !fmp_delivery_wants_gro(skb);
}

static void fmp_delivery_now(struct fmp_dev *fmp, struct sk_buff *skb)
{
	fmp_stat_inc(fmp, FMP_RX_IP);
	dev_sw_netstats_rx_add(fmp->dev, skb->len);
	__this_cpu_write(fmp_delivery_busy, true);
	netif_receive_skb(skb);
	__this_cpu_write(fmp_delivery_busy, false);
}

static void fmp_delivery_queue(struct fmp_lane *lane, struct sk_buff *skb,
			       bool plain)
{
	fmp_delivery_cb(skb)->plain = plain;
	spin_lock(&lane->delivery.lock);
	__skb_queue_tail(&lane->delivery, skb);
	WRITE_ONCE(lane->waiting, lane->waiting + skb->truesize);
	spin_unlock(&lane->delivery.lock);
	napi_schedule(&lane->napi);
}

static void fmp_delivery_merge(struct fmp_dev *fmp, struct sk_buff *skb,
			       struct fmp_merge *merge)
{
	fmp_delivery_end_merge(fmp, merge);
	if (!fmp_merge_begin(merge, skb))
		fmp_delivery_queue(this_cpu_ptr(fmp->lanes), skb,
				   fmp_merge_is_plain(merge, skb));
}

/**
 * fmp_delivery_end_merge() - give what was merged to the stack
 * @fmp: device
 * @merge: of a batch
 *
 * Context: The lane of this CPU opens frames: bottom halves disabled.
 */
void fmp_delivery_end_merge(struct fmp_dev *fmp, struct fmp_merge *merge)
{
	struct sk_buff *skb = fmp_merge_end(merge);

	if (skb)
		fmp_delivery_queue(this_cpu_ptr(fmp->lanes), skb, false);
}

/**
 * fmp_delivery_add() - give a packet to the stack
 * @fmp: device
 * @skb: inner packet; consumed
 * @merge: others that it came with, or NULL
 *
 * By way of GRO, or on the spot if it came alone: a poll costs more than the
 * stack takes for a packet. A packet of another tunnel in it is not delivered
 * on top of that, as the kernel's stack is small.
 *
 * Context: The lane of this CPU opens frames: RCU read section, bottom halves
 * disabled.
 */
void fmp_delivery_add(struct fmp_dev *fmp, struct sk_buff *skb,
		      struct fmp_merge *merge)
{
	struct fmp_lane *lane = this_cpu_ptr(fmp->lanes);

	skb->dev = fmp->dev;
	if (merge)
		fmp_delivery_merge(fmp, skb, merge);
	else if (fmp_delivery_can_now(lane, skb))
		fmp_delivery_now(fmp, skb);
	else
		fmp_delivery_queue(lane, skb, false);
}
