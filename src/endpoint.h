/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Endpoints: where the frames for a peer go to.
 */
#ifndef FMP_ENDPOINT_H
#define FMP_ENDPOINT_H

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/socket.h>
#include <net/dst_cache.h>

struct fmp_dev;

/**
 * union fmp_sockaddr - address of either family
 * @sa: for its family
 * @in4: while the family is AF_INET
 * @in6: while the family is AF_INET6
 */
union fmp_sockaddr {
	struct sockaddr sa;
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;
};

/**
 * struct fmp_endpoint - outer addresses of a peer, and the route to it
 * @remote: address and port of the peer
 * @local4: address of ours that the peer sends to, or INADDR_ANY
 * @local6: likewise, or the unspecified address
 * @cache: route; it goes with the addresses, so that a peer that moves gets
 *         a new route and a new path MTU at once
 * @rcu: for freeing
 *
 * Immutable but for @cache. Belongs to one peer, which replaces it.
 */
struct fmp_endpoint {
	union fmp_sockaddr remote;
	union {
		struct in_addr local4;
		struct in6_addr local6;
	};
	struct dst_cache cache;
	struct rcu_head rcu;
};

struct fmp_endpoint *fmp_endpoint_new(const union fmp_sockaddr *remote,
				      gfp_t gfp);
struct fmp_endpoint *fmp_endpoint_from_skb(const struct sk_buff *skb);
void fmp_endpoint_free(struct fmp_endpoint *endpoint);
bool fmp_endpoint_matches(const struct fmp_endpoint *endpoint,
			  const struct sk_buff *skb);
bool fmp_endpoint_same_remote(const struct fmp_endpoint *a,
			      const struct fmp_endpoint *b);
int fmp_endpoint_send(struct fmp_dev *fmp, struct fmp_endpoint *endpoint,
		      struct sk_buff *skb, u8 tos);

#endif /* FMP_ENDPOINT_H */
