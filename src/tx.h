/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Send path.
 */
#ifndef FMP_TX_H
#define FMP_TX_H

#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/udp.h>

#include "wire.h"

/* Ahead of the inner packet, down to the link layer of the outer one. */
#define FMP_TX_HEADROOM	(LL_MAX_HEADER + sizeof(struct ipv6hdr) + \
			 sizeof(struct udphdr) + FMP_IP_HEADROOM)

struct fmp_peer;

netdev_tx_t fmp_tx(struct sk_buff *skb, struct net_device *dev);
int fmp_tx_link_message(struct fmp_peer *peer, const void *msg, size_t len,
			u8 flags, gfp_t gfp);

#endif /* FMP_TX_H */
