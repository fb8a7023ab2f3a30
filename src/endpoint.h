/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Endpoints: where the frames for a peer go to.
 */
#ifndef FMP_ENDPOINT_H
#define FMP_ENDPOINT_H

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/skbuff.h>
#include <linux/socket.h>
#include <net/dst_cache.h>

struct fmp_dev;
struct fmp_peer;

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
 * @hashed: it can be found
 * @cache: route; it goes with the addresses, so that a peer that moves gets
 *         a new route and a new path MTU at once
 * @pmtu: what a router said that the path takes, 0 for nothing
 * @pmtu_expires: jiffies at which that is forgotten
 * @peer: whose it is, while it is in use
 * @node: linkage by @remote, of the first of those that share it
 * @next: another one with the same @remote, or NULL
 * @prev: the one before it, NULL for the first
 * @rcu: for freeing
 *
 * Immutable but for @cache, the path MTU and the linkage. Belongs to one peer,
 * which replaces it.
 */
struct fmp_endpoint {
	union fmp_sockaddr remote;
	union {
		struct in_addr local4;
		struct in6_addr local6;
	};
	bool hashed;
	struct dst_cache cache;
	u32 pmtu;
	unsigned long pmtu_expires;
	struct fmp_peer *peer;
	struct rhash_head node;
	struct fmp_endpoint __rcu *next;
	struct fmp_endpoint *prev;
	struct rcu_head rcu;
};

/**
 * struct fmp_route - how frames get to an endpoint, at the moment
 * @sk: socket that sends them
 * @dst: route, with a reference
 * @saddr4: source address, if the endpoint is IPv4
 * @saddr6: likewise, IPv6
 */
struct fmp_route {
	struct sock *sk;
	struct dst_entry *dst;
	union {
		__be32 saddr4;
		struct in6_addr saddr6;
	};
};

struct fmp_endpoint *fmp_endpoint_new(const union fmp_sockaddr *remote,
				      gfp_t gfp);
void fmp_endpoint_source(const struct sk_buff *skb,
			 union fmp_sockaddr *remote);
struct fmp_endpoint *fmp_endpoint_from_skb(const struct sk_buff *skb);
void fmp_endpoint_free(struct fmp_endpoint *endpoint);
bool fmp_endpoint_matches(const struct fmp_endpoint *endpoint,
			  const struct sk_buff *skb);
bool fmp_endpoint_same_remote(const struct fmp_endpoint *a,
			      const struct fmp_endpoint *b);
int fmp_endpoint_table_init(struct fmp_dev *fmp);
void fmp_endpoint_table_destroy(struct fmp_dev *fmp);
void fmp_endpoint_hash(struct fmp_peer *peer, struct fmp_endpoint *endpoint);
void fmp_endpoint_unhash(struct fmp_endpoint *endpoint);
struct fmp_endpoint *fmp_endpoint_find(struct fmp_dev *fmp,
				       const union fmp_sockaddr *remote);
int fmp_endpoint_route(struct fmp_dev *fmp, struct fmp_endpoint *endpoint,
		       struct fmp_route *route);
void fmp_endpoint_xmit(struct fmp_dev *fmp, struct fmp_endpoint *endpoint,
		       const struct fmp_route *route, struct sk_buff *skb,
		       u8 tos, bool df);
int fmp_endpoint_send(struct fmp_dev *fmp, struct fmp_endpoint *endpoint,
		      struct sk_buff *skb, u8 tos);

#endif /* FMP_ENDPOINT_H */
