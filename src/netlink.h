/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests over generic netlink.
 */
#ifndef FMP_NETLINK_H
#define FMP_NETLINK_H

#include <net/genetlink.h>

struct fmp_dev;
struct fmp_peer;
struct fmp_nl_header;

/**
 * struct fmp_nl_dump - where a dump over peers stands
 * @peer_id: first peer that was not dumped
 * @slot: first session of it that was not dumped
 */
struct fmp_nl_dump {
	unsigned long peer_id;
	unsigned int slot;
};

struct fmp_dev *fmp_nl_lock_dev(struct genl_info *info, int attr);
struct fmp_dev *fmp_nl_dump_lock_dev(struct netlink_callback *cb, int attr);
void fmp_nl_unlock_dev(struct fmp_dev *fmp);
const u8 *fmp_nl_public_key(struct genl_info *info, int attr);
struct fmp_peer *fmp_nl_peer(struct fmp_dev *fmp, struct genl_info *info,
			     int attr);
struct sk_buff *fmp_nl_reply_begin(struct genl_info *info, u8 cmd,
				   struct fmp_nl_header *header);
int fmp_nl_reply_end(struct genl_info *info, struct sk_buff *skb, int err);
int fmp_netlink_register(void);
void fmp_netlink_unregister(void);

#endif /* FMP_NETLINK_H */
