/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Multicast: link-local one goes to every peer with a session.
 */
#ifndef FMP_MULTICAST_H
#define FMP_MULTICAST_H

#include <linux/skbuff.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct fmp_dev;

/**
 * struct fmp_multicast - packets that were sent to some peers but not yet all
 * @queue: the packets, each with where it stands
 * @work: goes on with them
 */
struct fmp_multicast {
	struct sk_buff_head queue;
	struct work_struct work;
};

void fmp_multicast_init(struct fmp_multicast *multicast);
void fmp_multicast_flush(struct fmp_dev *fmp);
bool fmp_multicast_wanted(const struct fmp_dev *fmp,
			  const struct sk_buff *skb);
void fmp_multicast_send(struct fmp_dev *fmp, struct sk_buff *skb);

#endif /* FMP_MULTICAST_H */
