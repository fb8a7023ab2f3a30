/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Receive path.
 */
#ifndef FMP_RX_H
#define FMP_RX_H

#include <linux/skbuff.h>

#include "stats.h"

struct fmp_dev;
struct fmp_session;
struct sock;

int fmp_rx_encap(struct sock *sk, struct sk_buff *skb);
bool fmp_rx_open(struct fmp_dev *fmp, struct fmp_session *session,
		 struct sk_buff *skb);
void fmp_rx_drop(struct fmp_dev *fmp, struct sk_buff *skb, enum fmp_stat stat);

#endif /* FMP_RX_H */
