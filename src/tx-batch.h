/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Batches: the segments of one packet, sealed into one UDP GSO packet.
 */
#ifndef FMP_TX_BATCH_H
#define FMP_TX_BATCH_H

#include <linux/types.h>

struct fmp_endpoint;
struct fmp_route;
struct fmp_session;
struct sk_buff;

/**
 * struct fmp_tx_outer - what the outer packets of a packet's segments share
 * @tos: outer traffic class
 * @ce: FMP_FLAG_CE or 0
 * @df: routers shall not fragment them
 */
struct fmp_tx_outer {
	u8 tos;
	u8 ce;
	bool df;
};

bool fmp_tx_batch(struct fmp_session *session, struct fmp_endpoint *endpoint,
		  const struct fmp_route *route,
		  const struct fmp_tx_outer *outer, struct sk_buff *skb);
void fmp_tx_batch_module_exit(void);

#endif /* FMP_TX_BATCH_H */
