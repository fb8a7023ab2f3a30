/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	include/fmp.yaml */
/* YNL-GEN kernel header */
/* To regenerate run: tools/net/ynl/ynl-regen.sh */

#ifndef _LINUX_FMP_GEN_H
#define _LINUX_FMP_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/fmp.h>

/* Common nested types */
extern const struct nla_policy fmp_address_nl_policy[FMP_A_ADDRESS_REMOVE + 1];

int fmp_nl_dev_get_doit(struct sk_buff *skb, struct genl_info *info);
int fmp_nl_dev_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int fmp_nl_dev_set_doit(struct sk_buff *skb, struct genl_info *info);
int fmp_nl_peer_get_doit(struct sk_buff *skb, struct genl_info *info);
int fmp_nl_peer_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int fmp_nl_peer_new_doit(struct sk_buff *skb, struct genl_info *info);
int fmp_nl_peer_set_doit(struct sk_buff *skb, struct genl_info *info);
int fmp_nl_peer_del_doit(struct sk_buff *skb, struct genl_info *info);
int fmp_nl_session_get_doit(struct sk_buff *skb, struct genl_info *info);
int fmp_nl_session_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int fmp_nl_session_new_doit(struct sk_buff *skb, struct genl_info *info);
int fmp_nl_session_del_doit(struct sk_buff *skb, struct genl_info *info);
int fmp_nl_rekey_doit(struct sk_buff *skb, struct genl_info *info);
int fmp_nl_agent_bind_doit(struct sk_buff *skb, struct genl_info *info);
int fmp_nl_agent_unbind_doit(struct sk_buff *skb, struct genl_info *info);
int fmp_nl_link_bind_doit(struct sk_buff *skb, struct genl_info *info);
int fmp_nl_link_unbind_doit(struct sk_buff *skb, struct genl_info *info);
int fmp_nl_link_send_doit(struct sk_buff *skb, struct genl_info *info);
int fmp_nl_index_reserve_doit(struct sk_buff *skb, struct genl_info *info);
int fmp_nl_index_release_doit(struct sk_buff *skb, struct genl_info *info);
int fmp_nl_handshake_send_doit(struct sk_buff *skb, struct genl_info *info);
int fmp_nl_handshake_report_doit(struct sk_buff *skb, struct genl_info *info);

enum {
	FMP_NLGRP_CONFIG,
	FMP_NLGRP_EVENTS,
};

extern struct genl_family fmp_nl_family;

#endif /* _LINUX_FMP_GEN_H */
