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

/* This CPU is delivering a packet on the spot. */
static DEFINE_PER_CPU(bool, fmp_delivery_busy);

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

static int fmp_delivery_pass_on(struct fmp_lane *lane, int limit)
{
	struct fmp_dev *fmp = lane->fmp;
	struct sk_buff *skb;
	int done = 0;

	while (done < limit && (skb = skb_dequeue(&lane->delivery))) {
		fmp_stat_inc(fmp, FMP_RX_IP);
		dev_sw_netstats_rx_add(fmp->dev, skb->len);
		napi_gro_receive(&lane->napi, skb);
		done++;
	}
	return done;
}

/* What was delivered before sessions were parked goes up before they leave. */
static bool fmp_delivery_begin_flush(struct fmp_lane *lane)
{
	if (likely(list_empty_careful(&lane->parked) &&
		   list_empty_careful(&lane->flushing)))
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
	if (!list_empty_careful(&lane->ready) && !fmp_delivery_is_behind(lane))
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
	return !lane->in_batch && in_serving_softirq() &&
	       !__this_cpu_read(fmp_delivery_busy) &&
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

/**
 * fmp_delivery_add() - give a packet to the stack
 * @fmp: device
 * @skb: inner packet; consumed
 *
 * By way of GRO, or on the spot if it came alone: a poll costs more than the
 * stack takes for a packet. A packet of another tunnel in it is not delivered
 * on top of that, as the kernel's stack is small.
 *
 * Context: The lane of this CPU opens frames: bottom halves disabled.
 */
void fmp_delivery_add(struct fmp_dev *fmp, struct sk_buff *skb)
{
	struct fmp_lane *lane = this_cpu_ptr(fmp->lanes);

	skb->dev = fmp->dev;
	if (fmp_delivery_can_now(lane, skb)) {
		fmp_delivery_now(fmp, skb);
		return;
	}
	skb_queue_tail(&lane->delivery, skb);
	napi_schedule(&lane->napi);
}
