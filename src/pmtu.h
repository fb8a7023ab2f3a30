/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Path MTU: what routers between the peers say, and what it means for the
 * packets inside.
 */
#ifndef FMP_PMTU_H
#define FMP_PMTU_H

#include <linux/skbuff.h>

struct fmp_endpoint;
struct fmp_route;
struct sock;

bool fmp_pmtu_admits(struct fmp_endpoint *endpoint,
		     const struct fmp_route *route, struct sk_buff *skb);
bool fmp_pmtu_df(const struct sk_buff *skb);
int fmp_pmtu_error(struct sock *sk, struct sk_buff *skb);

#endif /* FMP_PMTU_H */
