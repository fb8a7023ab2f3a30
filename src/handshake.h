/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Handshake messages on their way to the agent (spec 7.2, 7.3, 7.6).
 */
#ifndef FMP_HANDSHAKE_H
#define FMP_HANDSHAKE_H

#include <linux/skbuff.h>
#include <linux/spinlock.h>

#include "bucket.h"
#include "wire.h"

struct fmp_dev;
struct fmp_endpoint;

/**
 * struct fmp_handshake - what limits handshake messages on a device
 * @lock: protects what follows, in softirq
 * @strangers: first messages from where no peer is known to be
 * @answers: second messages
 */
struct fmp_handshake {
	spinlock_t lock; /* strangers, answers */
	struct fmp_bucket strangers;
	struct fmp_bucket answers;
};

void fmp_handshake_init(struct fmp_dev *fmp);
void fmp_handshake_receive(struct fmp_dev *fmp, struct sk_buff *skb,
			   enum fmp_verdict verdict);
int fmp_handshake_send(struct fmp_dev *fmp, struct fmp_endpoint *endpoint,
		       const void *frame, size_t len);

#endif /* FMP_HANDSHAKE_H */
