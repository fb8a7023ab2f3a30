// SPDX-License-Identifier: GPL-2.0
/*
 * Lanes: where received frames are decrypted.
 *
 * A session belongs to one lane, so that its replay window needs no lock of
 * its own and its packets stay in order. When a frame arrives on the CPU of
 * its lane and nothing waits there, it is opened on the spot: the common case
 * costs neither a queue nor a wake-up. Everything else goes through the
 * lane's queue to a work item on the lane's CPU.
 *
 * The queue holds frames, not sessions: a session is looked up again when its
 * frame is taken out, which spares counting references.
 */
#include <linux/percpu.h>
#include <linux/smp.h>

#include "device.h"
#include "lane.h"
#include "rx.h"
#include "session.h"

/* What bursts of the largest receive windows in use need, and no more. */
#define FMP_LANE_BYTES_MAX	(4U << 20)
/* Frames opened before others get their turn on the CPU. */
#define FMP_LANE_BATCH		64

static struct workqueue_struct *fmp_lane_wq;

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

/*
 * Another CPU stands in for one that is offline; with bottom halves disabled
 * none goes offline meanwhile.
 */
static int fmp_lane_cpu(const struct fmp_lane *lane)
{
	return likely(cpu_online(lane->cpu)) ? lane->cpu : smp_processor_id();
}

static void fmp_lane_kick(struct fmp_lane *lane)
{
	queue_work_on(fmp_lane_cpu(lane), fmp_lane_wq, &lane->work);
}

static struct sk_buff *fmp_lane_dequeue(struct fmp_lane *lane)
{
	struct sk_buff *skb;

	spin_lock(&lane->queue.lock);
	skb = __skb_dequeue(&lane->queue);
	if (skb)
		lane->bytes -= skb->truesize;
	spin_unlock(&lane->queue.lock);
	return skb;
}

static void fmp_lane_open(struct fmp_lane *lane, struct sk_buff *skb)
{
	struct fmp_session *session;

	rcu_read_lock();
	session = fmp_index_lookup(&lane->fmp->indices, fmp_rx_index(skb));
	if (session)
		fmp_rx_open(lane->fmp, session, skb);
	else
		fmp_rx_drop(lane->fmp, skb, FMP_RX_DROP_UNKNOWN_INDEX);
	rcu_read_unlock();
}

static void fmp_lane_work(struct work_struct *work)
{
	struct fmp_lane *lane = container_of(work, struct fmp_lane, work);
	struct sk_buff *skb = NULL;
	int i;

	local_bh_disable();
	spin_lock(&lane->owner);
	for (i = 0; i < FMP_LANE_BATCH; i++) {
		skb = fmp_lane_dequeue(lane);
		if (!skb)
			break;
		fmp_lane_open(lane, skb);
	}
	spin_unlock(&lane->owner);
	if (skb)
		fmp_lane_kick(lane);
	local_bh_enable();
}

/**
 * fmp_lanes_init() - set up the lanes of a new device
 * @fmp: device
 *
 * Context: Process context.
 * Return: 0 or -ENOMEM.
 */
int fmp_lanes_init(struct fmp_dev *fmp)
{
	struct fmp_lane *lane;
	int cpu;

	fmp->lanes = alloc_percpu(struct fmp_lane);
	if (!fmp->lanes)
		return -ENOMEM;

	for_each_possible_cpu(cpu) {
		lane = per_cpu_ptr(fmp->lanes, cpu);
		spin_lock_init(&lane->owner);
		skb_queue_head_init(&lane->queue);
		INIT_WORK(&lane->work, fmp_lane_work);
		lane->fmp = fmp;
		lane->cpu = cpu;
	}
	return 0;
}

/**
 * fmp_lanes_flush() - wait until no frame is on its way through a lane
 * @fmp: device whose sockets are closed
 *
 * Context: Process context.
 */
void fmp_lanes_flush(struct fmp_dev *fmp)
{
	struct fmp_lane *lane;
	int cpu;

	for_each_possible_cpu(cpu) {
		lane = per_cpu_ptr(fmp->lanes, cpu);
		cancel_work_sync(&lane->work);
		skb_queue_purge(&lane->queue);
		lane->bytes = 0;
	}
}

/**
 * fmp_lanes_destroy() - free the lanes of a device
 * @fmp: device whose lanes were flushed
 *
 * Context: Process context.
 */
void fmp_lanes_destroy(struct fmp_dev *fmp)
{
	free_percpu(fmp->lanes);
}

static bool fmp_lane_enqueue(struct fmp_lane *lane, struct sk_buff *skb)
{
	bool room;

	spin_lock(&lane->queue.lock);
	room = lane->bytes + skb->truesize <= FMP_LANE_BYTES_MAX;
	if (room) {
		lane->bytes += skb->truesize;
		__skb_queue_tail(&lane->queue, skb);
	}
	spin_unlock(&lane->queue.lock);

	if (room)
		fmp_lane_kick(lane);
	return room;
}

/* The first frame of a session decides, so lanes follow the NIC's queues. */
static struct fmp_lane *fmp_lane_of(struct fmp_dev *fmp,
				    struct fmp_session *session)
{
	int cpu = READ_ONCE(session->cpu);
	int here;

	if (unlikely(cpu == FMP_CPU_NONE)) {
		here = smp_processor_id();
		cpu = cmpxchg(&session->cpu, FMP_CPU_NONE, here);
		if (cpu == FMP_CPU_NONE)
			cpu = here;
	}
	return per_cpu_ptr(fmp->lanes, cpu);
}

/**
 * fmp_lane_receive() - give a frame to the lane of its session
 * @fmp: device
 * @session: found by the frame's receiver index
 * @skb: the datagram; consumed
 *
 * Context: RCU read section, bottom halves disabled.
 */
void fmp_lane_receive(struct fmp_dev *fmp, struct fmp_session *session,
		      struct sk_buff *skb)
{
	struct fmp_lane *lane = fmp_lane_of(fmp, session);

	if (likely(fmp_lane_cpu(lane) == smp_processor_id() &&
		   skb_queue_empty_lockless(&lane->queue) &&
		   spin_trylock(&lane->owner))) {
		fmp_stat_inc(fmp, FMP_RX_INLINE);
		fmp_rx_open(fmp, session, skb);
		spin_unlock(&lane->owner);
		return;
	}

	fmp_stat_inc(fmp, FMP_RX_HANDOFF);
	if (!fmp_lane_enqueue(lane, skb))
		fmp_rx_drop(fmp, skb, FMP_RX_DROP_LANE_FULL);
}
