/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Delivery: what a lane has decrypted goes to the stack.
 */
#ifndef FMP_DELIVERY_H
#define FMP_DELIVERY_H

#include <linux/skbuff.h>

#include "lane.h"

struct fmp_merge;

/* With so many packets waiting for the stack no more frames are opened. */
#define FMP_DELIVERY_MAX	256
/* Nor with so much memory in them, as many may have become one. */
#define FMP_DELIVERY_MAX_BYTES	(2U << 20)

/**
 * fmp_delivery_is_behind() - tell whether the stack has enough to do
 * @lane: whose packets
 *
 * What comes in meanwhile waits as frames, where queues are bounded. Frames
 * that wait are opened when fmp_delivery_poll() has caught up.
 *
 * Context: Any.
 * Return: true if no more frames are to be opened for now.
 */
static inline bool fmp_delivery_is_behind(const struct fmp_lane *lane)
{
	return skb_queue_len_lockless(&lane->delivery) >= FMP_DELIVERY_MAX ||
	       READ_ONCE(lane->waiting) >= FMP_DELIVERY_MAX_BYTES;
}

void fmp_delivery_add(struct fmp_dev *fmp, struct sk_buff *skb,
		      struct fmp_merge *merge);
void fmp_delivery_end_merge(struct fmp_dev *fmp, struct fmp_merge *merge);
int fmp_delivery_poll(struct napi_struct *napi, int budget);

#endif /* FMP_DELIVERY_H */
