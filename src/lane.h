/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lanes: where received frames are decrypted.
 */
#ifndef FMP_LANE_H
#define FMP_LANE_H

#include <linux/bits.h>
#include <linux/list.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct fmp_dev;
struct fmp_rx_batch;
struct fmp_session;

/* No lane receives for the session yet. */
#define FMP_RXQ_NONE		U32_MAX
/* Frames of the session are being opened. */
#define FMP_RXQ_BUSY		BIT(31)
/* None is opened until another lane has taken the session over. */
#define FMP_RXQ_PARKED		BIT(30)
#define FMP_RXQ_CPU_MASK	(FMP_RXQ_PARKED - 1)

/**
 * struct fmp_rxq - a session's part in the lane that receives for it
 * @owner: CPU of the lane, FMP_RXQ_BUSY, FMP_RXQ_PARKED; or FMP_RXQ_NONE.
 *         Who opens frames is who made it FMP_RXQ_BUSY, in one step; all else
 *         changes under the lane's lock
 * @elsewhere: authentic frames in a row that arrived on @candidate; of the
 *             context that opens frames
 * @candidate: the CPU they arrived on
 * @proven: an authentic frame has arrived; of the context that opens frames
 * @gone: the session was removed, nothing is queued any more
 * @bytes: memory held by @queue
 * @reserved: of that, what was taken from the reserve
 * @queue: frames that wait to be opened
 * @node: linkage into a list of the lane while there is a reason
 *
 * But for @owner, @elsewhere and @proven under the lock of the lane.
 */
struct fmp_rxq {
	u32 owner;
	u16 elsewhere;
	u16 candidate;
	bool proven;
	bool gone;
	unsigned int bytes;
	unsigned int reserved;
	struct sk_buff_head queue;
	struct list_head node;
};

/**
 * struct fmp_lane - receives for the sessions that a CPU owns
 * @lock: protects the lists and what is in them
 * @ready: sessions with frames to be opened, whose turn comes round
 * @parked: sessions that shall go to another lane
 * @flushing: of those, the ones whose packets are on their way through @napi
 * @discard: frames of removed sessions
 * @bytes: memory held by the queues of all sessions
 * @progress: jiffies when something was last opened, or began to wait
 * @stalled: that was counted as stuck
 * @work: opens frames, on the lane's CPU
 * @rescue: takes the place of @work while that CPU is offline
 * @ahead: packets in @delivery that come before the sessions in @flushing may
 *         go; of @napi
 * @delivery: packets for the stack; its lock protects @waiting as well
 * @waiting: memory held by them
 * @napi: passes them to the stack
 * @fmp: device
 * @cpu: the CPU
 */
struct fmp_lane {
	spinlock_t lock; /* queues of the sessions, and lists of them */
	struct list_head ready;
	struct list_head parked;
	struct list_head flushing;
	struct sk_buff_head discard;
	unsigned int bytes;
	unsigned long progress;
	bool stalled;
	struct work_struct work;
	struct work_struct rescue;
	unsigned int ahead;

	struct sk_buff_head delivery ____cacheline_aligned;
	unsigned int waiting;
	struct napi_struct napi;
	struct fmp_dev *fmp;
	unsigned int cpu;
};

struct fmp_lane *fmp_lane_on(struct fmp_dev *fmp, unsigned int cpu);
void fmp_lane_kick(struct fmp_lane *lane);
int fmp_lane_module_init(void);
void fmp_lane_module_exit(void);
int fmp_lanes_init(struct fmp_dev *fmp);
void fmp_lanes_unhook(struct fmp_dev *fmp);
void fmp_lanes_destroy(struct fmp_dev *fmp);
void fmp_lanes_open(struct fmp_dev *fmp);
void fmp_lanes_close(struct fmp_dev *fmp);
void fmp_rxq_init(struct fmp_rxq *rxq);
void fmp_lane_receive(struct fmp_dev *fmp, struct fmp_session *session,
		      struct sk_buff *skb);
bool fmp_lane_receive_batch(struct fmp_dev *fmp, struct fmp_session *session,
			    const struct fmp_rx_batch *batch);
void fmp_lane_forget(struct fmp_dev *fmp, struct fmp_session *session);

#endif /* FMP_LANE_H */
