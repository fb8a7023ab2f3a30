/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Send path.
 */
#ifndef FMP_TX_H
#define FMP_TX_H

#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/udp.h>

#include "crypto.h"
#include "stats.h"
#include "wire.h"

struct fmp_dev;
struct fmp_endpoint;
struct fmp_peer;
struct fmp_session;

/* Ahead of the inner packet, down to the link layer of the outer one. */
#define FMP_TX_HEADROOM	(LL_MAX_HEADER + sizeof(struct ipv6hdr) + \
			 sizeof(struct udphdr) + FMP_IP_HEADROOM)
/* Those of the outer headers are there when it is sealed. */
static_assert(FMP_SEAL_HEADROOM + FMP_IP_HEADROOM <= FMP_TX_HEADROOM);

void fmp_tx_unreachable(struct sk_buff *skb);
void fmp_tx_drop_peer(struct fmp_peer *peer, struct sk_buff *skb,
		      enum fmp_stat stat);
void fmp_tx_seal_ip(const struct fmp_session *session, u8 *frame,
		    unsigned int packet_len, u64 counter, u32 timestamp,
		    u8 flags);
void fmp_tx_session(struct fmp_session *session, struct fmp_endpoint *endpoint,
		    struct sk_buff *skb);
void fmp_tx_staged(struct fmp_peer *peer, struct sk_buff *skb);
void fmp_tx_peer(struct fmp_peer *peer, struct sk_buff *skb);
netdev_tx_t fmp_tx(struct sk_buff *skb, struct net_device *dev);
int fmp_tx_link_message(struct fmp_peer *peer, const void *msg, size_t len,
			u8 flags, gfp_t gfp);
int fmp_tx_report(struct fmp_session *session, const void *msg, size_t len);
int fmp_tx_heartbeat(struct fmp_peer *peer);

#endif /* FMP_TX_H */
