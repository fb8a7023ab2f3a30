// SPDX-License-Identifier: GPL-2.0
/*
 * Lanes: where received frames are decrypted.
 *
 * Each session is owned by the lane of one CPU. Its frames are opened on that
 * CPU alone, with bottom halves disabled, so that its replay window needs no
 * lock and its packets stay in order. A frame that arrives there while nothing
 * waits is opened on the spot: the common case costs neither a queue nor a
 * wake-up. Any other is queued with its session, and the sessions of a lane
 * take turns.
 *
 * A session follows its frames: after enough authentic ones in a row that
 * arrived on one other CPU it is parked, which means that nothing of it is
 * opened any more; what the lane has delivered goes to the stack; then the
 * other lane takes it over with what was queued meanwhile. So does a session
 * whose CPU went offline.
 */
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/sizes.h>
#include <linux/smp.h>
#include <linux/udp.h>

#include "delivery.h"
#include "device.h"
#include "drop.h"
#include "lane.h"
#include "peer.h"
#include "rx.h"
#include "rx-batch.h"
#include "session.h"
#include "trace.h"
#include "wire.h"

/* What bursts of the largest receive windows in use need, and no more. */
#define FMP_LANE_BYTES_MAX	((unsigned int)SZ_8M)
/* For what may be control frames, when bulk has taken all there is. */
#define FMP_LANE_RESERVE	SZ_1M
#define FMP_RXQ_RESERVE		SZ_64K
/* Heartbeats, reports and Disconnects are no longer than this. */
#define FMP_LANE_CONTROL_LEN	(sizeof(struct udphdr) + 128)
/* Frames of a session opened before the next session's turn. */
#define FMP_LANE_TURN		16
/* Frames opened before others get their turn on the CPU. */
#define FMP_LANE_BATCH		64
/* Authentic frames in a row on another CPU, for a session to go there. */
#define FMP_LANE_FOLLOW		64

/**
 * struct fmp_lane_cb - what a lane keeps with a frame
 * @cpu: where the frame arrived
 * @reserved: its memory is of the reserve
 */
struct fmp_lane_cb {
	u16 cpu;
	bool reserved;
};

static struct workqueue_struct *fmp_lane_wq;

static struct fmp_lane_cb *fmp_lane_cb(struct sk_buff *skb)
{
	return (struct fmp_lane_cb *)skb->cb;
}

/**
 * fmp_lane_on() - the lane of a CPU
 * @fmp: device
 * @cpu: the CPU, online or not
 *
 * Context: Any.
 * Return: The lane.
 */
struct fmp_lane *fmp_lane_on(struct fmp_dev *fmp, unsigned int cpu)
{
	return per_cpu_ptr(fmp->lanes, cpu);
}

static struct fmp_session *fmp_rxq_session(struct fmp_rxq *rxq)
{
	return container_of(rxq, struct fmp_session, rxq);
}

/**
 * fmp_rxq_init() - prepare a session for receiving
 * @rxq: its part in lanes
 *
 * Context: Any; nobody else knows the session.
 */
void fmp_rxq_init(struct fmp_rxq *rxq)
{
	rxq->owner = FMP_RXQ_NONE;
	__skb_queue_head_init(&rxq->queue);
	INIT_LIST_HEAD(&rxq->node);
}

/**
 * fmp_lane_kick() - have a lane open frames
 * @lane: with sessions that are ready
 *
 * While there are some, one of the works is queued, or runs, or the poll is
 * due. With bottom halves disabled no CPU goes offline meanwhile, but one may
 * come back. There are two works because a workqueue keeps one that is queued
 * while it runs on the CPU where it runs.
 *
 * Context: Bottom halves disabled.
 */
void fmp_lane_kick(struct fmp_lane *lane)
{
	if (likely(cpu_online(lane->cpu)))
		queue_work_on(lane->cpu, fmp_lane_wq, &lane->work);
	else
		queue_work_on(smp_processor_id(), fmp_lane_wq, &lane->rescue);
}

/* True for one context at a time, which then opens frames of the session. */
static bool fmp_rxq_claim(struct fmp_rxq *rxq, unsigned int cpu)
{
	u32 owner = cpu;

	return try_cmpxchg_acquire(&rxq->owner, &owner, cpu | FMP_RXQ_BUSY);
}

/* @owner is what it shall be from now on. */
static void fmp_rxq_release(struct fmp_rxq *rxq, u32 owner)
{
	/* Pairs with fmp_rxq_claim(): the window is where this one left it. */
	smp_store_release(&rxq->owner, owner);
}

/*
 * Locks the lane that owns a session. Who reads the owner without its lock
 * may see the session move, and looks again.
 */
static struct fmp_lane *fmp_lane_lock_owner(struct fmp_dev *fmp,
					    struct fmp_rxq *rxq)
	__acquires(lane->lock)
{
	struct fmp_lane *lane;

	for (;;) {
		lane = fmp_lane_on(fmp,
				   READ_ONCE(rxq->owner) & FMP_RXQ_CPU_MASK);
		spin_lock(&lane->lock);
		if ((READ_ONCE(rxq->owner) & FMP_RXQ_CPU_MASK) == lane->cpu)
			return lane;
		spin_unlock(&lane->lock);
	}
}

/* The session is nobody's, or of the caller, who has claimed it. */
static void fmp_lane_park(struct fmp_lane *lane, struct fmp_rxq *rxq,
			  unsigned int cpu)
{
	lockdep_assert_held(&lane->lock);

	rxq->candidate = cpu;
	list_move_tail(&rxq->node, &lane->parked);
}

static void fmp_lane_release(struct fmp_lane *lane, struct fmp_rxq *rxq,
			     struct sk_buff *skb)
{
	rxq->bytes -= skb->truesize;
	lane->bytes -= skb->truesize;
	if (fmp_lane_cb(skb)->reserved)
		rxq->reserved -= skb->truesize;
}

static void fmp_lane_take_turn(struct fmp_lane *lane, struct fmp_rxq *rxq,
			       struct sk_buff_head *turn)
{
	struct sk_buff *skb;

	while (skb_queue_len(turn) < FMP_LANE_TURN) {
		skb = __skb_dequeue(&rxq->queue);
		if (!skb)
			break;
		fmp_lane_release(lane, rxq, skb);
		__skb_queue_tail(turn, skb);
	}
	if (skb_queue_empty(&rxq->queue))
		list_del_init(&rxq->node);
	else
		list_move_tail(&rxq->node, &lane->ready);
}

/*
 * Only an authentic frame tells where the peer's frames arrive. Before the
 * first one anybody may have chosen the lane.
 */
static void fmp_lane_note_arrival(struct fmp_rxq *rxq, unsigned int cpu,
				  unsigned int arrived)
{
	if (unlikely(!rxq->proven)) {
		rxq->proven = true;
		rxq->candidate = arrived;
		rxq->elsewhere = arrived == cpu ? 0 : FMP_LANE_FOLLOW;
		return;
	}
	if (likely(arrived == cpu)) {
		if (rxq->elsewhere)
			rxq->elsewhere = 0;
		return;
	}
	if (!rxq->elsewhere || rxq->candidate != arrived) {
		rxq->candidate = arrived;
		rxq->elsewhere = 0;
	}
	if (rxq->elsewhere < FMP_LANE_FOLLOW)
		rxq->elsewhere++;
}

static void fmp_lane_open(struct fmp_lane *lane, struct fmp_rxq *rxq,
			  struct sk_buff *skb)
{
	unsigned int arrived = fmp_lane_cb(skb)->cpu;

	if (likely(fmp_rx_open(fmp_rxq_session(rxq), skb)))
		fmp_lane_note_arrival(rxq, lane->cpu, arrived);
}

static bool fmp_lane_wants_move(struct fmp_lane *lane, struct fmp_rxq *rxq)
{
	return rxq->elsewhere >= FMP_LANE_FOLLOW && !rxq->gone &&
	       cpu_online(rxq->candidate);
}

/* Opens some frames of the session whose turn it is. */
static unsigned int fmp_lane_turn(struct fmp_lane *lane)
{
	struct sk_buff_head turn;
	unsigned int opened = 0;
	struct fmp_rxq *rxq;
	struct sk_buff *skb;
	bool move;

	__skb_queue_head_init(&turn);
	spin_lock(&lane->lock);
	rxq = list_first_entry_or_null(&lane->ready, struct fmp_rxq, node);
	if (!rxq || !fmp_rxq_claim(rxq, lane->cpu)) {
		spin_unlock(&lane->lock);
		return 0;
	}
	fmp_lane_take_turn(lane, rxq, &turn);
	lane->progress = jiffies;
	lane->stalled = false;
	spin_unlock(&lane->lock);

	while ((skb = __skb_dequeue(&turn))) {
		fmp_lane_open(lane, rxq, skb);
		opened++;
	}

	spin_lock(&lane->lock);
	move = fmp_lane_wants_move(lane, rxq);
	if (unlikely(move))
		fmp_lane_park(lane, rxq, rxq->candidate);
	fmp_rxq_release(rxq, move ? lane->cpu | FMP_RXQ_PARKED : lane->cpu);
	spin_unlock(&lane->lock);
	if (unlikely(move))
		napi_schedule(&lane->napi);
	return opened;
}

static void fmp_lane_drop_all(struct fmp_dev *fmp, struct sk_buff_head *queue,
			      enum fmp_stat stat)
{
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(queue)))
		fmp_rx_drop(fmp, skb, stat);
}

static void fmp_lane_drop_discarded(struct fmp_lane *lane)
{
	struct sk_buff_head discard;

	__skb_queue_head_init(&discard);
	spin_lock(&lane->lock);
	skb_queue_splice_init(&lane->discard, &discard);
	spin_unlock(&lane->lock);
	fmp_lane_drop_all(lane->fmp, &discard, FMP_RX_DROP_UNKNOWN_INDEX);
}

/*
 * The lane's CPU is offline: what waits there goes to this one. Sessions that
 * nothing waits for follow when something does. Should the CPU come back
 * meanwhile, it may have claimed one already.
 */
static void fmp_lane_evacuate(struct fmp_lane *lane)
{
	unsigned int cpu = smp_processor_id();
	struct fmp_rxq *rxq, *next;

	spin_lock(&lane->lock);
	list_for_each_entry_safe(rxq, next, &lane->ready, node) {
		if (cmpxchg(&rxq->owner, lane->cpu,
			    lane->cpu | FMP_RXQ_PARKED) == lane->cpu)
			fmp_lane_park(lane, rxq, cpu);
	}
	spin_unlock(&lane->lock);
	napi_schedule(&lane->napi);
}

static void fmp_lane_run(struct fmp_lane *lane)
{
	unsigned int left = FMP_LANE_BATCH, opened;

	do {
		if (unlikely(fmp_delivery_is_behind(lane)))
			return;
		opened = fmp_lane_turn(lane);
		left -= min(opened, left);
	} while (opened && left);
	if (!list_empty(&lane->ready))
		fmp_lane_kick(lane);
}

static void fmp_lane_work(struct work_struct *work)
{
	struct fmp_lane *lane = container_of(work, struct fmp_lane, work);

	local_bh_disable();
	rcu_read_lock();
	if (unlikely(!skb_queue_empty_lockless(&lane->discard)))
		fmp_lane_drop_discarded(lane);
	/* The workqueue takes it elsewhere when the CPU goes. */
	if (unlikely(smp_processor_id() != lane->cpu))
		fmp_lane_kick(lane);
	else
		fmp_lane_run(lane);
	rcu_read_unlock();
	local_bh_enable();
}

static void fmp_lane_rescue(struct work_struct *work)
{
	struct fmp_lane *lane = container_of(work, struct fmp_lane, rescue);

	local_bh_disable();
	rcu_read_lock();
	if (unlikely(!skb_queue_empty_lockless(&lane->discard)))
		fmp_lane_drop_discarded(lane);
	if (!cpu_online(lane->cpu))
		fmp_lane_evacuate(lane);
	if (!list_empty(&lane->ready))
		fmp_lane_kick(lane);
	rcu_read_unlock();
	local_bh_enable();
}

/*
 * A session gets what its lane has left, once more: few may use most of the
 * lane, and many leave each other room.
 */
static bool fmp_lane_has_room(const struct fmp_lane *lane,
			      const struct fmp_rxq *rxq,
			      const struct sk_buff *skb)
{
	unsigned int left = FMP_LANE_BYTES_MAX -
			    min(lane->bytes, FMP_LANE_BYTES_MAX);

	return rxq->bytes + skb->truesize <= left;
}

/*
 * What may be a control frame, or the proof that a pending session waits for,
 * has a reserve besides, which no bulk counts against.
 */
static bool fmp_lane_has_reserve(const struct fmp_lane *lane,
				 const struct fmp_session *session,
				 const struct sk_buff *skb)
{
	if (skb->len > FMP_LANE_CONTROL_LEN &&
	    READ_ONCE(session->slot) != FMP_SLOT_PENDING)
		return false;
	return session->rxq.reserved + skb->truesize <= FMP_RXQ_RESERVE &&
	       lane->bytes + skb->truesize <=
	       FMP_LANE_BYTES_MAX + FMP_LANE_RESERVE;
}

static void fmp_lane_watch(struct fmp_lane *lane)
{
	if (likely(lane->stalled || list_empty(&lane->ready) ||
		   time_before(jiffies, lane->progress + HZ)))
		return;
	lane->stalled = true;
	fmp_stat_inc(lane->fmp, FMP_RX_LANE_STUCK);
	trace_fmp_lane_stuck(lane->fmp->dev, lane->cpu, lane->bytes);
}

static void fmp_lane_enqueue(struct fmp_lane *lane, struct fmp_rxq *rxq,
			     struct sk_buff *skb, bool reserved)
{
	bool first;

	fmp_lane_watch(lane);
	fmp_lane_cb(skb)->cpu = smp_processor_id();
	fmp_lane_cb(skb)->reserved = reserved;
	rxq->bytes += skb->truesize;
	lane->bytes += skb->truesize;
	if (reserved)
		rxq->reserved += skb->truesize;
	__skb_queue_tail(&rxq->queue, skb);
	if (!list_empty(&rxq->node))
		return;
	first = list_empty(&lane->ready);
	list_add_tail(&rxq->node, &lane->ready);
	if (!first)
		return;
	lane->progress = jiffies;
	/* Not before it is there: who finds nothing does not look again. */
	fmp_lane_kick(lane);
}

static void fmp_lane_queue(struct fmp_dev *fmp, struct fmp_session *session,
			   struct sk_buff *skb)
{
	enum fmp_stat stat = FMP_STAT_COUNT;
	struct fmp_rxq *rxq = &session->rxq;
	struct fmp_lane *lane;

	lane = fmp_lane_lock_owner(fmp, rxq);
	if (unlikely(rxq->gone))
		stat = FMP_RX_DROP_UNKNOWN_INDEX;
	else if (likely(fmp_lane_has_room(lane, rxq, skb)))
		fmp_lane_enqueue(lane, rxq, skb, false);
	else if (fmp_lane_has_reserve(lane, session, skb))
		fmp_lane_enqueue(lane, rxq, skb, true);
	else
		stat = FMP_RX_DROP_LANE_FULL;
	spin_unlock(&lane->lock);

	if (likely(stat == FMP_STAT_COUNT))
		return;
	if (stat == FMP_RX_DROP_LANE_FULL)
		fmp_mmp_overloaded(fmp);
	fmp_rx_drop(fmp, skb, stat);
}

/* Where nothing waits, what arrives on the lane's CPU need not wait either. */
static bool fmp_lane_enter(struct fmp_lane *lane, struct fmp_rxq *rxq)
{
	if (unlikely(!list_empty(&lane->ready) ||
		     fmp_delivery_is_behind(lane) ||
		     !fmp_rxq_claim(rxq, lane->cpu)))
		return false;
	if (likely(skb_queue_empty_lockless(&rxq->queue)))
		return true;
	fmp_rxq_release(rxq, lane->cpu);
	return false;
}

static void fmp_lane_leave(struct fmp_lane *lane, struct fmp_rxq *rxq,
			   bool authentic)
{
	if (likely(authentic))
		fmp_lane_note_arrival(rxq, lane->cpu, lane->cpu);
	fmp_rxq_release(rxq, lane->cpu);
}

/**
 * fmp_lane_receive() - give a frame to the lane of its session
 * @fmp: device
 * @session: found by the frame's receiver index
 * @skb: the datagram; consumed
 *
 * Context: Softirq, RCU read section.
 */
void fmp_lane_receive(struct fmp_dev *fmp, struct fmp_session *session,
		      struct sk_buff *skb)
{
	struct fmp_lane *lane = this_cpu_ptr(fmp->lanes);
	struct fmp_rxq *rxq = &session->rxq;

	if (unlikely(READ_ONCE(rxq->owner) == FMP_RXQ_NONE))
		cmpxchg(&rxq->owner, FMP_RXQ_NONE, lane->cpu);

	if (likely(fmp_lane_enter(lane, rxq))) {
		fmp_stat_inc(fmp, FMP_RX_INLINE);
		fmp_lane_leave(lane, rxq, fmp_rx_open(session, skb));
		return;
	}
	fmp_stat_inc(fmp, FMP_RX_HANDOFF);
	fmp_lane_queue(fmp, session, skb);
}

/**
 * fmp_lane_receive_batch() - have a batch opened by the lane of its session
 * @fmp: device
 * @session: of all its frames
 * @batch: the batch
 *
 * Context: RCU read section, bottom halves disabled.
 * Return: false where its frames have to wait, which they do one by one.
 */
bool fmp_lane_receive_batch(struct fmp_dev *fmp, struct fmp_session *session,
			    const struct fmp_rx_batch *batch)
{
	struct fmp_lane *lane = this_cpu_ptr(fmp->lanes);
	struct fmp_rxq *rxq = &session->rxq;

	if (unlikely(!fmp_lane_enter(lane, rxq)))
		return false;
	fmp_lane_leave(lane, rxq, fmp_rx_batch_open(fmp, session, batch));
	return true;
}

/**
 * fmp_lane_forget() - queue nothing for a session any more
 * @fmp: device
 * @session: left its slot; its memory stays for a grace period
 *
 * What is queued is dropped later, by the lane.
 *
 * Context: Bottom halves disabled, the peer's lock may be held.
 */
void fmp_lane_forget(struct fmp_dev *fmp, struct fmp_session *session)
{
	struct fmp_rxq *rxq = &session->rxq;
	struct fmp_lane *lane;

	/* From then on there is a lock that who queues must hold. */
	if (READ_ONCE(rxq->owner) == FMP_RXQ_NONE)
		cmpxchg(&rxq->owner, FMP_RXQ_NONE, smp_processor_id());

	lane = fmp_lane_lock_owner(fmp, rxq);
	rxq->gone = true;
	list_del_init(&rxq->node);
	if (!skb_queue_empty(&rxq->queue)) {
		lane->bytes -= rxq->bytes;
		rxq->bytes = 0;
		rxq->reserved = 0;
		skb_queue_splice_tail_init(&rxq->queue, &lane->discard);
		fmp_lane_kick(lane);
	}
	spin_unlock(&lane->lock);
}

static void fmp_lane_init(struct fmp_dev *fmp, unsigned int cpu)
{
	struct fmp_lane *lane = fmp_lane_on(fmp, cpu);

	spin_lock_init(&lane->lock);
	INIT_LIST_HEAD(&lane->ready);
	INIT_LIST_HEAD(&lane->parked);
	INIT_LIST_HEAD(&lane->flushing);
	__skb_queue_head_init(&lane->discard);
	INIT_WORK(&lane->work, fmp_lane_work);
	INIT_WORK(&lane->rescue, fmp_lane_rescue);
	skb_queue_head_init(&lane->delivery);
	/* Nobody can know which of them a socket's packets come by. */
	set_bit(NAPI_STATE_NO_BUSY_POLL, &lane->napi.state);
	netif_napi_add(fmp->dev, &lane->napi, fmp_delivery_poll);
	lane->fmp = fmp;
	lane->cpu = cpu;
}

/**
 * fmp_lanes_init() - set up the lanes of a new device
 * @fmp: device
 *
 * Context: Process context, RTNL held.
 * Return: 0 or -ENOMEM.
 */
int fmp_lanes_init(struct fmp_dev *fmp)
{
	int cpu;

	fmp->lanes = alloc_percpu(struct fmp_lane);
	if (!fmp->lanes)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		fmp_lane_init(fmp, cpu);
	return 0;
}

/**
 * fmp_lanes_unhook() - have nothing call the lanes of a device any more
 * @fmp: device that is down; the caller waits for readers before it calls
 *       fmp_lanes_destroy()
 *
 * Context: Process context, RTNL held.
 */
void fmp_lanes_unhook(struct fmp_dev *fmp)
{
	int cpu;

	for_each_possible_cpu(cpu)
		__netif_napi_del(&fmp_lane_on(fmp, cpu)->napi);
}

/**
 * fmp_lanes_open() - let the lanes of a device receive
 * @fmp: device whose sockets are not open yet
 *
 * Context: Process context, RTNL held.
 */
void fmp_lanes_open(struct fmp_dev *fmp)
{
	int cpu;

	for_each_possible_cpu(cpu)
		napi_enable(&fmp_lane_on(fmp, cpu)->napi);
}

static void fmp_lane_unpark(struct fmp_lane *lane, struct list_head *parked)
{
	struct fmp_rxq *rxq;

	while (!list_empty(parked)) {
		rxq = list_first_entry(parked, struct fmp_rxq, node);
		list_move_tail(&rxq->node, &lane->ready);
		WRITE_ONCE(rxq->owner, lane->cpu);
	}
}

static void fmp_lane_purge(struct fmp_lane *lane, struct sk_buff_head *frames,
			   struct sk_buff_head *packets)
{
	struct fmp_rxq *rxq;

	fmp_lane_unpark(lane, &lane->parked);
	fmp_lane_unpark(lane, &lane->flushing);
	while (!list_empty(&lane->ready)) {
		rxq = list_first_entry(&lane->ready, struct fmp_rxq, node);
		list_del_init(&rxq->node);
		rxq->bytes = 0;
		rxq->reserved = 0;
		skb_queue_splice_tail_init(&rxq->queue, frames);
	}
	lane->bytes = 0;
	skb_queue_splice_tail_init(&lane->discard, frames);
	skb_queue_splice_tail_init(&lane->delivery, packets);
	lane->waiting = 0;
}

static void fmp_lane_empty(struct fmp_lane *lane)
{
	struct sk_buff_head frames, packets;
	struct sk_buff *skb;

	__skb_queue_head_init(&frames);
	__skb_queue_head_init(&packets);
	spin_lock_bh(&lane->lock);
	fmp_lane_purge(lane, &frames, &packets);
	spin_unlock_bh(&lane->lock);
	fmp_lane_drop_all(lane->fmp, &frames, FMP_RX_DROP_DOWN);
	while ((skb = __skb_dequeue(&packets))) {
		/* One of them counts as it is dropped. */
		if (skb_is_gso(skb))
			fmp_stat_add(lane->fmp, FMP_RX_DROP_DOWN,
				     skb_shinfo(skb)->gso_segs - 1);
		fmp_drop(lane->fmp, skb, FMP_RX_DROP_DOWN);
	}
}

static void fmp_lane_cancel(struct fmp_lane *lane)
{
	/* The one can queue the other, which then finds nothing to do. */
	cancel_work_sync(&lane->rescue);
	cancel_work_sync(&lane->work);
	cancel_work_sync(&lane->rescue);
}

/**
 * fmp_lanes_close() - receive nothing any more, and drop what waits
 * @fmp: device whose sockets are closed
 *
 * First all polls are ended, with what they do after they were complete, then
 * all work, then there is nothing left that could fill a queue.
 *
 * Context: Process context, RTNL held.
 */
void fmp_lanes_close(struct fmp_dev *fmp)
{
	int cpu;

	for_each_possible_cpu(cpu)
		napi_disable(&fmp_lane_on(fmp, cpu)->napi);
	synchronize_net();
	for_each_possible_cpu(cpu)
		fmp_lane_cancel(fmp_lane_on(fmp, cpu));
	for_each_possible_cpu(cpu)
		fmp_lane_empty(fmp_lane_on(fmp, cpu));
}

/**
 * fmp_lanes_destroy() - free the lanes of a device
 * @fmp: device whose lanes were unhooked, without sessions
 *
 * Removing a session may have set a closed lane to work.
 *
 * Context: Process context.
 */
void fmp_lanes_destroy(struct fmp_dev *fmp)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		fmp_lane_cancel(fmp_lane_on(fmp, cpu));
		fmp_lane_empty(fmp_lane_on(fmp, cpu));
	}
	free_percpu(fmp->lanes);
}

/**
 * fmp_lane_module_init() - create what all lanes share
 *
 * Context: Process context, at module load.
 * Return: 0 or -ENOMEM.
 */
int fmp_lane_module_init(void)
{
	fmp_lane_wq = alloc_workqueue("fmp", FMP_LANE_WQ_FLAGS, 0);
	return fmp_lane_wq ? 0 : -ENOMEM;
}

/**
 * fmp_lane_module_exit() - undo fmp_lane_module_init()
 *
 * Context: Process context, no device is left.
 */
void fmp_lane_module_exit(void)
{
	destroy_workqueue(fmp_lane_wq);
}
