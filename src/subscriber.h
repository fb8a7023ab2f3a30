/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Subscribers: programs that serve a device, each by one netlink socket.
 */
#ifndef FMP_SUBSCRIBER_H
#define FMP_SUBSCRIBER_H

#include <linux/compiler.h>
#include <linux/types.h>

/**
 * struct fmp_subscriber - a role that one program may fill
 * @portid: its netlink port, 0 while there is none
 */
struct fmp_subscriber {
	u32 portid;
};

static inline bool fmp_subscriber_bound(const struct fmp_subscriber *subscriber)
{
	return READ_ONCE(subscriber->portid);
}

#endif /* FMP_SUBSCRIBER_H */
