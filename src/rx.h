/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Receive path.
 */
#ifndef FMP_RX_H
#define FMP_RX_H

#include <linux/skbuff.h>

#include "stats.h"

struct fmp_dev;
struct fmp_peer;
struct fmp_session;
struct sock;

int fmp_rx_encap(struct sock *sk, struct sk_buff *skb);
bool fmp_rx_open(struct fmp_dev *fmp, struct fmp_session *session,
		 struct sk_buff *skb);
void fmp_rx_drop(struct fmp_dev *fmp, struct sk_buff *skb, enum fmp_stat stat);
void fmp_rx_drop_peer(struct fmp_peer *peer, struct sk_buff *skb,
		      enum fmp_stat stat, enum fmp_peer_stat peer_stat);
void fmp_rx_report(struct fmp_session *session, struct sk_buff *skb);
void fmp_rx_disconnect(struct fmp_session *session, struct sk_buff *skb);
void fmp_rx_link_message(struct fmp_peer *peer, struct sk_buff *skb);

#endif /* FMP_RX_H */
