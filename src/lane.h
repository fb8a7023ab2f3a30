/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lanes: where received frames are decrypted.
 */
#ifndef FMP_LANE_H
#define FMP_LANE_H

#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

struct fmp_dev;
struct fmp_session;

/**
 * struct fmp_lane - receives for the sessions that were given to a CPU
 * @owner: held while frames of the lane's sessions are opened and delivered,
 *         once for a batch: this is what keeps replay windows consistent and
 *         packets in order; taken from elsewhere only when the CPU is gone
 * @queue: frames that arrived while the lane was busy, or elsewhere
 * @bytes: memory held by @queue, under its lock
 * @work: drains @queue
 * @fmp: device
 * @cpu: the CPU
 */
struct fmp_lane {
	spinlock_t owner; /* one context at a time opens frames */
	struct sk_buff_head queue;
	unsigned int bytes;
	struct work_struct work;
	struct fmp_dev *fmp;
	int cpu;
};

int fmp_lane_module_init(void);
void fmp_lane_module_exit(void);
int fmp_lanes_init(struct fmp_dev *fmp);
void fmp_lanes_flush(struct fmp_dev *fmp);
void fmp_lanes_destroy(struct fmp_dev *fmp);
void fmp_lane_receive(struct fmp_dev *fmp, struct fmp_session *session,
		      struct sk_buff *skb);

#endif /* FMP_LANE_H */
