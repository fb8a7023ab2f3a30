/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Subscribers: programs that serve a device, each by one netlink socket.
 */
#ifndef FMP_SUBSCRIBER_H
#define FMP_SUBSCRIBER_H

#include <linux/rcupdate.h>
#include <linux/types.h>

struct fmp_binding;
struct net_device;
struct sk_buff;

/**
 * struct fmp_subscriber - a role that one program may fill
 * @binding: whose it is, NULL while it is nobody's
 * @released: called when it is taken from somebody, without sleeping; or NULL
 */
struct fmp_subscriber {
	struct fmp_binding __rcu *binding;
	void (*released)(struct fmp_subscriber *subscriber);
};

/**
 * fmp_subscriber_bound() - tell whether somebody fills a role
 * @subscriber: the role
 *
 * Context: Any.
 * Return: What was true a moment ago.
 */
static inline bool fmp_subscriber_bound(const struct fmp_subscriber *subscriber)
{
	return rcu_access_pointer(subscriber->binding);
}

int fmp_subscriber_bind(struct fmp_subscriber *subscriber,
			struct net_device *dev, const struct sk_buff *request);
int fmp_subscriber_unbind(struct fmp_subscriber *subscriber,
			  const struct sk_buff *request);
int fmp_subscriber_send(const struct fmp_subscriber *subscriber,
			struct sk_buff *msg);
int fmp_subscriber_register(void);
void fmp_subscriber_unregister(void);

#endif /* FMP_SUBSCRIBER_H */
